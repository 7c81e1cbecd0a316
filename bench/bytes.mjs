// bench/bytes [--widths W,W] [--targets S,S] [--qualities Q,Q] [--ours "ARGS;ARGS"] [--photos DIR] [--json FILE]
//             [PHOTO...]
//
// How many bytes a picture takes that looks as good as another one. Each contender makes pictures of every
// baseline photograph at qualities 50 to 95; each is scored by SSIMULACRA2 (`scantling compare`) against what an
// ideal resize of the original looks like (bench_reference: full decode, lanczos3, no subsampling, double precision,
// 16 bits); bytes at a score of 70, 75 and 80 are interpolated between qualities, the logarithm of bytes by the score.
//
//     ours           whole jobs of `scantling resize --quality-exact`, once for each list of ARGS
//     libjpeg-turbo  cjpeg, 4:2:0, of the ideal resize: the yardstick
//     sharp          its own resize, as users call it; plain, and with mozjpeg: true
//     cwebp          of the ideal resize, method 4
//
// A contender that resizes itself is judged for that too. Profiles are removed from the photographs first, so that
// nobody converts colours. A score that no quality reaches is left out, of the medians as well.
//
//     bytes  those of the file over cjpeg's, at each score; medians over the photographs. Below 1: fewer
//     ms     CPU time of encoding alone at the score in the middle of the targets. Ours: the job's own stage;
//            sharp: in process, from pixels; cjpeg and cwebp: whole processes, reading PPM included
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { loadSharp, median, parseArguments, scantling, timed, withoutProfile } from "./common.mjs";
import { interpolate, makeReference, score } from "./reference.mjs";

const YARDSTICK = "libjpeg-turbo";

/* ---- contenders --------------------------------------------------------------------- */

// CPU milliseconds of a command, a process and its children; it writes to stdout or a file of its own.
function timeCommand(command, args, stdout) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > "$0" 2> /dev/null';
  const said = execFileSync("bash", ["-c", `{ ${script}; } 2>&1`, stdout, command, ...args]).toString();
  return said.trim().split(/\s+/).map(Number).reduce((a, b) => a + b, 0) * 1000;
}

// Each: make(task, quality, file) writes the file and returns CPU milliseconds of encoding. A task is a photograph
// at a width; prepare(task) comes first.
const ours = (args) => ({
  name: ["ours", ...args].join(" "),
  make({ photo, width }, quality, file) {
    const report = JSON.parse(execFileSync(scantling, ["resize", "--json", "-s", `${width}x`, "-q", String(quality),
      "--quality-exact", ...args, "-o", file, photo]));
    return report.ms.encode;
  },
});

const bySharp = (sharp, name, settings) => ({
  name,
  async prepare(task) {
    task.pixels ??= await sharp(readFileSync(task.photo)).autoOrient()
      .resize({ width: task.width, withoutEnlargement: true }).raw().toBuffer({ resolveWithObject: true });
  },
  async make({ pixels: { data, info } }, quality, file) {
    const raw = { width: info.width, height: info.height, channels: info.channels };
    const { result, ms } = await timed(() => sharp(data, { raw }).jpeg({ quality, chromaSubsampling: "4:2:0", ...settings })
      .toBuffer());
    writeFileSync(file, result);
    return ms;
  },
});

const cjpeg = {
  name: YARDSTICK,
  make: ({ reference }, quality, file) => timeCommand("cjpeg", ["-quality", String(quality), "-sample", "2x2", reference.ppm], file),
};

const cwebp = {
  name: "cwebp",
  make: ({ reference }, quality, file) =>
    timeCommand("cwebp", ["-quiet", "-q", String(quality), "-m", "4", reference.ppm, "-o", file], "/dev/null"),
};

/* ---- points ---------------------------------------------- */

async function measure(contender, task, qualities, folder) {
  const files = [], points = [];
  await contender.prepare?.(task);
  for (const quality of qualities) {
    const file = join(folder, String(quality)); // without an extension, which would be a wish for a format
    rmSync(file, { force: true });
    const ms = await contender.make(task, quality, file);
    files.push(file);
    points.push({ quality, bytes: statSync(file).size, ms });
  }
  score(task.reference, files).forEach((ssimulacra2, i) => { points[i].ssimulacra2 = ssimulacra2; });
  return points;
}

/* ---- tables ------------------------------------------------------------------------- */

const ratioOf = (row, name, target) => {
  const [mine, yard] = [row.contenders[name]?.at[target], row.contenders[YARDSTICK]?.at[target]];
  return mine && yard ? mine.bytes / yard.bytes : null;
};

const medianOf = (values) => {
  const known = values.filter((v) => v !== null && v !== undefined);
  return known.length ? median(known) : null;
};

const show = (value, digits, width) => (value === null ? "-" : value.toFixed(digits)).padStart(width);

function printRow(label, row, names, target) {
  const yard = row.contenders[YARDSTICK].at[target];
  console.log(label.slice(0, 34).padEnd(34) + show(yard ? yard.bytes : null, 0, 9) +
    names.map((name) => show(ratioOf(row, name, target), 3, Math.max(9, name.length + 2))).join(""));
}

function printTable(rows, names, targets, width) {
  for (const target of targets) {
    console.log(`\n${width} wide, SSIMULACRA2 ${target}: bytes of ${YARDSTICK}, and the others' over them`);
    console.log("photo".padEnd(34) + "bytes".padStart(9) + names.map((n) => n.padStart(Math.max(9, n.length + 2))).join(""));
    for (const row of rows) printRow(row.file, row, names, target);
  }
}

function summarise(rows, names, targets, width) {
  const middle = targets[targets.length >> 1];
  console.log(`\n${width} wide, medians${"".padEnd(18)}` + targets.map((t) => `bytes at ${t}`.padStart(13)).join("") +
    `${`ms at ${middle}`.padStart(12)}${"quality".padStart(9)}`);
  return names.map((name) => {
    const at = (target, key) => medianOf(rows.map((row) => row.contenders[name]?.at[target]?.[key]));
    const summary = { name, width, bytes: Object.fromEntries(targets.map((t) => [t, medianOf(rows.map((r) => ratioOf(r, name, t)))])),
      ms: at(middle, "ms"), quality: at(middle, "quality") };
    console.log(name.padEnd(34) + targets.map((t) => show(summary.bytes[t], 3, 13)).join("") + show(summary.ms, 1, 12) +
      show(summary.quality, 0, 9));
    return summary;
  });
}

/* ---- */

const options = parseArguments(process.argv.slice(2), { widths: [1600, 400], targets: [70, 75, 80],
  qualities: [50, 55, 60, 65, 70, 75, 80, 85, 90, 95], ours: "--effort 0;--effort 1;--effort 2" });
const sharp = loadSharp();
const contenders = [cjpeg, ...options.ours.split(";").map((args) => ours(args.split(" ").filter(Boolean))),
  bySharp(sharp, "sharp", {}), bySharp(sharp, "sharp mozjpeg", { mozjpeg: true }), cwebp];
const names = contenders.map((c) => c.name);
const folder = mkdtempSync(join(tmpdir(), "bytes-"));
const results = { sharp: sharp.versions.sharp, mozjpeg: sharp.versions.mozjpeg, targets: options.targets, medians: [], rows: [] };
console.log(`sharp ${sharp.versions.sharp}, mozjpeg ${sharp.versions.mozjpeg}, libvips ${sharp.versions.vips}`);
try {
  for (const width of options.widths) {
    const rows = [];
    for (const file of options.files) {
      if (JSON.parse(execFileSync(scantling, ["info", "--json", file])).coding !== "baseline") continue;
      const photo = join(folder, "photo.jpg"), scratch = join(folder, "made");
      mkdirSync(scratch, { recursive: true });
      writeFileSync(photo, withoutProfile(readFileSync(file)));
      const row = { file: basename(file), width, contenders: {} };
      try {
        const task = { photo, width, reference: makeReference(photo, width, folder) };
        for (const contender of contenders) {
          const points = await measure(contender, task, options.qualities, scratch);
          row.contenders[contender.name] = { points,
            at: Object.fromEntries(options.targets.map((t) => [t, interpolate(points, t)])) };
        }
      } catch (error) { // damaged, or neither gray nor three components
        console.log(`${basename(file)}, ${width}: left out: ${String(error.message).split("\n")[0]}`);
        continue;
      }
      rows.push(row);
    }
    if (!rows.length) continue;
    printTable(rows, names.filter((n) => n !== YARDSTICK), options.targets, width);
    results.medians.push(...summarise(rows, names, options.targets, width));
    results.rows.push(...rows);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 2) + "\n");
