// What the benchmarks beside sharp share: arguments, sharp itself, medians, files to work on.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const build = join(root, "build", "release");
export const scantling = join(build, "driver", "scantling");

// Options named as the keys of `defaults`, which also tell their types: a number, a list of numbers, a
// flag (false) or text. Everything else is a file; where none is given, the JPEGs of the folder
// --photos. Files come in `files`.
export function parseArguments(argv, defaults) {
  const options = { photos: join(root, "..", "shared", "photos"), json: null, ...defaults, files: [] };
  for (let i = 0; i < argv.length; i++) {
    const key = argv[i].replace(/^--/, "");
    if (!argv[i].startsWith("-")) options.files.push(resolve(argv[i]));
    else if (key === "files" || !Object.hasOwn(options, key)) throw new Error(`unknown option ${argv[i]}`);
    else if (typeof options[key] === "boolean") options[key] = true;
    else if (i + 1 === argv.length) throw new Error(`${argv[i]} wants a value`);
    else if (Array.isArray(options[key])) options[key] = argv[++i].split(",").map(Number);
    else options[key] = typeof options[key] === "number" ? Number(argv[++i]) : argv[++i];
  }
  if (options.files.length === 0 && existsSync(options.photos))
    options.files = readdirSync(options.photos).filter((f) => /\.jpe?g$/i.test(f)).sort()
      .map((f) => join(options.photos, f));
  if (options.files.length === 0) throw new Error(`no photographs in ${options.photos}; name some`);
  return options;
}

// The newest sharp that npm had when it was first wanted, on one thread and without its cache of
// operations, from which a repeated job would be answered. All else keeps its defaults.
export function loadSharp() {
  const folder = join(root, "build", "npm");
  if (!existsSync(join(folder, "node_modules", "sharp"))) {
    mkdirSync(folder, { recursive: true });
    execFileSync("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "sharp@latest"],
      { stdio: ["ignore", "ignore", "inherit"] });
  }
  const sharp = createRequire(join(folder, "x.js"))("sharp");
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

export const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

export function median(values) {
  const s = [...values].sort((a, b) => a - b);
  return s.length % 2 ? s[s.length >> 1] : (s[(s.length >> 1) - 1] + s[s.length >> 1]) / 2;
}

// What `work` returns, and CPU milliseconds of this process, all threads, while it ran.
export async function timed(work) {
  const before = process.cpuUsage();
  const result = await work();
  const used = process.cpuUsage(before);
  return { result, ms: (used.user + used.system) / 1000 };
}

// The JPEG without its ICC segments, APP2 before the first scan.
export function withoutProfile(jpeg) {
  const kept = [jpeg.subarray(0, 2)];
  let at = 2;
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (jpeg[at + 1] !== 0xe2 || jpeg.toString("latin1", at + 4, at + 15) !== "ICC_PROFILE")
      kept.push(jpeg.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...kept, jpeg.subarray(at)]);
}
