// bench/worst [--widths W,W] [--qualities Q,Q] [--target S] [--crops FOLDER] [--photos DIR] [--json FILE] [PHOTO...]
//
// The pictures to which effort 1 is least kind, beside effort 0: the photographs at every width, and one of every kind
// of the corpus at 0.6 times its own (at its own, effort 0 could find libjpeg's levels again). Five are listed
//
//     by score  lost at the same quality, the most over all qualities; what is lost above 90 cannot be seen, and counts
//               in the list, but is marked
//     by bytes  effort 1's over effort 0's at an equal score, --target
//
// --crops writes both lists there as index.html: where the two efforts differ most, the reference, effort 0 and effort 1,
// side by side, four times as large. Scores are against the ideal resize (reference.mjs).
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build, loadSharp, parseArguments, scantling, withoutProfile } from "./common.mjs";
import { interpolate, makeReference, score } from "./reference.mjs";

// One of each kind.
const CORPUS = ["natural_420_1024x768", "natural_gray_320x241_nomarker", "text_444_640x480", "zone_444_640x480",
  "corners_444_640x480", "ramp_444_640x480", "rampd_444_640x480", "noise_420_640x480", "constant_444_640x480"];
const N_WORST = 5, CROP = 96, VISIBLY_LOSSLESS = 90;

function encode(photo, width, quality, effort, file) {
  execFileSync(scantling, ["resize", "--quiet", "-s", `${width}x`, "-q", String(quality), "--quality-exact", "--effort", String(effort),
    "-f", "jpeg", "-o", file, photo]);
  return { quality, file, bytes: statSync(file).size };
}

// Points of both efforts, the most that is lost between them, and the ratio of bytes.
function measure({ photo, name, width }, options, folder) {
  const reference = makeReference(photo, width, folder);
  const efforts = [0, 1].map((effort) => {
    const points = options.qualities.map((q) => encode(photo, width, q, effort, join(folder, `${q}-${effort}.jpg`)));
    score(reference, points.map((p) => p.file)).forEach((ssimulacra2, i) => { points[i].ssimulacra2 = ssimulacra2; });
    return points;
  });
  const lost = efforts[0].map((p, i) => ({ quality: p.quality, from: p.ssimulacra2, lost: p.ssimulacra2 - efforts[1][i].ssimulacra2 }));
  const [plain, ours] = efforts.map((points) => interpolate(points, options.target)?.bytes);
  return { name, width, photo, worst: lost.reduce((a, b) => (b.lost > a.lost ? b : a)), ratio: plain && ours ? ours / plain : null };
}

/* ---- crops -------------------------------------------------------------------------- */

// The corner of the square in which two pictures of one size differ most, by squares, in steps of half a square.
function findDifference(a, b, { width, height, channels }) {
  let best = { x: 0, y: 0, sum: -1 };
  for (let y = 0; y + CROP <= height; y += CROP / 2)
    for (let x = 0; x + CROP <= width; x += CROP / 2) {
      let sum = 0;
      for (let j = y; j < y + CROP; j++)
        for (let i = (j * width + x) * channels; i < (j * width + x + CROP) * channels; i++) sum += (a[i] - b[i]) ** 2;
      if (sum > best.sum) best = { x, y, sum };
    }
  return best;
}

async function writeCrops(sharp, row, quality, label, folder, scratch) {
  const reference = makeReference(row.photo, row.width, scratch);
  const files = [reference.png, ...[0, 1].map((effort) => encode(row.photo, row.width, quality, effort, join(scratch, `crop-${effort}.jpg`)).file)];
  const raw = await Promise.all(files.slice(1).map((f) => sharp(f).toColourspace("srgb").raw().toBuffer({ resolveWithObject: true })));
  const { x, y } = findDifference(raw[0].data, raw[1].data, raw[0].info);
  const size = { width: Math.min(CROP, raw[0].info.width), height: Math.min(CROP, raw[0].info.height) };
  const images = [];
  for (const [i, file] of files.entries()) {
    const name = `${label}-${["reference", "effort0", "effort1"][i]}.png`;
    writeFileSync(join(folder, name), await sharp(file).toColourspace("srgb").extract({ left: x, top: y, ...size }).png().toBuffer());
    images.push(`<img src="${name}" width="${4 * size.width}" alt="${name}">`);
  }
  return `<h2>${row.name}, ${row.width} wide, quality ${quality}</h2>\n<p>${images.join("\n")}</p>\n`;
}

async function writePage(lists, folder, scratch) {
  const sharp = loadSharp();
  let page = "<!doctype html><meta charset=utf-8><title>Worst of effort 1</title><style>img{image-rendering:pixelated;margin:4px}</style>\n" +
    "<p>Left to right: the ideal resize, effort 0, effort 1.</p>\n";
  mkdirSync(folder, { recursive: true });
  for (const [kind, rows] of Object.entries(lists)) {
    page += `<h1>By ${kind}</h1>\n`;
    for (const [i, row] of rows.entries()) page += await writeCrops(sharp, row, row.worst.quality, `${kind}-${i + 1}`, folder, scratch);
  }
  writeFileSync(join(folder, "index.html"), page);
}

/* ---- */

const options = parseArguments(process.argv.slice(2), { widths: [1600, 400], qualities: [50, 60, 65, 70, 75, 80, 85, 90, 95], target: 75, crops: "" });
const folder = mkdtempSync(join(tmpdir(), "worst-"));

// Photographs without profiles, and corpus.
function listTasks() {
  const tasks = options.files.filter((file) => JSON.parse(execFileSync(scantling, ["info", "--json", file])).coding === "baseline")
    .flatMap((file) => {
      const photo = join(folder, basename(file));
      writeFileSync(photo, withoutProfile(readFileSync(file)));
      return options.widths.map((width) => ({ photo, width, name: basename(file) }));
    });
  const corpus = CORPUS.map((name) => join(build, "corpus", `${name}.jpg`)).filter((file) => existsSync(file));
  return [...tasks, ...corpus.map((photo) => ({ photo, name: basename(photo), width: Math.round(0.6 * Number(/_(\d+)x/.exec(photo)[1])) }))];
}

try {
  const rows = listTasks().map((task) => measure(task, options, folder));
  const byScore = [...rows].sort((a, b) => b.worst.lost - a.worst.lost).slice(0, N_WORST);
  const byBytes = rows.filter((r) => r.ratio !== null).sort((a, b) => b.ratio - a.ratio).slice(0, N_WORST);
  console.log(`${rows.length} pictures. Lost at the same quality, of SSIMULACRA2 (below 0: won)`);
  for (const { name, width, worst } of byScore)
    console.log(`${name.padEnd(36)}${String(width).padStart(6)} q ${worst.quality}: ${worst.lost.toFixed(2)} of ${worst.from.toFixed(1)}` +
      (worst.from - worst.lost >= VISIBLY_LOSSLESS ? ", cannot be seen" : ""));
  console.log(`\nBytes at a score of ${options.target}, over effort 0's`);
  for (const { name, width, ratio } of byBytes) console.log(`${name.padEnd(36)}${String(width).padStart(6)} ${ratio.toFixed(3)}`);
  if (options.crops) await writePage({ score: byScore, bytes: byBytes }, options.crops, folder);
  if (options.json) writeFileSync(options.json, JSON.stringify(rows, null, 2) + "\n");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
