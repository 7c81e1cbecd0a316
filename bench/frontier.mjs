// bench/frontier [--widths W,W] [--qualities Q,Q] [--quality Q] [--rounds N] [--crops] [--photos DIR] [--json FILE]
//                [PHOTO...]
//
// Speed against quality: what each tool takes for a picture, how near that comes to an ideal resize, and how many
// bytes it needs for that. The tools of bench/processes as whole processes, and sharp in process, where it is
// fastest (it would start node otherwise). Photographs are baseline ones, without their profiles, so that nobody converts colours.
//
// References are the full decode, resized with lanczos3 in double precision, 16 bits: of samples as they are
// ("gamma"), and in linear light ("linear"). Nobody here resizes in linear light unless asked; the second shows by
// how much that matters.
//
//     CPU     milliseconds at --quality, median of --rounds, in which the contenders alternate
//     scores  at --quality, against both: SSIMULACRA2, PSNR-Y, Butteraugli (maximum and 3-norm, where installed)
//     bytes   at equal SSIMULACRA2 ("gamma"), over ours, mean over the scores that both reach: the mean difference
//             of the logarithm of bytes between the two curves over --qualities (Bjontegaard's, with straight lines between points)
//
// So a blurred picture gains nothing: it needs more bytes for the same score, or never reaches it. A tool that fails, or
// whose picture is a row higher or lower than the ideal one and so cannot be compared, is left out there, and named.
// --crops keeps the middle 240 x 180 of each tool's picture of the first photograph in the JSON.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build, loadSharp, mean, median, parseArguments, root, scantling, timed, withoutProfile } from "./common.mjs";
import { makePng, makeReference, readPpm } from "./reference.mjs";

const OURS = "scantling", CROP = { width: 240, height: 180 };
const KEYS = ["ssimulacra2", "psnr_y", "butteraugli_max", "butteraugli_3norm"];

/* ---- contenders: make(photo, width, quality, folder) writes a JPEG; its path and CPU milliseconds -------- */

function timeCommand(command, environment) {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2>&1';
  const said = execFileSync("bash", ["-c", `{ ${script}; } 2>&1`, "time", ...command], { env: { ...process.env, ...environment } });
  return said.toString().trim().split(/\s+/).map(Number).reduce((a, b) => a + b, 0) * 1000;
}

function listCommands(photo, width, quality, folder) {
  return JSON.parse(execFileSync(join(root, "bench", "processes"),
    ["--build", build, "--commands", folder, "--width", String(width), "--quality", String(quality), photo]));
}

const byProcess = (name) => ({
  name,
  async make(photo, width, quality, folder) {
    const { command, environment, output } = listCommands(photo, width, quality, folder).find((c) => c.name === name);
    return { file: output, ms: timeCommand(command, environment) };
  },
});

const bySharp = (sharp) => ({
  name: "sharp",
  async make(photo, width, quality, folder) {
    const input = readFileSync(photo), file = join(folder, "sharp.jpg");
    const { result, ms } = await timed(() => sharp(input).autoOrient().resize({ width, withoutEnlargement: true })
      .jpeg({ quality, chromaSubsampling: "4:2:0" }).toBuffer());
    writeFileSync(file, result);
    return { file, ms };
  },
});

/* ---- scores ------------------------------------------------------------------------- */

function compare(reference, files, ...options) {
  const lines = execFileSync(scantling, ["compare", "--json", ...options, reference.png, ...files]).toString();
  return lines.trim().split("\n").map((line) => {
    const figures = JSON.parse(line);
    return Object.fromEntries(KEYS.map((key) => [key, figures[key] ?? null]));
  });
}

// Mean of ln(theirs / ours) over the scores that both curves reach, as a factor; null where they share none.
export function bytesAtEqualScore(theirs, ours) {
  const curve = (points) => points.map((p) => [p.ssimulacra2, Math.log(p.bytes)]).sort((a, b) => a[0] - b[0]);
  const [a, b] = [curve(theirs), curve(ours)];
  const low = Math.max(a[0][0], b[0][0]), high = Math.min(a.at(-1)[0], b.at(-1)[0]);
  if (!(high > low)) return null;
  const at = (points, x) => {
    const i = Math.max(1, points.findIndex((p) => p[0] >= x));
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    return x1 === x0 ? y1 : y0 + (y1 - y0) * (x - x0) / (x1 - x0);
  };
  const n = 200, xs = Array.from({ length: n }, (_, i) => low + (i + 0.5) * (high - low) / n);
  return Math.exp(mean(xs.map((x) => at(a, x) - at(b, x))));
}

function crop(jpeg, folder) {
  const file = join(folder, "crop.ppm");
  writeFileSync(file, execFileSync("djpeg", ["-ppm", jpeg], { maxBuffer: 1 << 30 }));
  return cropPpm(file);
}

// The middle, as a PNG of 8 bits.
function cropPpm(file) {
  const { width, height, samples } = readPpm(file);
  const w = Math.min(width, CROP.width), h = Math.min(height, CROP.height), x = (width - w) >> 1, y = (height - h) >> 1;
  const rows = Array.from({ length: h }, (_, i) => samples.subarray(3 * ((y + i) * width + x), 3 * ((y + i) * width + x + w)));
  return makePng({ width: w, height: h, peak: 255, samples: Buffer.concat(rows) }).toString("base64");
}

/* ---- a photograph at a width ---------------------------------------------------------- */

async function measureCurve(contender, photo, width, options, folder, reference) {
  const points = [];
  for (const quality of options.qualities) {
    const { file } = await contender.make(photo, width, quality, folder);
    const [score] = compare(reference, [file], "--no-butteraugli");
    points.push({ quality, bytes: statSync(file).size, ssimulacra2: score.ssimulacra2 });
  }
  return points;
}

async function measure(all, photo, width, options, folder, wantCrops) {
  const name = basename(photo), rows = [], curves = {}, crops = [], remarks = [];
  const references = {};
  let contenders = all;
  // Calls step(contender) for each; who fails is not asked again.
  const forEach = async (list, step) => {
    for (const c of list) {
      if (!contenders.includes(c)) continue;
      try {
        await step(c);
      } catch (error) {
        if (c.name === OURS) throw error;
        const why = String(error.stderr ?? "").trim().split("\n").pop() || String(error.message).split("\n")[0];
        remarks.push(`${c.name}, ${name}, ${width} wide: left out: ${why.replaceAll(folder + "/", "")}`);
        contenders = contenders.filter((other) => other !== c);
      }
    }
  };
  for (const [light, linear] of [["gamma", false], ["linear", true]]) {
    const own = join(folder, light);
    mkdirSync(own, { recursive: true });
    references[light] = makeReference(photo, width, own, { linear });
  }
  if (wantCrops) crops.push({ tool: "ideal", photo: name, width, png_base64: cropPpm(references.gamma.ppm) });
  const times = Object.fromEntries(all.map((c) => [c.name, []])), made = {};
  for (let round = -1; round < options.rounds; round++) { // the first one warms up
    const k = Math.max(round, 0) % all.length;
    await forEach([...all.slice(k), ...all.slice(0, k)], async (c) => {
      const { file, ms } = await c.make(photo, width, options.quality, folder);
      made[c.name] = file;
      if (round >= 0) times[c.name].push(ms);
    });
  }
  await forEach(all, async (c) => {
    const bytes = statSync(made[c.name]).size;
    const scores = Object.fromEntries(["gamma", "linear"].map((light) => [light, compare(references[light], [made[c.name]])[0]]));
    const picture = wantCrops && crop(made[c.name], folder);
    const curve = await measureCurve(c, photo, width, options, folder, references.gamma);
    rows.push({ tool: c.name, photo: name, width, cpu_ms: median(times[c.name]), all_ms: times[c.name], bytes, ...scores });
    if (wantCrops)
      crops.push({ tool: c.name, photo: name, width, png_base64: picture, bytes, ssimulacra2: scores.gamma.ssimulacra2 });
    curves[c.name] = curve;
  });
  const bytes = contenders.map((c) => ({ tool: c.name, photo: name, width, ratio: bytesAtEqualScore(curves[c.name], curves[OURS]) }));
  return { rows, bytes, crops, curves: contenders.map((c) => ({ tool: c.name, photo: name, width, points: curves[c.name] })), remarks };
}

/* ---- main ---------------------------------------------------------------------------- */

async function main() {
  const options = parseArguments(process.argv.slice(2),
    { widths: [1600, 400], qualities: [50, 60, 70, 80, 88, 95], quality: 80, rounds: 3, crops: false });
  const folder = mkdtempSync(join(tmpdir(), "scantling-frontier-"));
  const result = { photos: [], widths: options.widths, quality: options.quality, qualities: options.qualities, rounds: options.rounds,
    rows: [], bd_rate: [], bytes: [], curves: [], crops: [], remarks: [] };
  try {
    let contenders;
    for (const [i, file] of options.files.entries()) {
      const info = JSON.parse(execFileSync(scantling, ["info", "--json", file]));
      if (info.coding !== "baseline") continue;
      const photo = join(folder, basename(file));
      writeFileSync(photo, withoutProfile(readFileSync(file)));
      contenders ??= [...listCommands(photo, 400, options.quality, folder).map((c) => byProcess(c.name)), bySharp(loadSharp())];
      result.photos.push(basename(file));
      for (const width of options.widths) {
        const found = await measure(contenders, photo, width, options, folder, options.crops && i === 0);
        for (const key of ["rows", "bytes", "curves", "crops", "remarks"]) result[key].push(...found[key]);
        console.error([...found.remarks, `${basename(file)}, ${width} wide: done`].join("\n"));
      }
    }
    if (!contenders) throw new Error("no baseline JPEG among the photographs");
    for (const width of options.widths) {
      console.log(`\n${width} wide, quality ${options.quality}, medians of ${result.photos.length} photographs\n${"".padEnd(22)}` +
        `${"CPU ms".padStart(9)}${"bytes".padStart(10)}${"SSIMULACRA2".padStart(13)}${"linear".padStart(8)}${"PSNR-Y".padStart(8)}` +
        `${"linear".padStart(8)}${"3-norm".padStart(8)}${"bytes at equal score".padStart(22)}`);
      for (const { name } of contenders) {
        const rows = result.rows.filter((r) => r.tool === name && r.width === width);
        if (!rows.length) continue;
        const ratios = result.bytes.filter((r) => r.tool === name && r.width === width && r.ratio !== null).map((r) => r.ratio);
        const of = (get) => median(rows.map(get)), norm = rows.some((r) => r.gamma.butteraugli_3norm === null)
          ? "-" : of((r) => r.gamma.butteraugli_3norm).toFixed(3);
        const rate = ratios.length ? { percent: 100 * (median(ratios) - 1), low: 100 * (Math.min(...ratios) - 1), high: 100 * (Math.max(...ratios) - 1) } : null;
        result.bd_rate.push({ tool: name, width, percent: null, ...rate, n_photos: ratios.length });
        console.log(name.padEnd(22) + of((r) => r.cpu_ms).toFixed(1).padStart(9) + String(of((r) => r.bytes)).padStart(10) +
          of((r) => r.gamma.ssimulacra2).toFixed(2).padStart(13) + of((r) => r.linear.ssimulacra2).toFixed(2).padStart(8) +
          of((r) => r.gamma.psnr_y).toFixed(2).padStart(8) + of((r) => r.linear.psnr_y).toFixed(2).padStart(8) + norm.padStart(8) +
          (rate ? `${rate.percent >= 0 ? "+" : ""}${rate.percent.toFixed(1)} %` : "no score in common").padStart(22));
      }
    }
    if (result.remarks.length) console.log(`\n${result.remarks.join("\n")}`);
    if (options.json) writeFileSync(options.json, JSON.stringify(result) + "\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
