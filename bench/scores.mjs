// bench/scores [--widths W,W] [--quality N] [--subsampling 4:2:0|4:4:4] [--planes] [--photos DIR] [--json FILE]
//              [PHOTO...]
//
// How good our pictures are beside sharp's at the same quality setting (80, 4:2:0): both scored against
// what an ideal resize of the original looks like (bench_reference: full decode, lanczos3, no subsampling,
// double precision, 16 bits). Every baseline photograph, 1600 and 400 wide.
//
//     PSNR-Y      dB of luma; higher is better
//     ssimulacra  ssimulacra_main of Debian's libjxl-devtools, the first SSIMULACRA; lower is better
//     butter      butteraugli_main's maximum and 3-norm; lower is better
//     bytes       of the whole file
//
// The target is to be never below sharp. "below" marks what is; ties of the printed digits are no loss.
// Both are decoded by djpeg to PPM, which these tools take as sRGB. --planes uses the other reference
// of bench_reference, to see whether a verdict hangs on how the reference treats chroma.
//
// Profiles: ours keeps it, and sharp is told to (keepIccProfile), so that neither converts. That is
// checked: sharp has to make the same pixels of the photograph without its profile, else the photograph
// is left out. Nothing here looks at a profile; all are scored as if they were sRGB.
//
// With --quality 100 --subsampling 4:4:4 hardly anything but the resize is left to tell the two apart: a
// loss at quality 80 that is none there comes from how the encoder's rounding happened to fall.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const build = join(root, "build", "release");
const scantling = join(build, "driver", "scantling");
const metrics = [ // sign: 1 when higher is better
  { name: "PSNR-Y", key: "psnr_y", sign: 1, digits: 2 },
  { name: "ssimulacra", key: "ssimulacra", sign: -1, digits: 5 },
  { name: "butter max", key: "butteraugli_max", sign: -1, digits: 3 },
  { name: "3-norm", key: "butteraugli_3norm", sign: -1, digits: 3 },
];

function parseArguments(argv) {
  const options = { widths: [1600, 400], quality: 80, subsampling: "4:2:0", planes: false, json: null, files: [],
    photos: join(root, "..", "shared", "photos") };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--widths") options.widths = argv[++i].split(",").map(Number);
    else if (argv[i] === "--quality") options.quality = Number(argv[++i]);
    else if (argv[i] === "--subsampling") options.subsampling = argv[++i];
    else if (argv[i] === "--planes") options.planes = true;
    else if (argv[i] === "--photos") options.photos = argv[++i];
    else if (argv[i] === "--json") options.json = argv[++i];
    else if (argv[i].startsWith("-")) throw new Error(`unknown option ${argv[i]}`);
    else options.files.push(resolve(argv[i]));
  }
  if (options.files.length === 0 && existsSync(options.photos))
    options.files = readdirSync(options.photos).filter((f) => /\.jpe?g$/i.test(f)).sort()
      .map((f) => join(options.photos, f));
  if (options.files.length === 0) throw new Error(`no photographs in ${options.photos}; name some`);
  return options;
}

function checkTools() {
  for (const tool of ["djpeg", "ssimulacra_main", "butteraugli_main"])
    if (spawnSync(tool, [], { stdio: "ignore" }).error?.code === "ENOENT")
      throw new Error(`${tool} is not installed (ci/setup --bench)`);
}

function loadSharp() {
  const folder = join(build, "..", "npm");
  if (!existsSync(join(folder, "node_modules", "sharp"))) {
    mkdirSync(folder, { recursive: true });
    execFileSync("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "sharp@latest"],
      { stdio: ["ignore", "ignore", "inherit"] });
  }
  return createRequire(join(folder, "x.js"))("sharp");
}

const describe = (file) => JSON.parse(execFileSync(scantling, ["info", "--json", file]));

const resizeBySharp = (sharp, input, width, { quality, subsampling }) =>
  sharp(input).autoOrient().resize({ width, withoutEnlargement: true }).keepIccProfile()
    .jpeg({ quality, chromaSubsampling: subsampling }).toBuffer();

// The JPEG without its ICC segments, APP2 before the first scan.
function withoutProfile(jpeg) {
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

function decode(jpegFile, ppmFile) {
  writeFileSync(ppmFile, execFileSync("djpeg", ["-dct", "int", "-ppm", jpegFile], { maxBuffer: 1 << 30 }));
}

// Width, height and luma, 0 to 255, of a PPM of 8 or 16 bits.
function readLuma(file) {
  const bytes = readFileSync(file);
  const head = /^P6\s+(\d+)\s+(\d+)\s+(\d+)\s/.exec(bytes.toString("latin1", 0, 64));
  const [width, height, peak] = head.slice(1).map(Number);
  const wide = peak > 255, luma = new Float64Array(width * height);
  const sample = (k) => wide ? bytes.readUInt16BE(head[0].length + 2 * k) : bytes[head[0].length + k];
  for (let i = 0; i < luma.length; i++)
    luma[i] = (0.299 * sample(3 * i) + 0.587 * sample(3 * i + 1) + 0.114 * sample(3 * i + 2)) * 255 / peak;
  return { width, height, luma };
}

function score(referenceFile, reference, jpegFile, ppmFile) {
  decode(jpegFile, ppmFile);
  const picture = readLuma(ppmFile);
  if (picture.width !== reference.width || picture.height !== reference.height)
    throw new Error(`${picture.width}x${picture.height} instead of ${reference.width}x${reference.height}`);
  let sum = 0;
  for (let i = 0; i < picture.luma.length; i++) sum += (picture.luma[i] - reference.luma[i]) ** 2;
  const run = (tool) => execFileSync(tool, [referenceFile, ppmFile], { stdio: ["ignore", "pipe", "ignore"] }).toString();
  const butteraugli = run("butteraugli_main").split("\n");
  return {
    psnr_y: 10 * Math.log10(255 * 255 * picture.luma.length / sum),
    ssimulacra: Number(run("ssimulacra_main")),
    butteraugli_max: Number(butteraugli[0]),
    butteraugli_3norm: Number(/3-norm: ([\d.]+)/.exec(butteraugli[1])[1]),
    bytes: statSync(jpegFile).size,
  };
}

async function compareOne(sharp, file, width, options, folder) {
  const [reference, ours, theirs, ppm] = ["reference.ppm", "ours.jpg", "sharp.jpg", "scored.ppm"]
    .map((name) => join(folder, name));
  execFileSync(join(build, "bench", "bench_reference"),
    [...(options.planes ? ["--planes"] : []), file, String(width), reference]);
  rmSync(ours, { force: true });
  execFileSync(scantling, ["resize", "--quiet", "-s", `${width}x`, "-q", String(options.quality),
    "--subsampling", options.subsampling, "-o", ours, file]);
  writeFileSync(theirs, await resizeBySharp(sharp, readFileSync(file), width, options));
  const luma = readLuma(reference);
  return { file: basename(file), width, ours: score(reference, luma, ours, ppm), sharp: score(reference, luma, theirs, ppm) };
}

// Whether sharp's pixels with the profile are those without: compared as JPEG, less the profile.
async function keepsPixels(sharp, bytes) {
  const pixels = async (input) => withoutProfile(await resizeBySharp(sharp, input, 400, { quality: 100, subsampling: "4:4:4" }));
  return (await pixels(bytes)).equals(await pixels(withoutProfile(bytes)));
}

const isBelow = (row, m) => m.sign * Number(row.ours[m.key].toFixed(m.digits)) < m.sign * Number(row.sharp[m.key].toFixed(m.digits));
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

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

function printVerdict(rows) {
  console.log("\nnever below sharp's at the same quality setting:");
  for (const m of metrics) {
    const below = rows.filter((r) => isBelow(r, m));
    console.log(`  ${m.name.padEnd(11)} ${below.length ? "missed" : "met"}, below in ${below.length} of ${rows.length}` +
      (below.length ? `: ${below.map((r) => `${r.file} ${r.width}`).join(", ")}` : ""));
  }
}

const options = parseArguments(process.argv.slice(2));
checkTools();
const sharp = loadSharp();
sharp.concurrency(1);
sharp.cache(false);
console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}; quality ${options.quality}, ${options.subsampling}; ` +
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
printVerdict(rows);
if (options.json)
  writeFileSync(options.json, JSON.stringify({ sharp: sharp.versions.sharp, vips: sharp.versions.vips, quality: options.quality,
    subsampling: options.subsampling, reference: options.planes ? "planes" : "pixels", rows }, null, 2) + "\n");
