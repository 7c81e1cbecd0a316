#!/usr/bin/python3
"""Pillow's part of bench_planes: the same jobs on the planes that `--sources DIR` wrote.

    bench_planes_pillow.py DIR [RUNS]    lines of "job pillow ms"; results to DIR/<job>.pillow

CPU time of this process, medians. Image.resize makes its weights anew each time, so planning
counts here as well.
"""
import pathlib
import re
import statistics
import sys
import time

from PIL import Image


def measure(source, runs):
    job = source.stem
    found = re.fullmatch(r"lanczos3-(\d+)x(\d+)-(\d+)x(\d+)", job)
    if not found:
        return
    src_width, src_height, dst_width, dst_height = map(int, found.groups())
    image = Image.frombytes("L", (src_width, src_height), source.read_bytes())
    times = []
    for run in range(runs + 1):
        begin = time.process_time_ns()
        result = image.resize((dst_width, dst_height), Image.Resampling.LANCZOS,
                              reducing_gap=None)
        if run:  # the first one warms up
            times.append((time.process_time_ns() - begin) * 1e-6)
    source.with_suffix(".pillow").write_bytes(result.tobytes())
    print(f"{job} pillow {statistics.median(times):.3f}")


if __name__ == "__main__":
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.src")):
        measure(path, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
