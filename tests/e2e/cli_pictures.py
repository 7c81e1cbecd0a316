"""PNG, as plainly as possible: made for the command's tests, and read back by them."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}


def make_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make_png(width, height, colour, sample, depth=8, chunks=(), behind=(), is_interlaced=False):
    """sample(x, y) gives the samples of a pixel; chunks, pairs of kind and body, come before the
    picture, `behind` after it. An interlaced one has to be of one colour."""
    size = {8: "B", 16: "H"}[depth]
    rows = b"".join(
        b"\0" + struct.pack(f">{width * SAMPLES[colour]}{size}",
                            *(v for x in range(width) for v in sample(x, y)))
        for y in range(height))
    if is_interlaced:  # Adam7: seven pictures, first column and row, then the steps
        rows = b""
        for x, y, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
                             (1, 0, 2, 2), (0, 1, 1, 2)):
            n = len(range(x, width, dx))
            row = b"\0" + struct.pack(f">{n * SAMPLES[colour]}{size}", *(list(sample(0, 0)) * n))
            rows += row * len(range(y, height, dy)) if n else b""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, is_interlaced)
    return (SIGNATURE + make_chunk(b"IHDR", header)
            + b"".join(make_chunk(*chunk) for chunk in chunks)
            + make_chunk(b"IDAT", zlib.compress(rows))
            + b"".join(make_chunk(*chunk) for chunk in behind) + make_chunk(b"IEND", b""))


def make_animation(width, height, sample):
    """An APNG of two frames, both the picture; behind every chunk its number, where it has one."""
    still = make_png(width, height, RGB, sample)
    data = Png(still).chunks[b"IDAT"]

    def frame(number):
        return b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, 0, 0, 1, 10, 0, 0)

    return make_png(width, height, RGB, sample, chunks=[(b"acTL", struct.pack(">II", 2, 0)), frame(0)],
                    behind=[frame(1), (b"fdAT", struct.pack(">I", 2) + data)])


def unfilter(data, n_row, step):
    """The rows of a picture, each of n_row bytes, of which `step` are a pixel."""
    rows, above = [], bytearray(n_row)
    for at in range(0, len(data), n_row + 1):
        kind, row = data[at], bytearray(data[at + 1 : at + 1 + n_row])
        for i in range(n_row):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            up = above[i]
            guess = left + up - corner
            near = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                       (abs(guess - corner), 2, corner))[2]
            row[i] = (row[i] + (0, left, up, (left + up) // 2, near)[kind]) & 255
        rows.append(bytes(row))
        above = row
    return rows


class Png:
    """The header of a PNG, its chunks by kind, and its samples."""

    def __init__(self, data):
        assert data[:8] == SIGNATURE, "no signature"
        self.chunks, self.kinds, at = {}, [], 8
        while at < len(data):
            n = int.from_bytes(data[at : at + 4], "big")
            kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + n]
            assert zlib.crc32(kind + body) == int.from_bytes(data[at + 8 + n : at + 12 + n], "big")
            self.kinds.append(kind)
            self.chunks[kind] = self.chunks.get(kind, b"") + body
            at += 12 + n
        header = struct.unpack(">IIBBBBB", self.chunks[b"IHDR"])
        self.width, self.height, self.depth, self.colour = header[:4]

    def find_pixel(self, row, x):
        """The samples of a pixel of an unfiltered row."""
        bits = SAMPLES[self.colour] * self.depth
        if self.depth < 8:
            value = row[x * self.depth // 8] >> (8 - self.depth - x * self.depth % 8)
            value &= (1 << self.depth) - 1
        else:
            size = "B" if self.depth == 8 else "H"
            pixel = row[x * bits // 8 : (x + 1) * bits // 8]
            samples = struct.unpack(f">{SAMPLES[self.colour]}{size}", pixel)
            if self.colour != PALETTE:
                return samples
            value = samples[0]
        if self.colour == PALETTE:
            return tuple(self.chunks[b"PLTE"][3 * value : 3 * value + 3])
        return (value * 255 // ((1 << self.depth) - 1),)

    def rows(self):
        """Rows of pixels, each the samples of 8 or 16 bits; through the palette, where there is one."""
        bits = SAMPLES[self.colour] * self.depth
        rows = unfilter(zlib.decompress(self.chunks[b"IDAT"]), (self.width * bits + 7) // 8, max(1, bits // 8))
        return [[self.find_pixel(row, x) for x in range(self.width)] for row in rows]

    def pixel(self, x, y):
        return self.rows()[y][x]
