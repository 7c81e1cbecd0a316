// bench/throughput [--rounds N] [--copies N] [--photos DIR] [--json FILE] [PHOTO...]
//
// Pictures a second with all processors, from files to files: `scantling resize -j N`, started anew each time, beside
// sharp in process and warm. Sharp gets as many pictures at once as there are processors, one thread for each, which
// is what its documentation recommends for throughput; a second figure is with its own threads (concurrency N), one picture after
// the other. The better one of the two is what ours is compared with. Photographs are the baseline ones, each --copies times;
// contenders alternate; medians of --rounds, wall time.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { loadSharp, median, parseArguments, scantling } from "./common.mjs";

const nThreads = availableParallelism();
process.env.UV_THREADPOOL_SIZE = String(Math.max(4, nThreads)); // before sharp first uses it
const jobs = [
  { name: "1600 wide", widths: [1600] },
  { name: "1600, 800, 400", widths: [1600, 800, 400] },
  { name: "six sizes, 1600 to 200", widths: [1600, 1280, 1080, 800, 400, 200] },
];

async function sharpAll(sharp, files, widths, folder, nAtOnce) {
  const queue = [...files.entries()];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [i, file] = next, bytes = await readFile(file);
      for (const width of widths)
        await writeFile(join(folder, `${i}-${width}.jpg`), await sharp(bytes).autoOrient().resize({ width, withoutEnlargement: true })
          .jpeg({ quality: 80, chromaSubsampling: "4:2:0" }).toBuffer());
    }
  };
  await Promise.all(Array.from({ length: nAtOnce }, work));
}

const options = parseArguments(process.argv.slice(2), { rounds: 3, copies: 2 });
const sharp = loadSharp(), folder = mkdtempSync(join(tmpdir(), "scantling-throughput-"));
const result = { n_threads: nThreads, rounds: options.rounds, sharp: sharp.versions.sharp, jobs: [] };
try {
  let megapixels = 0; // of all files
  const files = [], out = join(folder, "out");
  mkdirSync(out);
  for (const [i, file] of options.files.entries()) {
    const info = JSON.parse(execFileSync(scantling, ["info", "--json", file]));
    if (info.coding !== "baseline") continue;
    megapixels += options.copies * info.width * info.height / 1e6;
    for (let copy = 0; copy < options.copies; copy++) {
      files.push(join(folder, `${i}-${copy}.jpg`));
      copyFileSync(file, files.at(-1));
    }
  }
  if (!files.length) throw new Error("no baseline JPEG among the photographs");
  for (const { name, widths } of jobs) {
    const contenders = {
      ours: () => execFileSync(scantling, ["resize", "--quiet", "-j", String(nThreads), ...widths.flatMap((w) => ["-s", `${w}x`]), "-q", "80",
        "--quality-exact", "-o", join(out, "{stem}-{width}.jpg"), ...files]),
      sharp_pictures: () => (sharp.concurrency(1), sharpAll(sharp, files, widths, out, nThreads)),
      sharp_threads: () => (sharp.concurrency(nThreads), sharpAll(sharp, files, widths, out, 1)),
    };
    const rates = Object.fromEntries(Object.keys(contenders).map((key) => [key, []]));
    for (let round = -1; round < options.rounds; round++) // the first one warms up
      for (const [key, run] of Object.entries(contenders)) {
        const began = performance.now();
        await run();
        if (round >= 0) rates[key].push(files.length / ((performance.now() - began) / 1000));
      }
    const of = (key) => ({ images_per_s: median(rates[key]), mp_per_s: median(rates[key]) * megapixels / files.length, all: rates[key] });
    const best = ["sharp_pictures", "sharp_threads"].sort((a, b) => median(rates[b]) - median(rates[a]))[0];
    const row = { name, widths, n_files: files.length, ours: of("ours"), sharp: { ...of(best), way: best }, sharp_pictures: of("sharp_pictures"),
      sharp_threads: of("sharp_threads"), ratio: median(rates.ours) / median(rates[best]) };
    result.jobs.push(row);
    console.log(`${name.padEnd(24)} ${nThreads} processors, pictures/s: ours ${row.ours.images_per_s.toFixed(1)} (${row.ours.mp_per_s.toFixed(0)} MP/s), sharp ` +
      `${row.sharp_pictures.images_per_s.toFixed(1)} (${nThreads} pictures at once), ${row.sharp_threads.images_per_s.toFixed(1)} (${nThreads} threads a picture): ` +
      `${row.ratio.toFixed(2)} times`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (options.json) writeFileSync(options.json, JSON.stringify(result, null, 1) + "\n");
