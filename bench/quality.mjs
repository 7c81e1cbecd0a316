// Scores of pictures against a reference, for bench/scores and bench/formats. Pictures are PPMs of 8 or
// 16 bits, which the tools take as sRGB.
//
//     PSNR-Y      dB of luma; higher is better
//     ssimulacra2 SSIMULACRA2 by `scantling compare`; higher is better
//     ssimulacra  ssimulacra_main of Debian's libjxl-devtools, the first SSIMULACRA; lower is better
//     butter      butteraugli_main's maximum and 3-norm; lower is better
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { scantling } from "./common.mjs";
import { makePng, readPpm } from "./reference.mjs";

export const metrics = [ // sign: 1 when higher is better
  { name: "PSNR-Y", key: "psnr_y", sign: 1, digits: 2 },
  { name: "ssimulacra2", key: "ssimulacra2", sign: 1, digits: 2 },
  { name: "ssimulacra", key: "ssimulacra", sign: -1, digits: 5 },
  { name: "butter max", key: "butteraugli_max", sign: -1, digits: 3 },
  { name: "3-norm", key: "butteraugli_3norm", sign: -1, digits: 3 },
];

export function checkTools(...tools) {
  for (const tool of ["ssimulacra_main", "butteraugli_main", ...tools])
    if (spawnSync(tool, [], { stdio: "ignore" }).error?.code === "ENOENT")
      throw new Error(`${tool} is not installed (ci/setup --bench)`);
}

// Width, height and luma, 0 to 255.
export function readLuma(file) {
  const { width, height, peak, samples } = readPpm(file);
  const wide = peak > 255, luma = new Float64Array(width * height);
  const sample = (k) => wide ? samples.readUInt16BE(2 * k) : samples[k];
  for (let i = 0; i < luma.length; i++)
    luma[i] = (0.299 * sample(3 * i) + 0.587 * sample(3 * i + 1) + 0.114 * sample(3 * i + 2)) * 255 / peak;
  return { width, height, luma };
}

function findSsimulacra2(...ppmFiles) {
  const files = ppmFiles.map((file) => {
    writeFileSync(`${file}.png`, makePng(readPpm(file)));
    return `${file}.png`;
  });
  return JSON.parse(execFileSync(scantling, ["compare", "--json", "--no-butteraugli", ...files])).ssimulacra2;
}

// `reference` is what readLuma gives of referenceFile.
export function scorePpm(referenceFile, reference, ppmFile) {
  const picture = readLuma(ppmFile);
  if (picture.width !== reference.width || picture.height !== reference.height)
    throw new Error(`${picture.width}x${picture.height} instead of ${reference.width}x${reference.height}`);
  let sum = 0;
  for (let i = 0; i < picture.luma.length; i++) sum += (picture.luma[i] - reference.luma[i]) ** 2;
  const run = (tool) => execFileSync(tool, [referenceFile, ppmFile], { stdio: ["ignore", "pipe", "ignore"] }).toString();
  const butteraugli = run("butteraugli_main").split("\n");
  return {
    psnr_y: 10 * Math.log10(255 * 255 * picture.luma.length / sum),
    ssimulacra2: findSsimulacra2(referenceFile, ppmFile),
    ssimulacra: Number(run("ssimulacra_main")),
    butteraugli_max: Number(butteraugli[0]),
    butteraugli_3norm: Number(/3-norm: ([\d.]+)/.exec(butteraugli[1])[1]),
  };
}

// Whether ours is below sharp's; ties of the printed digits are no loss.
export const isBelow = ({ ours, sharp }, m) =>
  m.sign * Number(ours[m.key].toFixed(m.digits)) < m.sign * Number(sharp[m.key].toFixed(m.digits));
