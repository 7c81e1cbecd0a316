#!/usr/bin/env python3
"""The scores of `scantling compare` beside those that SSIMULACRA2's reference program gives.

    SCANTLING=build/release/driver/scantling SCT_SOURCE_DIR=. tests/quality/published_scores_test.py

Takes djpeg, cjpeg and the photographs of ../shared/photos beside the repository, or of SCANTLING_PHOTOS;
without them it says so, and exits 77.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
SOURCE_DIR = os.path.abspath(os.environ.get("SCT_SOURCE_DIR", "."))
sys.path.insert(0, os.path.join(SOURCE_DIR, "tests", "e2e"))

from cli_pictures import SIGNATURE, make_chunk  # noqa: E402

SCANTLING = os.path.abspath(os.environ.get("SCANTLING", "scantling"))
TOLERANCE = 1e-4  # what rounding in another order costs is below 1e-7


def skip(why):
    print(f"published_scores_test: skipped: {why}")
    sys.exit(77)


def run(*words, stdin=None):
    return subprocess.run(words, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def read_rows():
    with open(os.path.join(SOURCE_DIR, "tests/quality/published_scores.txt"), encoding="utf-8") as f:
        return [line.split() for line in f if not line.startswith("#")]


def find_photo(name):
    for folder in (os.environ.get("SCANTLING_PHOTOS", ""), os.path.join(SOURCE_DIR, "../shared/photos")):
        path = os.path.join(folder, name + ".jpg")
        if folder and os.path.exists(path):
            return path
    return skip(f"{name}.jpg is not here")


class Ppm:
    def __init__(self, data):
        kind, size, peak, self.samples = data.split(b"\n", 3)
        assert (kind, peak) == (b"P6", b"255")
        self.width, self.height = map(int, size.split())

    def rows(self):
        n = 3 * self.width
        return [self.samples[y * n : (y + 1) * n] for y in range(self.height)]

    def doubled(self, width, height):
        rows = [b"".join(row[x : x + 3] * 2 for x in range(0, len(row), 3))[: 3 * width] for row in self.rows()]
        return Ppm(b"P6\n%d %d\n255\n" % (width, height)
                   + b"".join(rows[y // 2] for y in range(height)))

    def data(self):
        return b"P6\n%d %d\n255\n" % (self.width, self.height) + self.samples

    def png(self):
        header = self.width.to_bytes(4, "big") + self.height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
        lines = b"".join(b"\0" + row for row in self.rows())
        return (SIGNATURE + make_chunk(b"IHDR", header) + make_chunk(b"IDAT", zlib.compress(lines, 1))
                + make_chunk(b"IEND", b""))


def make_distorted(photo, quality, sample):
    """As a file for the command, and as PPM."""
    reference = run("djpeg", "-dct", "int", "-ppm", photo)
    if quality == "blur":
        whole = Ppm(reference)
        blurred = Ppm(run("djpeg", "-dct", "int", "-ppm", "-scale", "4/8", photo)).doubled(whole.width, whole.height)
        return blurred.png(), blurred.data()
    jpeg = run("cjpeg", "-dct", "int", "-quality", quality, "-sample", sample, stdin=reference)
    return jpeg, run("djpeg", "-dct", "int", "-ppm", stdin=jpeg)


def main():
    for tool in ("djpeg", "cjpeg"):
        if not shutil.which(tool):
            skip(f"{tool} is not here (Debian: libjpeg-turbo-progs)")
    n_wrong, worst, rows = 0, 0.0, read_rows()
    photos = {name: find_photo(name) for name, *_ in rows}
    with tempfile.TemporaryDirectory(prefix="scores-") as folder:
        path = os.path.join(folder, "distorted")
        for name, quality, sample, digest, score in rows:
            distorted, ppm = make_distorted(photos[name], quality, sample)
            if not hashlib.sha256(ppm).hexdigest().startswith(digest):
                skip(f"{name} {quality} {sample}: djpeg and cjpeg make another picture than those of Debian 12")
            with open(path, "wb") as f:
                f.write(distorted)
            found = json.loads(run(SCANTLING, "compare", "--json", "--no-butteraugli", photos[name], path))
            error = abs(found["ssimulacra2"] - float(score))
            worst = max(worst, error)
            if error > TOLERANCE:
                n_wrong += 1
                print(f"{name} {quality} {sample}: {found['ssimulacra2']} instead of {score}")
    print(f"{len(rows)} scores, {n_wrong} of them wrong, off by {worst:.1e} at most")
    sys.exit(n_wrong > 0 or not rows)


main()
