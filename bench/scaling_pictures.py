"""Pictures of any size for bench/memory and bench/scaling, from a tile of the generated corpus."""

import os
import subprocess
import sys


def read_tile(build):
    """Rows of RGB bytes of a JPEG."""
    path = os.path.join(build, "corpus", "natural_420_1024x768.jpg")
    ppm = subprocess.run(["djpeg", "-ppm", path], check=True, stdout=subprocess.PIPE).stdout
    magic, width, height, _, pixels = ppm.split(maxsplit=4)
    assert magic == b"P6"
    stride = 3 * int(width)
    pixels = ppm[len(ppm) - stride * int(height):]
    return [pixels[y * stride:(y + 1) * stride] for y in range(int(height))]


def make_picture(tile, width, height, options, path):
    """A JPEG of quality 90, of the tile over and over, through cjpeg."""
    with open(path, "wb") as out:
        cjpeg = subprocess.Popen(["cjpeg", "-quality", "90", *options], stdin=subprocess.PIPE, stdout=out)
        cjpeg.stdin.write(b"P6\n%d %d\n255\n" % (width, height))
        rows = [(row * (width * 3 // len(row) + 1))[:width * 3] for row in tile]
        for y in range(height):
            cjpeg.stdin.write(rows[y % len(rows)])
        cjpeg.stdin.close()
        if cjpeg.wait() != 0:
            sys.exit("cjpeg failed")
