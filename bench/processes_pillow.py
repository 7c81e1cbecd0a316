#!/usr/bin/python3
"""Pillow's part of bench/processes: QUALITY PHOTO FOLDER WIDTH..., widest first, to FOLDER/WIDTH.jpg.

As its users do: Image.thumbnail has the decoder shrink as far as twice the wanted size allows
(draft), then resizes. Several sizes share the decode that the widest of them needs.
"""
import os
import sys

from PIL import Image, ImageOps

quality, photo, folder, *widths = sys.argv[1:]
widths = [int(w) for w in widths]
with Image.open(photo) as image:
    turned = image.getexif().get(0x0112, 1) >= 5
    if len(widths) > 1:
        box = (1 << 24, widths[0]) if turned else (widths[0], 1 << 24)
        image.draft(None, tuple(2 * side for side in box))
    for width in widths:
        copy = image.copy() if len(widths) > 1 else image
        # The stored side that becomes the width; the other follows.
        box = (1 << 24, width) if turned else (width, 1 << 24)
        copy.thumbnail(box, Image.Resampling.LANCZOS)
        ImageOps.exif_transpose(copy).save(os.path.join(folder, f"{width}.jpg"),
                                           quality=int(quality), subsampling="4:2:0")
