#!/usr/bin/python3
"""Pillow's part of bench/compare, as bench_job is ours: whole jobs in memory, warm.

    compare_pillow.py [--runs N] [--widths W,W,...] FILE    widest first

Reads the file once, resizes it N times from memory to memory (quality 80, 4:2:0, lanczos) and prints
one JSON object: the median of the CPU milliseconds of this process, and the bytes of each output.
"""
import argparse
import io
import json
import statistics
import sys
import time

sys.dont_write_bytecode = True  # nothing appears in the source folder
from pillow_job import make_outputs  # noqa: E402


def run(photo, widths):
    """One job: its outputs."""
    outputs = [io.BytesIO() for _ in widths]
    free = iter(outputs)
    make_outputs(io.BytesIO(photo), widths, 80, lambda _: next(free))
    return outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--widths", type=lambda text: [int(w) for w in text.split(",")], default=[1600])
    parser.add_argument("file")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs wants 1 or more")
    with open(options.file, "rb") as file:
        photo = file.read()
    times = []
    run(photo, options.widths)  # warms up
    for _ in range(options.runs):
        begin = time.process_time_ns()
        outputs = run(photo, options.widths)
        times.append((time.process_time_ns() - begin) * 1e-6)
    print(json.dumps({"file": options.file, "ms": statistics.median(times),
                      "bytes_out": [len(o.getbuffer()) for o in outputs]}))


main()
