// bench/rounding [--widths W,W] [--targets S,S] [--qualities Q,Q] [--photos DIR] [PHOTO...]
//
// What it would bring to hand more than 8 bits from the resizers to the JPEG encoder: the ideal resize, encoded by
// effort 1 from planes in double precision and from the same planes rounded to 8 bits (bench_rounding). Bytes of the
// first over the second, at equal SSIMULACRA2.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build, median, parseArguments, withoutProfile } from "./common.mjs";
import { interpolate, makeReference, score } from "./reference.mjs";

function measure(kind, reference, pixels, qualities, folder) {
  const points = qualities.map((quality) => {
    const file = join(folder, `${kind}-${quality}.jpg`);
    execFileSync(join(build, "bench", "bench_rounding"), [pixels, String(quality), kind, file]);
    return { quality, file, bytes: statSync(file).size };
  });
  score(reference, points.map((p) => p.file)).forEach((ssimulacra2, i) => { points[i].ssimulacra2 = ssimulacra2; });
  return points;
}

const options = parseArguments(process.argv.slice(2), { widths: [1600, 400], targets: [70, 75, 80, 85, 90],
  qualities: [50, 60, 70, 75, 80, 85, 90, 93, 96, 98] });
const folder = mkdtempSync(join(tmpdir(), "rounding-"));
try {
  for (const width of options.widths) {
    console.log(`${String(width).padEnd(36)}${options.targets.map((t) => String(t).padStart(8)).join("")}`);
    const rows = options.files.map((file) => {
      const photo = join(folder, "photo.jpg");
      writeFileSync(photo, withoutProfile(readFileSync(file)));
      const reference = makeReference(photo, width, folder), pixels = join(folder, "wide.ppm");
      const [exact, rounded] = ["exact", "rounded"].map((kind) => measure(kind, reference, pixels, options.qualities, folder));
      const ratios = options.targets.map((t) => interpolate(exact, t)?.bytes / interpolate(rounded, t)?.bytes);
      console.log(basename(file).padEnd(36) + ratios.map((r) => r.toFixed(4).padStart(8)).join(""));
      return ratios;
    });
    console.log("median".padEnd(36) + options.targets.map((_, i) => median(rows.map((r) => r[i]).filter((r) => !Number.isNaN(r)))
      .toFixed(4).padStart(8)).join(""));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
