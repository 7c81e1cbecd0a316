// bench/formats [--runs N] [--rounds N] [--jobs NAME,...] [--scores] [--photos DIR] [--json FILE] [PHOTO...]
//
// PNG and WebP, ours beside sharp (libvips), in one run and as bench/compare does it: warm, in process, from
// memory to memory, one thread, alternating, medians of CPU time. Every photograph is made a PNG and a WebP
// first, by ImageMagick (upright, without metadata, libpng's and libwebp's own settings, quality 90), and one of
// them a PNG with soft alpha and one of 16 bits; they are kept in build/formats.
//
// Equal settings: 1600 wide, lanczos3, quality 80, 4:2:0 for JPEG, method 4 for WebP, which is libwebp's
// default, ours, and sharp's (effort 4). PNGs are written twice:
//
//     defaults          ours: level 6 of zlib for drawings, all filters and Huffman codes alone for photographs
//                       (png_deflate.c). sharp: level 6 of zlib-ng, no filter
//     level 6, filters  both at 6, which is ours by default; sharp with adaptive filtering, libpng's choice
//                       among all five
//
// "defaults" is what users have; in "level 6, filters" both filter, and bytes can be compared. sharp keeps its
// defaults otherwise, shrink on load included.
//
//     ratio        sharp's time over ours, of each photograph; medians below. Above 1: ours is quicker
//     bytes        ours over sharp's. Below 1: ours are smaller
//
// --scores: of PNG to PNG and of JPEG to WebP, see quality.mjs. References are those of bench_reference. "below"
// marks where ours is worse. Outputs are read by ImageMagick.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build, loadSharp, mean, median, parseArguments, root, timed } from "./common.mjs";
import { checkTools, isBelow, metrics, readLuma, scorePpm } from "./quality.mjs";

const folder = join(root, "build", "formats");
const width = 1600;
const jpeg = (s) => s.jpeg({ quality: 80, chromaSubsampling: "4:2:0" });
const webp = (s) => s.webp({ quality: 80, effort: 4 });
const png = (options) => (s) => s.png(options);

// input: which file of a photograph; ours: arguments of bench_job; sharp: how it writes; target: the ratio to reach.
const jobs = [
  { name: "png-png", title: "PNG to PNG, defaults", input: "png", ours: ["png"], sharp: png({}), target: 1.3, scored: "png" },
  { name: "png-png-6", title: "PNG to PNG, level 6, filters", input: "png", ours: ["png", "--compression", "6"],
    sharp: png({ compressionLevel: 6, adaptiveFiltering: true }) },
  { name: "png-jpeg", title: "PNG to JPEG", input: "png", ours: ["jpeg"], sharp: jpeg, target: 1.3 },
  { name: "png-webp", title: "PNG to WebP", input: "png", ours: ["webp"], sharp: webp, target: 1.3 },
  { name: "jpeg-webp", title: "JPEG to WebP", input: "jpeg", ours: ["webp"], sharp: webp, target: 1.3, scored: "webp" },
  { name: "jpeg-png", title: "JPEG to PNG, defaults", input: "jpeg", ours: ["png"], sharp: png({}) },
  { name: "webp-webp", title: "WebP to WebP", input: "webp", ours: ["webp"], sharp: webp },
  { name: "webp-jpeg", title: "WebP to JPEG", input: "webp", ours: ["jpeg"], sharp: jpeg },
  { name: "rgba-webp", title: "PNG with alpha to WebP", input: "rgba", ours: ["webp"], sharp: webp },
  { name: "rgba-png", title: "PNG with alpha to PNG", input: "rgba", ours: ["png"], sharp: png({}) },
  { name: "rgba-jpeg", title: "PNG with alpha to JPEG", input: "rgba", ours: ["jpeg"],
    sharp: (s) => jpeg(s.flatten({ background: "white" })) },
  { name: "deep-jpeg", title: "PNG of 16 bits to JPEG", input: "deep", ours: ["jpeg"], sharp: jpeg },
];

/* ---- inputs ------------------------------------------------------------------------- */

const convert = (...args) => execFileSync(existsSync("/usr/bin/convert") ? "/usr/bin/convert" : "convert", args,
  { stdio: ["ignore", "ignore", "pipe"] });

// How each kind of input is made from an upright PNG.
const makers = {
  webp: (from, to) => convert(from, "-quality", "90", to),
  rgba: (from, to) => convert(from, "(", "+clone", "-sparse-color", "barycentric",
    "0,0 black %w,0 white 0,%h white", ")", "-compose", "CopyOpacity", "-composite", `PNG32:${to}`), // soft everywhere
  deep: (from, to) => convert(from, "-blur", "0x0.7", "-depth", "16", `PNG48:${to}`),
};

function makeInput(photo, kind) {
  if (kind === "jpeg") return photo;
  mkdirSync(folder, { recursive: true });
  const stem = join(folder, basename(photo).replace(/\.[^.]*$/, ""));
  const file = { png: `${stem}.png`, webp: `${stem}.webp`, rgba: `${stem}.rgba.png`, deep: `${stem}.deep.png` }[kind];
  if (existsSync(file)) return file;
  try {
    if (kind === "png") convert(photo, "-auto-orient", "-strip", `PNG24:${file}`);
    else makers[kind](makeInput(photo, "png"), file);
  } catch {
    rmSync(file, { force: true });
    throw new Error("ImageMagick does not make an input of it");
  }
  return file;
}

/* ---- time --------------------------------------------------------------------------- */

const sharpOnce = (sharp, bytes, write) =>
  timed(() => write(sharp(bytes).autoOrient().resize({ width, withoutEnlargement: true })).toBuffer());

const oursOnce = (file, args, runs) => JSON.parse(execFileSync(join(build, "bench", "bench_job"),
  ["--runs", String(runs), "--widths", String(width), "--format", ...args, file]));

async function compareOne(sharp, file, job, { runs, rounds }) {
  const bytes = readFileSync(file), theirs = [], ours = [], each = Math.ceil(runs / rounds);
  let output, our;
  await sharpOnce(sharp, bytes, job.sharp); // warm
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < each; i++) {
      const { result, ms } = await sharpOnce(sharp, bytes, job.sharp);
      theirs.push(ms);
      output = result;
    }
    our = oursOnce(file, job.ours, each);
    ours.push(our.ms.total);
  }
  return { file: basename(file), width: our.width, height: our.height, sharp_ms: median(theirs), our_ms: median(ours),
    ratio: median(theirs) / median(ours), stages: our.ms, sharp_bytes: output.length, our_bytes: our.bytes_out[0] };
}

const row = (name, pixels, a, b, ratio, stages, theirs, ours, share) =>
  `${name.slice(0, 34).padEnd(34)} ${pixels.padStart(11)} ${a.padStart(9)} ${b.padStart(9)} ${ratio.padStart(6)} ` +
  `${stages.padStart(17)} ${theirs.padStart(12)} ${ours.padStart(12)} ${share.padStart(6)}`;

async function runJob(sharp, job, photos, options) {
  console.log(`\n${job.title}\n` + row("photo", "pixels", "sharp ms", "ours ms", "ratio", "dec / res / enc", "sharp bytes",
    "our bytes", "bytes"));
  const rows = [];
  for (const photo of job.input === "rgba" || job.input === "deep" ? photos.slice(0, 1) : photos) {
    let r;
    try {
      r = await compareOne(sharp, makeInput(photo, job.input), job, options);
    } catch (error) { // damaged pictures: one of the two refuses
      console.log(`${basename(photo).slice(0, 34).padEnd(34)} left out: ${String(error.message).split("\n")[0]}`);
      continue;
    }
    rows.push(r);
    console.log(row(r.file, `${r.width}x${r.height}`, r.sharp_ms.toFixed(1), r.our_ms.toFixed(1), r.ratio.toFixed(2),
      ["decode", "resize", "encode"].map((k) => r.stages[k].toFixed(0)).join(" / "),
      String(r.sharp_bytes), String(r.our_bytes), (r.our_bytes / r.sharp_bytes).toFixed(3)));
  }
  // Those that are small already are copied or nearly so: no measure of a resizer.
  const large = rows.filter((r) => Math.max(r.width, r.height) > width);
  const counted = large.length ? large : rows;
  const result = { name: job.name, title: job.title, target: job.target, median_ratio: median(counted.map((r) => r.ratio)),
    median_bytes: median(counted.map((r) => r.our_bytes / r.sharp_bytes)), photos: rows };
  console.log(`median ratio ${result.median_ratio.toFixed(2)}, bytes ${result.median_bytes.toFixed(3)}`);
  return result;
}

/* ---- scores ------------------------------------------------------------------------- */

async function scoreOne(sharp, photo, job, scratch) {
  const [reference, pixels, ours, theirs, ppm] = ["reference.ppm", "pixels.ppm", `ours.${job.scored}`, `sharp.${job.scored}`,
    "scored.ppm"].map((name) => join(scratch, name));
  const input = makeInput(photo, job.input);
  if (job.input !== "jpeg") convert(input, "-depth", "8", pixels);
  execFileSync(join(build, "bench", "bench_reference"), [job.input === "jpeg" ? input : pixels, String(width), reference]);
  execFileSync(join(build, "bench", "bench_job"), ["--runs", "1", "--widths", String(width), "--out", ours, "--format",
    ...job.ours, input]);
  const { result } = await timed(() => job.sharp(sharp(readFileSync(input)).autoOrient()
    .resize({ width, withoutEnlargement: true }).keepIccProfile()).toBuffer());
  writeFileSync(theirs, result);
  const luma = readLuma(reference), scores = {};
  for (const [who, file] of [["ours", ours], ["sharp", theirs]]) {
    convert(file, "-depth", "8", ppm);
    scores[who] = { ...scorePpm(reference, luma, ppm), bytes: statSync(file).size };
  }
  return { file: basename(photo), ...scores };
}

async function scoreJob(sharp, job, photos) {
  const scratch = mkdtempSync(join(tmpdir(), "formats-")), rows = [];
  console.log(`\n${job.title}: ours / sharp\n${"photo".padEnd(32)} ${metrics.map((m) => m.name.padStart(17)).join(" ")} ` +
    `${"bytes".padStart(6)}  verdict`);
  const print = (r) => console.log(`${r.file.slice(0, 32).padEnd(32)} ` +
    metrics.map((m) => `${r.ours[m.key].toFixed(m.digits)} / ${r.sharp[m.key].toFixed(m.digits)}`.padStart(17)).join(" ") +
    ` ${(r.ours.bytes / r.sharp.bytes).toFixed(3).padStart(6)}  ` +
    (metrics.filter((m) => isBelow(r, m)).map((m) => `below in ${m.name}`).join(", ") || "not below"));
  try {
    for (const photo of photos) {
      try {
        rows.push(await scoreOne(sharp, photo, job, scratch));
      } catch (error) { // neither gray nor three components; damaged
        console.log(`${basename(photo).slice(0, 32).padEnd(32)} left out: ${String(error.message).split("\n")[0]}`);
        continue;
      }
      print(rows.at(-1));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const average = { file: "mean", ours: {}, sharp: {} };
  for (const who of ["ours", "sharp"])
    for (const key of [...metrics.map((m) => m.key), "bytes"]) average[who][key] = mean(rows.map((r) => r[who][key]));
  print(average);
  return { name: job.name, photos: rows };
}

/* ---- */

const options = parseArguments(process.argv.slice(2), { runs: 5, rounds: 3, jobs: "", scores: false });
const chosen = options.jobs ? jobs.filter((job) => options.jobs.split(",").includes(job.name)) : jobs;
const sharp = loadSharp();
const unknown = options.jobs.split(",").filter((name) => name && !jobs.some((job) => job.name === name));
if (unknown.length) throw new Error(`there is no job ${unknown.join(", ")}`);
const results = { sharp: sharp.versions.sharp, vips: sharp.versions.vips, jobs: [], scores: [] };
console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, zlib-ng ${sharp.versions["zlib-ng"]}, ` +
  `libpng ${sharp.versions.png}, libwebp ${sharp.versions.webp}`);
if (options.scores) {
  checkTools();
  for (const job of chosen.filter((j) => j.scored)) results.scores.push(await scoreJob(sharp, job, options.files));
} else {
  for (const job of chosen) results.jobs.push(await runJob(sharp, job, options.files, options));
  console.log(`\n${"job".padEnd(32)} ${"ratio".padStart(6)} ${"target".padStart(6)} ${"bytes".padStart(6)}`);
  for (const r of results.jobs)
    console.log(`${r.title.padEnd(32)} ${r.median_ratio.toFixed(2).padStart(6)} ${(r.target?.toFixed(1) ?? "").padStart(6)} ` +
      `${r.median_bytes.toFixed(3).padStart(6)}${r.target ? r.median_ratio >= r.target ? "  met" : "  missed" : ""}`);
}
if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 2) + "\n");
