// bench/scores [--widths W,W] [--quality N] [--subsampling 4:2:0|4:4:4] [--effort N] [--same-bytes] [--planes]
//              [--photos DIR] [--json FILE] [PHOTO...]
//
// How good our pictures are beside sharp's at the same quality setting (80, 4:2:0): both scored against
// what an ideal resize of the original looks like (bench_reference: full decode, lanczos3, no subsampling,
// double precision, 16 bits). Every baseline photograph, 1600 and 400 wide.
//
// Scores are those of quality.mjs, and the bytes of the whole file.
//
// The target is to be never below sharp. "below" marks what is; ties of the printed digits are no loss.
// Ours is told --quality-exact: else a photograph that was saved at less would be encoded at less. With
// --same-bytes it may take as many bytes as sharp's file has, not as many as its quality asks for; --effort 0
// has both encoded with libjpeg's own tables, so that what is left to tell them apart is the resize.
// Both are decoded by djpeg to PPM, which these tools take as sRGB. --planes uses the other reference
// of bench_reference, to see whether a verdict hangs on how the reference treats chroma.
//
// Profiles: ours keeps it, and sharp is told to (keepIccProfile), so that neither converts. That is
// checked: sharp has to make the same pixels of the photograph without its profile, else the photograph
// is left out. Nothing here looks at a profile; all are scored as if they were sRGB.
//
// With --quality 100 --subsampling 4:4:4 hardly anything but the resize is left to tell the two apart: a
// loss at quality 80 that is none there comes from how the encoder's rounding happened to fall.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build, loadSharp, mean, parseArguments, scantling, withoutProfile } from "./common.mjs";
import { checkTools, isBelow, metrics, readLuma, scorePpm } from "./quality.mjs";

const describe = (file) => JSON.parse(execFileSync(scantling, ["info", "--json", file]));

const resizeBySharp = (sharp, input, width, { quality, subsampling }) =>
  sharp(input).autoOrient().resize({ width, withoutEnlargement: true }).keepIccProfile()
    .jpeg({ quality, chromaSubsampling: subsampling }).toBuffer();

function decode(jpegFile, ppmFile) {
  writeFileSync(ppmFile, execFileSync("djpeg", ["-dct", "int", "-ppm", jpegFile], { maxBuffer: 1 << 30 }));
}

function score(referenceFile, reference, jpegFile, ppmFile) {
  decode(jpegFile, ppmFile);
  return { ...scorePpm(referenceFile, reference, ppmFile), bytes: statSync(jpegFile).size };
}

async function compareOne(sharp, file, width, options, folder) {
  const [reference, ours, theirs, ppm] = ["reference.ppm", "ours.jpg", "sharp.jpg", "scored.ppm"]
    .map((name) => join(folder, name));
  execFileSync(join(build, "bench", "bench_reference"),
    [...(options.planes ? ["--planes"] : []), file, String(width), reference]);
  rmSync(ours, { force: true });
  writeFileSync(theirs, await resizeBySharp(sharp, readFileSync(file), width, options));
  const setting = options["same-bytes"] ? ["-q", "100", "--max-bytes", String(statSync(theirs).size)] : ["-q", String(options.quality)];
  execFileSync(scantling, ["resize", "--quiet", "-s", `${width}x`, ...setting, "--quality-exact", "--effort", String(options.effort),
    "--subsampling", options.subsampling, "-o", ours, file]);
  const luma = readLuma(reference);
  return { file: basename(file), width, ours: score(reference, luma, ours, ppm), sharp: score(reference, luma, theirs, ppm) };
}

// Whether sharp's pixels with the profile are those without: compared as JPEG, less the profile.
async function keepsPixels(sharp, bytes) {
  const pixels = async (input) => withoutProfile(await resizeBySharp(sharp, input, 400, { quality: 100, subsampling: "4:4:4" }));
  return (await pixels(bytes)).equals(await pixels(withoutProfile(bytes)));
}

function printTable(rows, width) {
  console.log(`\n${width} wide: ours / sharp\n${"photo".padEnd(32)} ${metrics.map((m) => m.name.padStart(17)).join(" ")} ` +
    `${"bytes".padStart(16)} ${"ratio".padStart(6)}  verdict`);
  const print = (name, r, verdict) => console.log(`${name.slice(0, 32).padEnd(32)} ` +
    metrics.map((m) => `${r.ours[m.key].toFixed(m.digits)} / ${r.sharp[m.key].toFixed(m.digits)}`.padStart(17)).join(" ") +
    ` ${`${Math.round(r.ours.bytes)} / ${Math.round(r.sharp.bytes)}`.padStart(16)} ${(r.ours.bytes / r.sharp.bytes).toFixed(3).padStart(6)}  ${verdict}`);
  for (const r of rows) {
    const below = metrics.filter((m) => isBelow(r, m)).map((m) => m.name);
    r.below = below;
    print(r.file, r, below.length ? `below in ${below.join(", ")}` : "not below");
  }
  const average = { ours: {}, sharp: {} };
  for (const who of ["ours", "sharp"])
    for (const key of [...metrics.map((m) => m.key), "bytes"]) average[who][key] = mean(rows.map((r) => r[who][key]));
  print("mean", average, metrics.filter((m) => isBelow(average, m)).map((m) => `below in ${m.name}`).join(", ") || "not below");
}

function printVerdict(rows, condition) {
  console.log(`\nnever below sharp's at ${condition}:`);
  for (const m of metrics) {
    const below = rows.filter((r) => isBelow(r, m));
    console.log(`  ${m.name.padEnd(11)} ${below.length ? "missed" : "met"}, below in ${below.length} of ${rows.length}` +
      (below.length ? `: ${below.map((r) => `${r.file} ${r.width}`).join(", ")}` : ""));
  }
}

const options = parseArguments(process.argv.slice(2),
  { widths: [1600, 400], quality: 80, subsampling: "4:2:0", effort: 1, "same-bytes": false, planes: false });
checkTools("djpeg");
const sharp = loadSharp();
console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}; quality ${options.quality}, effort ${options.effort}, ${options.subsampling}; ` +
  `reference: ${options.planes ? "components from their own grids" : "the decoded RGB picture"}`);
const folder = mkdtempSync(join(tmpdir(), "scores-"));
const rows = [];
try {
  const files = [];
  for (const file of options.files) {
    const info = describe(file);
    if (info.coding !== "baseline") continue;
    if (info.icc_bytes > 0) {
      const same = await keepsPixels(sharp, readFileSync(file));
      console.log(`${basename(file)}: has a profile, ${same ? "which sharp keeps without converting" : "and sharp converts: left out"}`);
      if (!same) continue;
    }
    files.push(file);
  }
  for (const width of options.widths) {
    const table = [];
    for (const file of files) {
      try {
        table.push(await compareOne(sharp, file, width, options, folder));
      } catch (error) { // damaged, or neither gray nor three components
        console.log(`${basename(file)}, ${width}: left out: ${String(error.message).split("\n")[0]}`);
      }
    }
    if (table.length) printTable(table, width);
    rows.push(...table);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
printVerdict(rows, options["same-bytes"] ? "no more bytes" : "the same quality setting");
if (options.json)
  writeFileSync(options.json, JSON.stringify({ sharp: sharp.versions.sharp, vips: sharp.versions.vips, quality: options.quality,
    subsampling: options.subsampling, reference: options.planes ? "planes" : "pixels", rows }, null, 2) + "\n");
