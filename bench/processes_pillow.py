#!/usr/bin/python3
"""Pillow's part of bench/processes: [--to EXT] QUALITY PHOTO FOLDER WIDTH..., widest first, to
FOLDER/WIDTH.EXT, which is jpg, webp or png."""
import os
import sys

sys.dont_write_bytecode = True  # nothing appears in the source folder
from pillow_job import make_outputs  # noqa: E402

arguments = sys.argv[1:]
to = "jpg"
if arguments[0] == "--to":
    to, arguments = arguments[1], arguments[2:]
quality, photo, folder, *widths = arguments
make_outputs(photo, [int(w) for w in widths], int(quality), lambda width: os.path.join(folder, f"{width}.{to}"), to)
