#!/usr/bin/python3
"""Pillow's part of bench/processes: QUALITY PHOTO FOLDER WIDTH..., widest first, to FOLDER/WIDTH.jpg."""
import os
import sys

sys.dont_write_bytecode = True  # nothing appears in the source folder
from pillow_job import make_outputs  # noqa: E402

quality, photo, folder, *widths = sys.argv[1:]
make_outputs(photo, [int(w) for w in widths], int(quality), lambda width: os.path.join(folder, f"{width}.jpg"))
