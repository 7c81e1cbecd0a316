// bench/odd [--runs N] [--json FILE]
//
// Odd inputs, by `scantling resize` and by sharp with their defaults: verdicts, CPU milliseconds (medians; ours
// warm by bench_job where there is an output, else the job's own figure; sharp's in this process), bytes, and PSNR
// between the two pictures, over white, in RGB, profiles ignored. They come from corpus/, from ../shared (PngSuite,
// photographs, orientation) or are made here by ImageMagick, in build/odd; what is missing is left out. Both keep
// the format where they can write it, at quality 80.
//
// `why` says what a difference comes from. Below 30 dB without a reason there would be something to look into.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, loadSharp, median, parseArguments, root, scantling, timed } from "./common.mjs";

const folder = join(root, "build", "odd"), shared = join(root, "..", "shared");
const corpus = (name) => join(build, "corpus", name), bad = (name) => join(root, "corpus", "bad", name);
const suite = (name) => join(shared, "pngsuite", name), photo = (name) => join(shared, "photos", name);
const made = (name) => join(folder, name);
const im = existsSync("/usr/bin/convert") ? "/usr/bin/convert" : "convert";
const convert = (...args) => execFileSync(im, args, { stdio: ["ignore", "ignore", "pipe"] });

const options = parseArguments(process.argv.slice(2), { runs: 5 });
const sharp = loadSharp();

/* ---- inputs ------------------------------------------------------------------------- */

const plain = photo("progressive_420_960x1280.jpg"); // what the others are made from
const cut = (from, to, share) => {
  const bytes = readFileSync(from);
  writeFileSync(to, bytes.subarray(0, Math.floor(bytes.length * share)));
};

// A PNG whose header announces 60000 x 60000 pixels, with a right checksum and nothing behind.
function writeHugePng(file) {
  const header = Buffer.from("89504e470d0a1a0a0000000d494844520000ea600000ea60080200000000000000", "hex");
  let sum = 0xffffffff;
  for (const byte of header.subarray(12, 29)) {
    sum ^= byte;
    for (let i = 0; i < 8; i++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  header.writeUInt32BE((sum ^ 0xffffffff) >>> 0, 29);
  writeFileSync(file, header);
}

const makers = {
  "soft_alpha.png": (to) => convert(plain, "(", "+clone", "-sparse-color", "barycentric",
    "0,0 black %w,0 white 0,%h white", ")", "-compose", "CopyOpacity", "-composite", `PNG32:${to}`),
  "cutout.png": (to) => convert(plain, "(", "+clone", "-fill", "black", "-colorize", "100", "-fill", "white",
    "-draw", "circle 480,640 480,240", ")", "-compose", "CopyOpacity", "-composite", `PNG32:${to}`),
  "deep.png": (to) => convert(plain, "-blur", "0x0.7", "-depth", "16", `PNG48:${to}`),
  "interlaced.png": (to) => convert(plain, "-interlace", "PNG", `PNG24:${to}`),
  "truncated.png": (to) => { convert(plain, `PNG24:${made("whole.png")}`); cut(made("whole.png"), to, 0.6); },
  "bad_sum.png": (to) => {
    const bytes = readFileSync((convert(plain, `PNG24:${made("whole.png")}`), made("whole.png")));
    bytes[bytes.length >> 1] ^= 0x10;
    writeFileSync(to, bytes);
  },
  "trailing.png": (to) => { convert(plain, `PNG24:${to}`); writeFileSync(to, Buffer.alloc(5000, "x"), { flag: "a" }); },
  "huge.png": writeHugePng,
  "animated.webp": async (to) => { // of which ImageMagick makes only the first frame
    const frames = ["0", "1"].map((i) => made(`frame${i}.png`));
    convert(plain, "-resize", "50%", frames[0]);
    convert(frames[0], "-negate", frames[1]);
    await sharp(frames, { join: { animated: true } }).webp({ quality: 90 }).toFile(to);
  },
  "lossless.webp": (to) => convert(plain, "-define", "webp:lossless=true", to),
  "alpha.webp": async (to) => { await make("soft_alpha.png"); convert(made("soft_alpha.png"), "-quality", "90", to); },
  "truncated.webp": (to) => { convert(plain, "-quality", "90", made("whole.webp")); cut(made("whole.webp"), to, 0.6); },
  "animated.gif": (to) => convert("-delay", "20", plain, "(", plain, "-negate", ")", "-resize", "50%", to),
};

async function make(name) {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(made(name))) await makers[name](made(name));
}

const inputs = [
  [photo("progressive_420_960x1280.jpg"), "progressive", 400],
  [corpus("natural_420_257x255_arithmetic.jpg"), "arithmetic coding", 100],
  [corpus("natural_cmyk_320x241.jpg"), "CMYK, Adobe", 100],
  [corpus("natural_ycck_320x241.jpg"), "YCCK", 100],
  [photo("iPhone_12MP_444_P3.jpg"), "Display P3", 400],
  [join(shared, "orientation", "Landscape_6.jpg"), "orientation 6", 400],
  [corpus("natural_420_1x1_adobe.jpg"), "one pixel", 400],
  [bad("truncated_mid_scan_420.jpg"), "JPEG, truncated", 60],
  [bad("corrupt_restart_markers_lost.jpg"), "JPEG, data missing", 60],
  [bad("tolerated_missing_eoi.jpg"), "JPEG without end marker", 60],
  [bad("tolerated_trailing_garbage.jpg"), "JPEG, trailing data", 60],
  [bad("12bit_precision.jpg"), "JPEG of 12 bits", 60],
  [bad("huge_65500x65500.jpg"), "JPEG, 4.3 gigapixels", 400],
  [bad("progressive_bomb_many_scans.jpg"), "JPEG, thousands of scans", 60],
  ["soft_alpha.png", "PNG, soft alpha", 400],
  ["cutout.png", "PNG, hard alpha", 400],
  ["deep.png", "PNG of 16 bits", 400],
  ["interlaced.png", "PNG, interlaced", 400],
  [suite("basn4a16.png"), "PNG, gray and alpha, 16 bits", 20],
  [suite("tbbn3p08.png"), "PNG, palette and tRNS", 20],
  [suite("basn0g01.png"), "PNG of 1 bit", 20],
  [suite("g25n2c08.png"), "PNG, gAMA 2.5", 20],
  ["bad_sum.png", "PNG, damaged data", 400],
  [suite("xhdn0g08.png"), "PNG, header's checksum wrong", 20],
  ["truncated.png", "PNG, truncated", 400],
  ["trailing.png", "PNG, trailing data", 400],
  ["huge.png", "PNG, 3.6 gigapixels", 400],
  ["animated.webp", "WebP, animated", 200],
  ["lossless.webp", "WebP, lossless", 400],
  ["alpha.webp", "WebP, soft alpha", 400],
  ["truncated.webp", "WebP, truncated", 400],
  ["animated.gif", "GIF", 200],
  [bad("head_heic.heic"), "HEIC", 60],
  [bad("not_an_image_html.jpg"), "HTML", 60],
  [bad("empty_file.jpg"), "nothing", 60],
];

// What the table cannot say of itself.
const lossy = "two encoders at quality 80, each about that far from the truth; sharp shrinks JPEGs while it decodes";
const why = {
  "progressive": lossy,
  "orientation 6": lossy,
  "CMYK, Adobe": "no profile: (1 - c)(1 - k) here, as in browsers and Pillow; sharp takes a press profile of its own, which costs " +
    "30 ms and looks paler",
  "YCCK": "as CMYK",
  "Display P3": "ours keeps numbers and profile, sharp converts to sRGB and drops it",
  "one pixel": "standard Huffman tables here, sharp's are made for the picture",
  "JPEG without end marker": "all of the picture is there: a warning here, refused there (failOn: warning)",
  "JPEG, thousands of scans": "refused by a limit here, decoded there",
  "PNG, gray and alpha, 16 bits": "PngSuite has gAMA 1.0: kept here as a profile, forgotten there",
  "PNG, palette and tRNS": "as above",
  "PNG of 1 bit": "as above",
  "PNG, gAMA 2.5": "as above",
  "WebP, animated": `the first frame for both; ${lossy}`,
  "WebP, lossless": "both write a lossy one",
  "WebP, soft alpha": lossy,
  "GIF": "no format of ours",
};

/* ---- both --------------------------------------------------------------------------- */

function runOurs(file, width, runs) {
  const out = made("ours");
  const run = spawnSync(scantling, ["resize", "--json", "-s", `${width}x`, "-o", `${out}.{ext}`, file]);
  const report = JSON.parse(run.stdout.toString());
  if (report.verdict !== "ok") return { verdict: report.verdict, message: report.message, ms: report.ms?.total };
  const job = JSON.parse(execFileSync(join(build, "bench", "bench_job"),
    ["--runs", String(runs), "--widths", String(width), file], { stdio: ["ignore", "pipe", "ignore"] }));
  return { verdict: "ok", message: report.warning ?? "", ms: job.ms.total, bytes: report.outputs[0].bytes,
    file: report.outputs[0].path };
}

async function runSharp(sharp, file, width, runs) {
  const times = [];
  let message = "", output;
  for (let i = -1; i < runs; i++) {
    try {
      const { result, ms } = await timed(() => sharp(readFileSync(file)).autoOrient()
        .resize({ width, withoutEnlargement: true }).toBuffer({ resolveWithObject: true }));
      output = result;
      if (i >= 0) times.push(ms);
    } catch (error) {
      message = String(error.message).split("\n")[0];
      return { verdict: "error", message };
    }
  }
  const kept = `${made("sharp")}.${output.info.format}`;
  writeFileSync(kept, output.data);
  return { verdict: "ok", message, ms: median(times), bytes: output.data.length, file: kept };
}

// RGB over white.
function readPixels(file) {
  const bytes = execFileSync(im, [`${file}[0]`, "-strip", "-colorspace", "sRGB", "-background", "white", "-alpha", "remove",
    "-depth", "8", "ppm:-"], { maxBuffer: 1 << 30 });
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString("latin1", 0, 64));
  return { size: `${head[1]}x${head[2]}`, samples: bytes.subarray(head[0].length) };
}

function compare(a, b) {
  const [x, y] = [readPixels(a), readPixels(b)];
  if (x.size !== y.size) return `${x.size} / ${y.size}`;
  let sum = 0;
  for (let i = 0; i < x.samples.length; i++) sum += (x.samples[i] - y.samples[i]) ** 2;
  return sum ? (10 * Math.log10(255 * 255 * x.samples.length / sum)).toFixed(1) : "equal";
}

/* ---- */

const rows = [];
mkdirSync(folder, { recursive: true });
console.log(`sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}\n`);
const print = (...cells) => console.log([30, 14, 6, 9, 8, 8, 9, 9, 9].map((n, i) =>
  i < 3 && i !== 1 ? String(cells[i]).slice(0, n).padEnd(n) : i === 1 ? String(cells[1]).padEnd(n) : String(cells[i]).padStart(n))
  .join(" "));
print("input", "ours", "sharp", "our ms", "sharp", "ratio", "our bytes", "sharp", "dB");
for (const [name, title, width] of inputs) {
  if (makers[name]) await make(name);
  const file = makers[name] ? made(name) : name;
  if (!existsSync(file)) {
    console.log(`${title.padEnd(30)} left out: ${file} is not there`);
    continue;
  }
  const ours = runOurs(file, width, options.runs), theirs = await runSharp(sharp, file, width, options.runs);
  const both = ours.file && theirs.file;
  const psnr = both ? compare(ours.file, theirs.file) : "";
  rows.push({ title, ours, sharp: theirs, psnr, why: why[title] ?? "" });
  print(title, ours.verdict, theirs.verdict, ours.ms?.toFixed(1) ?? "", theirs.ms?.toFixed(1) ?? "",
    both ? (theirs.ms / ours.ms).toFixed(2) : "", ours.bytes ?? "", theirs.bytes ?? "", psnr);
}
console.log("\nwhat they say");
for (const r of rows) {
  if (!r.ours.message && !r.sharp.message && !r.why) continue;
  console.log(`${r.title}`);
  if (r.ours.message) console.log(`    ours:  ${r.ours.message}`);
  if (r.sharp.message) console.log(`    sharp: ${r.sharp.message}`);
  if (r.why) console.log(`    why:   ${r.why}`);
}
if (options.json) writeFileSync(options.json, JSON.stringify(rows, null, 2) + "\n");
