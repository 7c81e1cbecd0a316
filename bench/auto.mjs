// bench/auto [--widths W,W] [--asked S,S] [--formats F,F] [--photos DIR] [--json FILE] [PHOTO...]
//
// How near --quality auto:SCORE comes to the score. Every baseline photograph, at every width and asked score; the
// score of what comes out is SSIMULACRA2's against the ideal resize (reference.mjs).
//
//     error  the score measured less the one asked for: mean, root of the mean square, largest of either sign;
//            below 0: it looks worse than was asked for
//     encodes that could not do better are left out: those at quality 100, or at the 30 where the search begins
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { mean, parseArguments, scantling, withoutProfile } from "./common.mjs";
import { makeReference, score } from "./reference.mjs";

const LOWEST = 30, HIGHEST = 100; // qualities of the search

function make(photo, width, format, asked, file) {
  const report = JSON.parse(execFileSync(scantling, ["resize", "--json", "-s", `${width}x`, "-f", format, "-q", `auto:${asked}`,
    "--quality-exact", "-o", file, photo]));
  return report.outputs[0];
}

function measure(photo, width, formats, asked, folder) {
  const reference = makeReference(photo, width, folder);
  const points = formats.flatMap((format) => asked.map((wanted) => {
    const file = join(folder, `${wanted}.${format}`);
    return { format, width, asked: wanted, file, quality: make(photo, width, format, wanted, file).quality };
  }));
  score(reference, points.map((p) => p.file)).forEach((found, i) => { points[i].found = found; });
  return points;
}

function summarise(points) {
  const errors = points.map((p) => p.found - p.asked);
  return { n: errors.length, mean: mean(errors), rms: Math.sqrt(mean(errors.map((e) => e * e))), lowest: Math.min(...errors),
    highest: Math.max(...errors), quality: mean(points.map((p) => p.quality)) };
}

function printRow(label, points) {
  if (!points.length) return;
  const s = summarise(points);
  console.log(label.padEnd(22) + String(s.n).padStart(6) + [s.mean, s.rms, s.lowest, s.highest].map((v) => v.toFixed(2).padStart(9)).join("") +
    s.quality.toFixed(0).padStart(9));
}

const options = parseArguments(process.argv.slice(2), { widths: [1600, 800, 400], asked: [60, 65, 70, 75, 80, 85, 90], formats: "jpeg,webp" });
const formats = options.formats.split(",");
const folder = mkdtempSync(join(tmpdir(), "auto-"));
const all = [];
try {
  for (const file of options.files) {
    if (JSON.parse(execFileSync(scantling, ["info", "--json", file])).coding !== "baseline") continue;
    const photo = join(folder, "photo.jpg");
    writeFileSync(photo, withoutProfile(readFileSync(file)));
    for (const width of options.widths)
      all.push(...measure(photo, width, formats, options.asked, folder).map((p) => ({ ...p, file: basename(file) })));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const format of formats) {
  const points = all.filter((p) => p.format === format && p.quality > LOWEST && p.quality < HIGHEST);
  console.log(`\n${format.padEnd(22)}${"n".padStart(6)}${["mean", "rms", "lowest", "highest", "quality"].map((n) => n.padStart(9)).join("")}`);
  for (const asked of options.asked) printRow(`asked for ${asked}`, points.filter((p) => p.asked === asked));
  for (const width of options.widths) printRow(`${width} wide`, points.filter((p) => p.width === width));
  printRow("all", points);
}
if (options.json) writeFileSync(options.json, JSON.stringify(all, null, 2) + "\n");
