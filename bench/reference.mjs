// The ideal resize of a photograph, and scores against it: bench_reference's full decode, lanczos3, no
// subsampling, double precision, 16 bits.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { build, scantling } from "./common.mjs";

export function readPpm(file) {
  const bytes = readFileSync(file);
  const head = /^P6\s+(\d+)\s+(\d+)\s+(\d+)\s/.exec(bytes.toString("latin1", 0, 64));
  const [width, height, peak] = head.slice(1).map(Number);
  return { width, height, peak, samples: bytes.subarray(head[0].length) };
}

// The checksum of PNG's chunks.
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// Of a PPM of 8 or 16 bits: samples are the same in both.
export function makePng({ width, height, peak, samples }) {
  const chunk = (kind, body) => {
    const named = Buffer.concat([Buffer.from(kind, "latin1"), body]), ends = Buffer.alloc(8);
    ends.writeUInt32BE(body.length, 0);
    ends.writeUInt32BE(crc32(named), 4);
    return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
  };
  const depth = peak > 255 ? 16 : 8, header = Buffer.alloc(13), row = 3 * width * depth / 8, lines = Buffer.alloc(height * (row + 1));
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, 2], 8); // bits, RGB
  for (let y = 0; y < height; y++) samples.copy(lines, y * (row + 1) + 1, y * row, (y + 1) * row);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines, { level: 1 })), chunk("IEND", Buffer.alloc(0))]);
}

function narrow({ width, height, samples }) {
  const bytes = Buffer.alloc(3 * width * height);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(samples.readUInt16BE(2 * i) / 257);
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), bytes]);
}

// The ideal resize, of samples as they are or in linear light: reference.png of 16 bits to score by, reference.ppm of 8 for encoders.
export function makeReference(photo, width, folder, { linear = false } = {}) {
  const wide = join(folder, "wide.ppm");
  execFileSync(join(build, "bench", "bench_reference"), [...(linear ? ["--linear"] : []), photo, String(width), wide]);
  const ppm = readPpm(wide);
  const reference = { png: join(folder, "reference.png"), ppm: join(folder, "reference.ppm"), width: ppm.width, height: ppm.height };
  writeFileSync(reference.png, makePng(ppm));
  writeFileSync(reference.ppm, narrow(ppm));
  return reference;
}

// SSIMULACRA2 of each file.
export function score(reference, files) {
  const lines = execFileSync(scantling, ["compare", "--json", "--no-butteraugli", reference.png, ...files]).toString();
  return lines.trim().split("\n").map((line) => JSON.parse(line).ssimulacra2);
}

// Between points of rising quality, the logarithm of bytes by the score: at the lowest quality from which on the
// score is reached. null: it never is, or by all.
export function interpolate(points, target) {
  const above = points.findIndex((p) => p.ssimulacra2 >= target);
  if (above < 1) return null;
  const [a, b] = [points[above - 1], points[above]];
  const t = (target - a.ssimulacra2) / (b.ssimulacra2 - a.ssimulacra2);
  return { bytes: a.bytes * (b.bytes / a.bytes) ** t, quality: a.quality + t * (b.quality - a.quality), ms: a.ms + t * (b.ms - a.ms) };
}
