#!/usr/bin/env python3
"""What effort 1 does to a picture beside effort 0, libjpeg-turbo's own quantisation, at the same quality.

    SCANTLING=build/release/driver/scantling SCT_CORPUS=build/release/corpus SCT_SOURCE_DIR=. \\
        tests/quality/effort_test.py [-v]

No kind of picture looks worse, photographs are smaller, and a sky has no blocks. Scores are SSIMULACRA2's, against
the same resize written as PNG. A build without PNG exits 77.
"""

import os
import random
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
SOURCE_DIR = os.path.abspath(os.environ.get("SCT_SOURCE_DIR", "."))
for name in ("SCANTLING", "SCT_CORPUS", "SCT_SOURCE_DIR"):  # tests have other current folders
    if os.environ.get(name):
        os.environ[name] = os.path.abspath(os.environ[name])
sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "e2e"))

from cli_pictures import RGB, Png, make_png  # noqa: E402
from cli_support import SCANTLING, CommandTest, check_environment, corpus, read  # noqa: E402

QUALITIES = ("60", "80") if os.environ.get("SCT_TEST_QUICK") else ("50", "65", "80", "92")

# Differences that begin at this score cannot be seen (github.com/cloudinary/ssimulacra2): what is lost above it
# does not count. Below it, what may be lost is what two encodes that look the same differ by.
VISIBLY_LOSSLESS, TOLERANCE = 90, 0.3

ROUNDING = 0.01  # levels, in a mean over a sky: of the decoder's integers

PHOTOGRAPHS = ("natural_420_640x480.jpg", "natural_444_640x480.jpg", "natural_422_801x603.jpg")
KINDS = PHOTOGRAPHS + ("text_444_640x480.jpg", "zone_444_640x480.jpg", "corners_444_640x480.jpg", "ramp_444_640x480.jpg",
                       "rampd_444_640x480.jpg", "noise_420_640x480.jpg", "natural_gray_320x241_nomarker.jpg")


def find_luma(png):
    """Rows of luma, of a PNG of RGB."""
    return [[0.299 * r + 0.587 * g + 0.114 * b for r, g, b in row] for row in png.rows()]


def measure_edges(luma):
    """How much more neighbours differ across the edge of a block of 8 than within one, both ways, on average."""
    edge, inside = [0, 0], [0, 0]
    for y in range(1, len(luma)):
        for x in range(1, len(luma[0])):
            for at, other in ((x, luma[y][x - 1]), (y, luma[y - 1][x])):
                sums = edge if at % 8 == 0 else inside
                sums[0] += abs(luma[y][x] - other)
                sums[1] += 1
    return edge[0] / edge[1] - inside[0] / inside[1]


class Effort(CommandTest):
    def encode(self, source, size, quality, effort):
        name = f"{quality}-{effort}.jpg"
        self.resize("-s", size, "-q", quality, "--quality-exact", "--effort", effort, "-f", "jpeg", "-o", name, source)
        return name

    def score(self, reference, *names):
        run = self.run_command("compare", "--json", "--no-butteraugli", reference, *names)
        self.assertEqual(run.status, 0, run.err)
        return [o["ssimulacra2"] for o in run.objects]

    def compare_efforts(self, source, size):
        """Pairs of quality, scores of efforts 0 and 1, and bytes of both."""
        self.resize("-s", size, "-f", "png", "-o", "reference.png", source)
        names = [(q, self.encode(source, size, q, "0"), self.encode(source, size, q, "1")) for q in QUALITIES]
        scores = self.score("reference.png", *(name for _, *both in names for name in both))
        return [(q, *scores[2 * i : 2 * i + 2], *(len(read(self.at(name))) for name in names[i][1:]))
                for i, (q, *_) in enumerate(names)]

    def test_no_kind_of_picture_looks_worse(self):
        for picture in KINDS:
            for quality, plain, ours, *_ in self.compare_efforts(corpus(picture), "240"):
                with self.subTest(picture=picture, quality=quality):
                    self.assertGreaterEqual(ours, min(plain, VISIBLY_LOSSLESS) - TOLERANCE)

    def test_photographs_are_smaller(self):
        for picture in PHOTOGRAPHS:
            for quality, *_, plain_bytes, our_bytes in self.compare_efforts(corpus(picture), "320"):
                with self.subTest(picture=picture, quality=quality):
                    self.assertLess(our_bytes, plain_bytes)

    def test_a_sky_has_no_blocks(self):
        for grain in (0, 2):  # levels, as of a camera
            noise = random.Random(5)

            def sky(x, y):  # brighter downwards, and to the sides
                depth = y + (x - 128) ** 2 // 400 + noise.randint(-3 * grain, 3 * grain)
                return 70 + depth // 3, 120 + depth // 3, 200 + depth // 6

            with open(self.at("sky.png"), "wb") as f:
                f.write(make_png(256, 192, RGB, sky))
            for quality in QUALITIES:
                edges = {}
                for effort in ("0", "1"):
                    name = self.encode("sky.png", "256", quality, effort)
                    self.resize("-s", "256", "-f", "png", "-o", "decoded.png", name)
                    edges[effort] = measure_edges(find_luma(Png(read(self.at("decoded.png")))))
                with self.subTest(grain=grain, quality=quality):
                    self.assertLessEqual(edges["1"], edges["0"] + ROUNDING)


if __name__ == "__main__":
    check_environment()
    if "png" not in subprocess.run([SCANTLING, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode():
        print("effort_test: skipped: a build without PNG")
        sys.exit(77)
    unittest.main()
