"""A result for tests of bench/report, in the shape that bench/run writes. SAMPLE: every number in it is made up, by a seed.

    python3 tests/packaging/report_sample.py FILE
"""

import base64
import json
import math
import random
import struct
import sys
import zlib

ODD = '<b>"x`.jpg'  # a name that is markup to those who forget to escape it
PHOTOS = ["Canon_EOS_5D.jpg", "Nikon_D90.jpg", "Nexus_4.jpg", "Oppo_R7_Plus.jpg", "Apple_iPhone_6.jpg", "Sigma_DP1.jpg",
          "Samsung_Galaxy_S4.jpg", ODD]
JOBS = (("1600 wide", [1600], 30), ("400 wide", [400], 14), ("2048, 1080, 400, 200", [2048, 1080, 400, 200], 55))
FORMAT_JOBS = (("PNG to PNG, 1600 wide", "png", "png", 150), ("PNG to JPEG, 1600 wide", "png", "jpeg", 90),
               ("JPEG to WebP, 1600 wide", "jpeg", "webp", 170), ("WebP to WebP, 1600 wide", "webp", "webp", 240))
PEERS = {"scantling": (1, 1, 22), "vipsthumbnail": (2.9, 2.6, 60), "ImageMagick": (11, 11.5, 190), "ImageMagick, hint": (4.4, 4.6, 70),
         "GraphicsMagick": (8.2, 8, 160),
         "GraphicsMagick, hint": (3.6, 3.7, 66), "Pillow, draft": (2.4, 2.5, 48), "ffmpeg": (3.1, 3.4, 88),
         "ffmpeg, lowres": (2.2, 0.96, 80)}  # fmt: skip
QUALITY = {"ideal": (75, 77.5, 1), "scantling": (13, 77.2, 0.86), "sharp": (41, 75.8, 1.0), "vipsthumbnail": (44, 75.7, 1.0),
           "ImageMagick": (160, 77.6, 1.12),
           "Pillow": (36, 74.1, 1.05), "ffmpeg": (38, 72.9, 1.1)}  # fmt: skip
SHAPES = ("pack 4928", "horz blocks 4000->1600", "horz blocks 4000->400, 8 lanes", "horz samples 4000->1600", "vert 1600, 9 rows",
          "fdct 200 blocks", "quantise 200 blocks")


def draw_png(width, height, seed):
    noise = random.Random(seed)
    rows = b"".join(b"\0" + bytes(int(128 + 90 * math.sin(x / 9 + seed) * math.cos(y / 13) + noise.choice((-12, 0, 0, 12)))
                                  for x in range(width) for _ in range(3))
                    for y in range(height))  # fmt: skip

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Sample:
    def __init__(self):
        self.random = random.Random(20261126)

    def near(self, x, part=0.12):
        return round(x * self.random.uniform(1 - part, 1 + part), 4)

    def pair(self, photo, ours, ratio, n_bytes):
        ours = self.near(ours, 0.3)
        theirs = self.near(ours * ratio, 0.2)
        return {"file": photo, "width": 4000, "height": 3000, "sharp_ms": theirs, "our_ms": ours, "ratio": theirs / ours,
                "stages": {"plan": 0.2, "decode": round(ours * 0.45, 3), "resize": round(ours * 0.3, 3), "encode": round(ours * 0.24, 3),
                           "total": ours},
                "sharp_bytes": int(self.near(n_bytes)), "our_bytes": int(self.near(n_bytes * 0.85))}  # fmt: skip

    def compare(self):
        jobs = [{"name": name, "widths": widths, "photos": [self.pair(p, ms, ratio, 4e5) for p in PHOTOS]} for (name, widths, ms),
                ratio in zip(JOBS, (2.9, 2.1, 4.6))]
        for job in jobs:
            job["median_ratio"] = sorted(p["ratio"] for p in job["photos"])[len(PHOTOS) // 2]
        for job, part in zip(jobs, (1.7, 0.5, 1.4)):  # of sharp's time: at 400 wide ours is at times the slower one
            for p in job["photos"]:
                ms = p["sharp_ms"] * part
                p.update(pillow_ms=ms, pillow_ratio=ms / p["our_ms"], pillow_bytes=int(p["sharp_bytes"] * 1.02))
            job["median_pillow_ratio"] = sorted(p["pillow_ratio"] for p in job["photos"])[len(PHOTOS) // 2]
        return {"sharp": "0.0.0", "vips": "0.0.0", "pillow": "0.0.0", "jobs": jobs, "floor": ["sample"]}

    def formats(self):
        titles = (("png-png", "PNG to PNG, defaults", 1.5), ("png-jpeg", "PNG to JPEG", 1.7), ("png-webp", "PNG to WebP", 1.2),
                  ("jpeg-webp", "JPEG to WebP", 1.3),
                  ("jpeg-png", "JPEG to PNG, defaults", 0.93), ("webp-jpeg", "WebP to JPEG", 1.1),
                  ("rgba-webp", "PNG with alpha to WebP", 1.08))  # fmt: skip
        jobs = [{"name": n, "title": t, "target": None, "photos": [self.pair(p, 90, ratio, 9e5)
                                                                   for p in PHOTOS[: 1 if n.startswith("rgba") else 5]]} for n, t,
                ratio in titles]
        return {"sharp": "0.0.0", "vips": "0.0.0", "jobs": jobs, "scores": []}

    def processes(self):
        unhinted = {t.replace(", draft", ""): p for t, p in PEERS.items() if not t.endswith((", hint", ", lowres"))}
        jobs = [self.process_job(name, ms, PEERS) for name, _, ms in JOBS]
        return {"rounds": 5, "remarks": [], "jobs": jobs + [
            {**self.process_job(name, ms, PEERS if source == "jpeg" else unhinted), "from": source, "to": to}
            for name, source, to, ms in FORMAT_JOBS]}  # fmt: skip

    def process_job(self, name, ms, peers):
        summary = {}
        for tool, (cpu, wall, mib) in peers.items():
            cpu, wall, mib = ((1, 1, 22) if tool == "scantling" else (self.near(cpu), self.near(wall, 0.02), self.near(mib)))
            summary[tool] = {"cpu_ms": ms * cpu, "cpu_ms_ratio": cpu, "wall_ms": ms * wall, "wall_ms_ratio": wall,
                             "peak_kib": int(mib * 1024),
                             "peak_kib_ratio": mib / 22, "bytes": int(self.near(3e6)), "photos": len(PHOTOS)}  # fmt: skip
        return {"job": name, "photos": [], "summary": summary}

    def throughput(self):
        jobs = []
        for (name, widths, ms), ratio in zip(JOBS, (2.6, 1.9, 3.8)):
            ours = [self.near(2000 / ms, 0.05) for _ in range(5)]
            theirs = [self.near(2000 / ms / ratio, 0.05) for _ in range(5)]
            a, b = sorted(ours)[2], sorted(theirs)[2]
            jobs.append({"name": name, "widths": widths, "ours": {"images_per_s": a, "all": ours},
                         "sharp": {"images_per_s": b, "all": theirs}, "ratio": a / b})
        return {"n_threads": 2, "rounds": 5, "jobs": jobs}

    def score(self, base):
        return {"ssimulacra2": round(base + self.random.uniform(-4, 4), 3), "butteraugli_max": self.near(200 / base, 0.2),
                "butteraugli_3norm": self.near(75 / base, 0.2),
                "psnr_y": self.near(base / 2, 0.06)}  # fmt: skip

    def percent(self, tool):
        middle = 0.0 if tool == "scantling" else round(self.random.uniform(-4, 34), 3)
        return {"percent": middle, "low": middle and middle - 3.5, "high": middle and middle + 5.25}

    def quality(self):
        rows = [{"tool": tool, "photo": photo, "width": width, "cpu_ms": self.near(ms * width / 1600 + 4),
                 "bytes": int(self.near(3.4e5 * size * (width / 1600) ** 2)),
                 "gamma": self.score(base), "linear": self.score(base - 3)}
                for tool, (ms, base, size) in QUALITY.items() for photo in PHOTOS for width in (1600, 400)]  # fmt: skip
        bd = [{"tool": tool, "width": width, **self.percent(tool), "n_photos": len(PHOTOS)}
              for tool in QUALITY if tool != "ideal" for width in (1600, 400)]  # fmt: skip
        curves = [{"tool": tool, "photo": photo, "width": width, "points": [
            {"quality": q, "bytes": int(self.near(3.4e5 * size * (width / 1600) ** 2 * (q / 80) ** 1.8, 0.04)),
             "ssimulacra2": base - (80 - q) * 0.45} for q in (60, 70, 80, 90)]}
            for tool, (_, base, size) in QUALITY.items() if tool != "ideal" for photo in PHOTOS[:3] for width in (1600, 400)]  # fmt: skip
        crops = [{"tool": tool, "photo": photo, "width": 1600, "png_base64": base64.b64encode(draw_png(240, 160, k)).decode(),
                  "ssimulacra2": base, "bytes": 340000}
                 for photo in (PHOTOS[0], ODD) for k, (tool, (_, base, _)) in enumerate(QUALITY.items())]  # fmt: skip
        return {"photos": PHOTOS, "widths": [1600, 400], "quality": 80, "rows": rows, "bd_rate": bd, "curves": curves, "crops": crops,
                "remarks": ["ffmpeg, lowres, Oppo_R7_Plus.jpg, 400 wide: left out: a row too many <sample>"]}  # fmt: skip

    def scaling(self):
        pixels = [{"mp": mp, "coding": coding, "ms": self.near(ms * mp, 0.05), "peak_mib": self.near(base + part * mp, 0.03)}
                  for coding, ms, base, part in (("baseline", 2.8, 8, 0.02), ("progressive", 9, 8, 3.1))
                  for mp in (1, 4, 12, 48, 100)]  # fmt: skip
        return {"pixels": pixels, "sizes": [{"n": n, "ms": 20 + 4.4 * n} for n in (1, 2, 4, 6, 8)],
                "workers": [{"n": n, "images_per_s": 40 * n**0.95} for n in (1, 2, 4)],
                "fit": {"ms_exponent_of_mp": 0.987, "mib_per_mp": 0.0213, "ms_per_further_size": 4.4}}  # fmt: skip

    def kernel(self):
        slots = []
        for shape in SHAPES:
            c = self.near(900, 0.5)
            for dsp, ratio in (("c", 1), ("sse4", 4.2), ("hwy", 5), ("avx2", 0.98 if shape.startswith("pack") else 8.3)):
                slots.append({"shape": shape, "dsp": dsp, "ns": c * 1600 / ratio / 1000, "ps_per_sample": c / ratio, "ratio": ratio})
        planes = [{"job": job, "name": name, "ms": self.near(1.9 * ratio, 0.01), "ratio": ratio, "db": db, "max": 1.2}
                  for job in ("lanczos3-4928x3279-852x567", "area-2560x1600-320x200")
                  for name, ratio, db in (("ours", 1, 58.9), ("zimg", 1.4, 58.7), ("swscale", 3.1, 47.2), ("libvips", 2.6, 52.3),
                                          ("libyuv", 0.7, 31.4), ("pillow", 2.2, 58))]  # fmt: skip
        return {"slots": slots, "bandwidth": {"read_gb_s": 11.3, "copy_gb_s": 7.9}, "planes": planes}

    def service(self):
        names = ("worker -j 1", "worker -j 1 --no-sandbox", "worker -j 2", "function resize, warm")
        rows = [{"name": name, "events_per_s": self.near(80), "ours_ms": 9.6, "server_ms": 2.9, "per_core": 104.2, "cpu_ms": 5.9,
                 "decode_ms": 1.4, "resize_ms": 1.8,
                 "encode_ms": 1.8, "latency_ms": {"p50": 12.1, "p90": 15.8, "p99": 31, "max": 88.4, "n": 300}}
                for name in names]  # fmt: skip
        return {"rows": rows, "warm_ms": 0.41, "warm_ratio": 0.03, "cold_ms": 9.02,
                "latency_ms": {"p50": 11.1, "p90": 14.8, "p99": 30, "max": 81.4, "n": 60},
                "rss_kib": {"1": 13500, "100": 15300, "1000": 15700},
                "held": {"minutes": 10, "events": 51234, "events_per_s": 85.4,
                         "latency_ms": {"p50": 13.1, "p90": 18.8, "p99": 39, "max": 98.4, "n": 51234},
                         "rss_kib": [[s, 14000 + int(1500 * (1 - math.exp(-s / 60)))] for s in range(0, 601, 10)]}}  # fmt: skip

    def arm_model(self):
        def slot(shape, dsp, cpus):
            return {"shape": shape, "dsp": dsp, "instructions": 1.5, "model": {
                cpu: {"cycles": self.near(0.7, 0.5), "ports": 0.6, "front": 0.4, "ratio": self.near(1.2)} for cpu in cpus}}  # fmt: skip

        jobs = [{"picture": "natural_420_1024x768.jpg", "arch": arch, "widths": widths, "dsp": dsp, "instructions": int(self.near(4e7))}
                for widths in ("1600", "400", "1600,1080,400,200")
                for arch, dsp in (("arm64", "neon"), ("arm64", "dotprod"), ("x86", "avx2"))]  # fmt: skip
        return {"cpu": "Sample CPU", "clock_ghz": 3.1, "jobs": jobs,
                "measured": [{"shape": s, "dsp": "avx2", "ps_per_sample": self.near(220, 0.4)} for s in SHAPES],
                "arm64": [slot(s, d, ("neoverse-n1", "neoverse-v1", "neoverse-v2")) for s in SHAPES for d in ("neon", "dotprod")],
                "x86": [slot(s, "avx2", ("icelake-server", "znver4")) for s in SHAPES],
                "estimate": {"calibration": {"cpu": "Sample CPU", "model": "znver4", "measured_over_model": 1.21, "slots": 11, "low": 1.02, "high": 1.6},
                             "cpus": {cpu: {"clock_ghz": 2.6, "instructions": 1.1, "cycles_per_instruction": 0.4, "time_over_here": ratio, "low": ratio * 0.8,
                                            "high": ratio * 1.3, "is": "model"} for cpu, ratio in (("neoverse-n1", 1.4), ("neoverse-v2", 0.97))}}}  # fmt: skip

    def cost(self):
        usual = {"S3 writes": 20.0, "S3 reads": 2.9, "S3 storage, originals": 67.4, "S3 storage, outputs": 11.3, "Lambda requests": 0.2,
                 "SQS": 1.2, "DynamoDB": 0.013,
                 "logs": 0.95, "CDN requests": 10.0, "CDN egress": 131.2}  # fmt: skip
        found = []
        for arch in ("arm64", "x86_64"):
            for tool, cpu in (("ours", 0.61), ("sharp", 2.4)):
                usd = {"Lambda, CPU": cpu, "Lambda, waiting": 3.8, **usual}
                total = sum(usd.values())
                found.append({"arch": arch, "tool": tool, "model": True, "usd": usd, "total": total, "cpu_share": cpu / total,
                              "cpu_error": cpu / 4 if arch == "arm64" else 0})
        return {"components": found, "assumptions": ["A sample assumes nothing."],
                "words": ["ours, x86_64: egress dominates, says a sample."]}

    def make(self):
        return {
            "format": 1, "sample": True,
            "machine": {"cpu": "Sample CPU", "n_cpus": 2, "memory_gib": 7.8, "architecture": "x86_64", "flags": ["avx2"],
                        "system": "Sample 12", "kernel": "0.0"},
            "software": {"scantling": "scantling 0.0.0", "commit": "0" * 40, "compiler": "gcc 0", "libraries": {"libjpeg-turbo": "0.0"},
                         "sharp": "0.0.0", "vips": "0.0.0"},
            "run": {"date": "2026-01-01", "mode": "full", "seconds": {"compare": 10.5}, "photos": PHOTOS, "left_out": []},
            "compare": self.compare(), "formats": self.formats(), "processes": self.processes(), "throughput": self.throughput(),
                "quality": self.quality(),
            "scaling": self.scaling(), "kernel": self.kernel(), "service": self.service(), "arm_model": self.arm_model(),
                "cost": self.cost(),
            "instructions": {"x86_64": {"compiler": "gcc 0", "counter": "callgrind",
                                        "jobs": {"jpeg to 400": 17863341, "png to 400": 153596717}},
                             "arm64": {"compiler": "gcc 0", "counter": "qemu", "jobs": {"jpeg to 400": 22168056, "png to 400": 157194119}}},
        }  # fmt: skip


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(Sample().make(), out, indent=1)
