// bench/compare [--runs N] [--photos DIR] [--json FILE] [PHOTO...]
//
// First the job beside sharp and Pillow; then what it costs beside what it cannot do without (bench_floor).
//
// Ours beside sharp (libvips), the newest that npm has, in one run: the same photographs to the same
// widths, lanczos3, quality 80, 4:2:0, orientation applied; both warm, in process, from memory to memory, one
// thread. CPU time of the whole process for sharp, of the thread for ours (it has one). The contenders
// alternate; figures are medians. sharp keeps its defaults, shrink on load included; only its cache of
// operations is off, since a repeated job would otherwise be answered from it. Pillow (Debian's, where it is
// installed) takes its turns in the same rounds, by compare_pillow.py: thumbnail, whose draft mode shrinks on
// load as well; CPU time of its process.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, loadSharp, median, parseArguments, root, timed } from "./common.mjs";

const python = "/usr/bin/python3"; // the one that sees Debian's python3-pil

const jobs = [
  { name: "1600 wide", widths: [1600] },
  { name: "400 wide", widths: [400] },
  { name: "2048, 1080, 400, 200", widths: [2048, 1080, 400, 200] },
];

async function sharpOnce(sharp, bytes, widths) {
  const { result, ms } = await timed(async () => {
    const outputs = [];
    for (const width of widths)
      outputs.push(await sharp(bytes).autoOrient().resize({ width, withoutEnlargement: true })
        .jpeg({ quality: 80, chromaSubsampling: "4:2:0" }).toBuffer());
    return outputs;
  });
  return { ms, bytes: result.map((o) => o.length) };
}

function oursOnce(file, widths, runs) {
  const bench = join(build, "bench", "bench_job");
  const out = execFileSync(bench, ["--runs", String(runs), "--widths", widths.join(","), file]);
  return JSON.parse(out);
}

// Its version, or undefined where it is not installed.
function findPillow() {
  try {
    return execFileSync(python, ["-c", "import PIL; print(PIL.__version__)"], { stdio: ["ignore", "pipe", "ignore"] })
      .toString().trim();
  } catch {
    return undefined;
  }
}

function pillowOnce(file, widths, runs) {
  const script = join(root, "bench", "compare_pillow.py");
  const out = execFileSync(python, [script, "--runs", String(runs), "--widths", widths.join(","), file],
    { stdio: ["ignore", "pipe", "pipe"] });
  return JSON.parse(out);
}

async function compareOne(sharp, hasPillow, file, widths, { runs, rounds }) {
  const bytes = readFileSync(file);
  const theirs = [], ours = [], pillows = [];
  let theirBytes, ourResult, pillowResult, pillowError;
  await sharpOnce(sharp, bytes, widths); // warm
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < Math.ceil(runs / rounds); i++) {
      const r = await sharpOnce(sharp, bytes, widths);
      theirs.push(r.ms);
      theirBytes = r.bytes;
    }
    ourResult = oursOnce(file, widths, Math.ceil(runs / rounds));
    ours.push(ourResult.ms.total);
    if (hasPillow && !pillowError)
      try {
        pillowResult = pillowOnce(file, widths, Math.ceil(runs / rounds));
        pillows.push(pillowResult.ms);
      } catch (error) { // what it refuses is still compared with sharp
        pillowError = String(error.stderr || error.message).trim().split("\n").pop();
      }
  }
  const sum = (a) => a.reduce((x, y) => x + y, 0);
  const pillow = pillows.length === rounds && {
    pillow_ms: median(pillows), pillow_ratio: median(pillows) / median(ours), pillow_bytes: sum(pillowResult.bytes_out),
  };
  const row = {
    file: basename(file), width: ourResult.width, height: ourResult.height,
    sharp_ms: median(theirs), our_ms: median(ours), ratio: median(theirs) / median(ours),
    stages: ourResult.ms, sharp_bytes: sum(theirBytes), our_bytes: sum(ourResult.bytes_out), ...pillow,
  };
  return { row, pillowError };
}

const options = parseArguments(process.argv.slice(2), { runs: 7, rounds: 3 });
const sharp = loadSharp();
const pillow = findPillow();
const results = { sharp: sharp.versions.sharp, vips: sharp.versions.vips, pillow, jobs: [] };
console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, mozjpeg ${sharp.versions.mozjpeg ?? "no"}`);
console.log(pillow ? `Pillow ${pillow}` : "Pillow is not installed, left out (ci/setup --bench)");
for (const job of jobs) {
  console.log(`\n${job.name}\n${"photo".padEnd(34)} ${"pixels".padStart(11)} ${"sharp ms".padStart(9)} ` +
    `${"ours ms".padStart(9)} ${"ratio".padStart(6)} ${"sharp bytes".padStart(12)} ${"our bytes".padStart(12)}` +
    (pillow ? ` ${"Pillow ms".padStart(10)} ${"x ours".padStart(7)}` : ""));
  const rows = [];
  for (const file of options.files) {
    let found;
    try {
      found = await compareOne(sharp, Boolean(pillow), file, job.widths, options);
    } catch (error) { // damaged pictures: sharp or ours refuses
      console.log(`${basename(file).slice(0, 34).padEnd(34)} left out: ${String(error.message).split("\n")[0]}`);
      continue;
    }
    const r = found.row;
    rows.push(r);
    console.log(`${r.file.slice(0, 34).padEnd(34)} ${`${r.width}x${r.height}`.padStart(11)} ${r.sharp_ms.toFixed(1).padStart(9)} ` +
      `${r.our_ms.toFixed(1).padStart(9)} ${r.ratio.toFixed(2).padStart(6)} ${String(r.sharp_bytes).padStart(12)} ${String(r.our_bytes).padStart(12)}` +
      (r.pillow_ms ? ` ${r.pillow_ms.toFixed(1).padStart(10)} ${r.pillow_ratio.toFixed(2).padStart(7)}` : "") +
      (found.pillowError ? ` Pillow: ${found.pillowError}` : ""));
  }
  const baseline = rows.filter((r) => !r.file.startsWith("progressive"));
  const counted = baseline.length ? baseline : rows;
  const m = median(counted.map((r) => r.ratio));
  const byPillow = counted.filter((r) => r.pillow_ratio).map((r) => r.pillow_ratio);
  const ofPillow = byPillow.length ? median(byPillow) : undefined; // JSON leaves it out
  console.log(`median ratio of the baseline ones: ${m.toFixed(2)}` + (ofPillow ? `, of Pillow ${ofPillow.toFixed(2)}` : ""));
  results.jobs.push({ ...job, median_ratio: m, median_pillow_ratio: ofPillow, photos: rows });
}
console.log("\nbeside entropy decoding and libjpeg-turbo's encoding alone (bench_floor)");
const floor = execFileSync(join(build, "bench", "bench_floor"),
  ["--runs", String(options.runs), ...results.jobs[0].photos.filter((r) => !r.file.startsWith("progressive"))
    .map((r) => options.files.find((f) => basename(f) === r.file))]).toString();
console.log(floor);
results.floor = floor.split("\n");
if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 2) + "\n");
