"""Figures of bench/report about time and memory: jobs, stages, processes, threads, formats, scaling, kernel, instructions.

Each function takes the result and returns a Figure, some of them, or None where the result has nothing to draw.
"""

import re

import report_plots as plots
from report_base import Figure, Swatch, is_number, number, role_of, several, spread, times, unique

STAGES = (("plan", "s4"), ("decode", "s1"), ("resize", "s2"), ("encode", "s3"))
TOOLS = [Swatch("ours", "ours"), Swatch("sharp", "sharp"), Swatch("others", "peer")]
LEGEND_STRIP = [Swatch("a photograph", "ours"), Swatch("median", "ink", "line"), Swatch("middle half", "ours", "paler")]


def photos_of(job):
    return [p for p in job.get("photos") or [] if p.get("our_ms") and p.get("sharp_ms")]


def of_jobs(result, section):
    return [j for j in (result.get(section) or {}).get("jobs") or [] if photos_of(j)]


def counted(job):
    """Photographs that medians are of, as bench/compare and bench/formats have it: neither progressive ones nor those that are small already."""
    photos = photos_of(job)
    large = [p for p in photos if max(p.get("width") or 0, p.get("height") or 0) > 1600] if "title" in job else []
    return large or [p for p in photos if not p["file"].startswith("progressive")] or photos


def ratios(job):
    return [p["ratio"] for p in counted(job)]


# ---- beside sharp and Pillow, in process


def draw_jobs(result):
    figures = []
    for key, peer, of in (("jobs", "sharp", "ratio"), ("jobs-pillow", "Pillow", "pillow_ratio")):
        found = [(j["name"], [p[of] for p in counted(j) if is_number(p.get(of))]) for j in of_jobs(result, "compare")]
        found = [(name, values) for name, values in found if values]
        if not found:
            continue
        names, values = map(list, zip(*found))
        spreads = [spread(v) for v in values]
        title = f"CPU time of {peer} over ours"
        most = several(max(s["n"] for s in spreads), "photograph")
        about = (f"In process, warm, memory to memory, one thread, alternating; {most}, each the median of its rounds. "
                 "Above 1, ours is quicker. Progressive ones are not among them: their figures are below, with the stages.")  # fmt: skip
        if peer == "Pillow":
            about += " Pillow is Debian's, by Image.thumbnail, whose draft mode lets the decoder shrink."
        desc = "; ".join(f"{n}: median {times(s['median'])}, from {times(s['least'])} to {times(s['most'])}"
                         for n, s in zip(names, spreads))
        svg = plots.strips(key, title, desc, names, values, f"{peer}'s CPU ms over ours")
        figures.append(Figure(key, title, "measured", about, svg, desc,
                              ["job", "photographs", "median", "least", "quarter", "three quarters", "most"],
                              [[n, *(s[k] for k in ("n", "median", "least", "q1", "q3", "most"))] for n, s in zip(names, spreads)],
                              LEGEND_STRIP))  # fmt: skip
    return figures or None


def draw_stages(result):
    figures = []
    for i, job in enumerate(of_jobs(result, "compare"), 1):
        photos = [p for p in photos_of(job) if p.get("stages")]
        if not photos:
            continue
        key, title = f"stages-{i}", f"Stages of a job: {job['name']}"
        stages = [(role, [p["stages"].get(name, 0) for p in photos]) for name, role in STAGES]
        pillow = [p["pillow_ms"] for p in photos if is_number(p.get("pillow_ms"))]
        desc = (f"CPU time of {several(len(photos), 'photograph')} by stage; in the median "
                f"ours takes {number(spread([p['our_ms'] for p in photos])['median'])} ms, "
                f"sharp {number(spread([p['sharp_ms'] for p in photos])['median'])} ms")  # fmt: skip
        about = "CPU ms of our stages in the last round; the stroke is all of sharp's job."
        marks, swatches = [("sharp", [p["sharp_ms"] for p in photos])], [Swatch("sharp, all of it", "sharp", "line")]
        head = ["photograph", "pixels", *(n for n, _ in STAGES), "ours, ms", "sharp, ms", "ratio", "our bytes", "sharp's bytes"]
        rows = [[p["file"], f"{p.get('width', '?')}x{p.get('height', '?')}", *(p["stages"].get(n, 0) for n, _ in STAGES), p["our_ms"],
                 p["sharp_ms"], p["ratio"],
                 p.get("our_bytes"), p.get("sharp_bytes")] for p in photos]  # fmt: skip
        if pillow:
            desc += f", Pillow {number(spread(pillow)['median'])} ms" + (f" of {len(pillow)}" if len(pillow) < len(photos) else "")
            about = "CPU ms of our stages in the last round; the strokes are all of sharp's job and all of Pillow's."
            marks.append(("peer", [p.get("pillow_ms") for p in photos]))
            swatches.append(Swatch("Pillow, all of it", "peer", "line"))
            head += ["Pillow, ms", "Pillow over ours", "Pillow's bytes"]
            rows = [[*r, *(p.get(k) for k in ("pillow_ms", "pillow_ratio", "pillow_bytes"))] for r, p in zip(rows, photos)]
        svg = plots.stacked(key, title, desc, [p["file"] for p in photos], stages, "CPU ms", marks)
        figures.append(Figure(key, title, "measured", about, svg, desc, head, rows,
                              [*(Swatch(n, r) for n, r in STAGES), *swatches]))  # fmt: skip
    return figures or None


# ---- whole processes

PROCESSES = (("cpu_ms", "CPU time", "CPU ms, median photograph", 1), ("wall_ms", "Wall time", "wall ms, median photograph", 1),
             ("peak_kib", "Peak memory", "MiB, median photograph", 1 / 1024),
             ("bytes", "Bytes written", "MB a photograph, mean", 1e-6))  # fmt: skip


def draw_processes(result):
    jobs = [j for j in (result.get("processes") or {}).get("jobs") or [] if j.get("summary")]
    jpeg, others = [j for j in jobs if "from" not in j], [j for j in jobs if "from" in j]
    return [*draw_process_jobs(result, jpeg, "processes", "whole processes"),
            *draw_process_jobs(result, others, "processes-formats", "whole processes, PNG and WebP")] or None


def draw_process_jobs(result, jobs, prefix, whose):
    """A figure of each measure, with a bar of every job; [] without jobs."""
    if not jobs:
        return []
    tools = unique(t for j in jobs for t in j["summary"])
    figures, looks = [], ("fill", "pale", "paler", "palest")
    n = max(s.get("photos", 0) for j in jobs for s in j["summary"].values())
    for measure, what, xlabel, scale in PROCESSES:
        key, title = f"{prefix}-{measure.replace('_', '-')}", f"{what} of {whose}"
        series, rows = [], []
        for k, job in enumerate(jobs[: len(looks)]):
            found = [job["summary"].get(t) or {} for t in tools]
            values = [s[measure] * scale / (s.get("photos") or 1 if measure == "bytes" else 1) if measure in s else None for s in found]
            series.append(([role_of(t) for t in tools], plots.PALE[k], values, None))
            rows += [[job["job"], t, s[measure], s.get(measure + "_ratio"), s.get("photos")] for t, s in zip(tools, found) if measure in s]
        if not rows:
            continue
        desc = "; ".join(f"{r[1]} {number(r[2])}" for r in rows if r[0] == jobs[0]["job"]) + f" ({measure}, {jobs[0]['job']})"
        head = ["job", "tool", {"peak_kib": "KiB", "bytes": "bytes of all outputs, sum"}.get(measure, "ms"), "over ours", "photographs"]
        if measure == "bytes":
            head, rows = [*head[:3], head[4]], [[*r[:3], r[4]] for r in rows]
        rounds = several(result["processes"].get("rounds") or 0, "round")
        about = f"From file to file, as users call each tool; {several(n, 'photograph')}, {rounds}. " + (
            "All outputs of a job together." if measure == "bytes" else "Medians over rounds, then over photographs.")  # fmt: skip
        figures.append(Figure(key, title, "measured", about, plots.bars(key, title, desc, tools, series, xlabel), desc, head, rows,
                              [Swatch(j["job"], "ours", look) for j, look in zip(jobs, looks)]))  # fmt: skip
    return figures


# ---- many at once, and other formats


def draw_throughput(result):
    data = result.get("throughput") or {}
    jobs = [j for j in data.get("jobs") or [] if j.get("ours") and j.get("sharp")]
    if not jobs:
        return None
    title, names = f"Images a second on {several(data.get('n_threads', 1), 'thread')}", [j["name"] for j in jobs]

    def of(who):
        return ([j[who]["images_per_s"] for j in jobs], [(min(j[who]["all"]), max(j[who]["all"])) if j[who].get("all") else None
                                                         for j in jobs])

    series = [("ours", 1, *of("ours")), ("sharp", 1, *of("sharp"))]
    desc = "; ".join(f"{j['name']}: ours {number(j['ours']['images_per_s'])}, sharp {number(j['sharp']['images_per_s'])}" for j in jobs)
    rows = [[j["name"], who, j[who]["images_per_s"], *(series[k][3][i] or (None, None)), j["ratio"]] for i, j in enumerate(jobs)
            for k, who in enumerate(("ours", "sharp"))]
    about = ("From files to files, wall time; sharp in process, warm, in the quicker of its two ways: many pictures, or many threads. "
             f"Median of {several(data.get('rounds', 0), 'round')}, the line spans all of them.")
    return Figure("throughput", title, "measured", about, plots.bars("throughput", title, desc, names, series, "images/s"), desc,
                  ["job", "tool", "images/s", "least", "most", "ours over sharp"], rows, TOOLS[:2])  # fmt: skip


def draw_formats(result):
    jobs = of_jobs(result, "formats")
    if not jobs:
        return None
    names = [j.get("title") or j["name"] for j in jobs]
    time_rows, byte_rows = [ratios(j) for j in jobs], [[p["our_bytes"] / p["sharp_bytes"] for p in counted(j)] for j in jobs]
    figures = []
    for key, title, xlabel, values, about in (
        ("formats-time", "PNG and WebP: CPU time of sharp over ours", "sharp's CPU ms over ours", time_rows, "Above 1, ours is quicker."),
        ("formats-bytes", "PNG and WebP: our bytes over sharp's", "our bytes over sharp's", byte_rows, "Below 1, ours are smaller."),
    ):
        spreads = [spread(v) for v in values]
        desc = "; ".join(f"{n}: median {times(s['median'])}" for n, s in zip(names, spreads))
        rows = [[n, p["file"], p["sharp_ms"], p["our_ms"], p["ratio"], p["sharp_bytes"], p["our_bytes"]]
                for n, j in zip(names, jobs) for p in photos_of(j)]
        most = several(max(s["n"] for s in spreads), "photograph")
        figures.append(Figure(key, title, "measured", f"1600 wide, in process, as above; up to {most} a job. {about}",
                              plots.strips(key, title, desc, names, values, xlabel), desc,
                              ["job", "photograph", "sharp, ms", "ours, ms", "ratio", "sharp's bytes", "our bytes"], rows,
                              LEGEND_STRIP))  # fmt: skip
    return figures


# ---- larger pictures, more sizes, more threads


def draw_scaling(result):
    data, figures = result.get("scaling") or {}, []
    fit = data.get("fit") or {}
    pixels = [p for p in data.get("pixels") or [] if p.get("mp")]
    codings = unique(p["coding"] for p in pixels)
    roles = dict(zip(codings, ("ours", "s3", "s2", "s4")))
    for key, measure, title, ylabel, is_log, fitted in (
        ("scaling-time", "ms", "Time by size of the picture", "CPU ms", True,
         ("ms_exponent_of_mp", "time of baseline ones grows with the power {} of the megapixels")),
        ("scaling-memory", "peak_mib", "Peak memory by size of the picture", "MiB", False,
         ("mib_per_mp", "{} MiB a megapixel of baseline ones")),
    ):
        found = [p for p in pixels if p.get(measure) is not None]
        if not found:
            continue
        series = [(roles[c], *zip(*sorted((p["mp"], p[measure]) for p in found if p["coding"] == c))) for c in codings
                  if any(p["coding"] == c for p in found)]
        desc = "; ".join(f"{c}: {number(s[2][0])} at {number(s[1][0])} megapixels, {number(s[2][-1])} at {number(s[1][-1])}"
                         for c, s in zip(codings, series))
        sizes = several(len(unique(p["mp"] for p in found)), "size")
        about = f"1600 wide of {sizes} of one scene, whole processes; points are measured." + fit_words(fit, *fitted)
        figures.append(Figure(key, title, "measured", about, plots.lines(key, title, desc, [(r, list(x), list(y)) for r, x, y in series],
                                                                         "megapixels", ylabel, is_log=is_log),
                              desc, ["megapixels", "coding", ylabel], [[p["mp"], p["coding"], p[measure]] for p in found],
                              [Swatch(c, roles[c]) for c in codings]))  # fmt: skip
    for key, section, measure, title, xlabel, ylabel, fitted in (
        ("scaling-sizes", "sizes", "ms", "Time by number of sizes", "sizes of one picture", "CPU ms",
         ("ms_per_further_size", "{} ms a further size")),
        ("scaling-workers", "workers", "images_per_s", "Images a second by threads", "threads", "images/s", (None, "")),
    ):
        found = sorted((p["n"], p[measure]) for p in data.get(section) or [] if p.get(measure) is not None)
        if not found:
            continue
        xs, ys = map(list, zip(*found))
        series, legend, kind, about = [("ours", xs, ys)], [Swatch("ours",
                                                                  "ours")], "measured", "One picture, one thread." + fit_words(fit, *fitted)
        head, rows = [xlabel, ylabel], [list(p) for p in found]
        if section == "workers":
            ideal = [ys[0] / xs[0] * x for x in xs]
            series.append(("muted", xs, ideal))
            legend, kind = [Swatch("ours, measured", "ours"), Swatch("model: proportional to threads", "muted", "line")], "both"
            about = "The dashed line is a model, not a measurement: as many times the first point as there are threads."
            head, rows = [*head, "proportional (model)"], [[*r, x] for r, x in zip(rows, ideal)]
        desc = f"{ylabel} {number(ys[0])} at {xs[0]}, {number(ys[-1])} at {xs[-1]}"
        figures.append(Figure(key, title, kind, about, plots.lines(key, title, desc, series, xlabel, ylabel, dashed=(1,)), desc, head,
                              rows, legend))
    return figures or None


def fit_words(fit, name, words):
    return f" By a fit, which is a model: {words.format(number(fit[name]))}." if name and fit.get(name) is not None else ""


# ---- the kernel


def slot_limits(result):
    """Model, by shape and implementation: ps a sample that memory alone would take at the bandwidth that was measured, and the busiest
    execution port by llvm-mca's model of the nearest CPU at the clock that was measured."""
    kernel, model = result.get("kernel") or {}, result.get("arm_model") or {}
    machine, calibration = kernel.get("bandwidth") or {}, (model.get("estimate") or {}).get("calibration") or {}
    limits = {}
    for s in kernel.get("slots") or []:
        if s.get("bytes_per_sample") and machine.get("read_gb_s"):
            limits[s["shape"], s["dsp"]] = [1000 * s["bytes_per_sample"] / machine["read_gb_s"], None]
    for row in model.get("x86") or []:
        ports = (row["model"].get(calibration.get("model")) or {}).get("ports")
        if ports and machine.get("clock_ghz"):
            limits.setdefault((row["shape"], row["dsp"]), [None, None])[1] = 1000 * ports / machine["clock_ghz"]
    return limits


def draw_slots(result):
    slots = [s for s in (result.get("kernel") or {}).get("slots") or [] if s.get("ps_per_sample")]
    if not slots:
        return None
    shapes, dsps = unique(s["shape"] for s in slots), unique(s["dsp"] for s in slots)
    found, limits = {(s["shape"], s["dsp"]): s for s in slots}, slot_limits(result)
    roles = {d: "peer" if d == "c" else r for d, r in zip(dsps, ("peer", "s3", "s2", "s4", "s1", "s5", "s6"))}
    roles[dsps[-1]] = "ours"
    title = "Kernel: every slot by implementation"
    series = [(roles[d], "fill", [(found.get((s, d)) or {}).get("ps_per_sample") for s in shapes]) for d in dsps]
    desc = "; ".join(f"{s}: " + ", ".join(f"{d} {number(found[s, d]['ps_per_sample'])}" for d in dsps if (s, d) in found) for s in shapes)
    about = "Picoseconds for a sample of the result, one thread, data in cache; medians. c is the reference, which defines the result."
    table = []
    for s in slots:
        memory, ports = limits.get((s["shape"], s["dsp"]), (None, None))
        table.append([s["shape"], s["dsp"], s["ps_per_sample"], s.get("ps_low"), s.get("ps_high"), s.get("ns"), s.get("ratio"), memory, ports])
    swatches, floor = [Swatch(d, roles[d]) for d in dsps], []
    for shape in shapes:  # the higher of the two limits of the fastest implementation
        floor.append(max((v for v in limits.get((shape, dsps[-1]), ()) if v), default=None))
    if any(floor):
        series.append(("ideal", "diamond", floor))
        swatches.append(Swatch("model: the roofline", "ideal", "diamond"))
        about += (f" Diamonds are a model, the roofline of {dsps[-1]}: what memory would take at the bandwidth that was measured if nothing stayed in the "
                  "cache, or the busiest execution port by llvm-mca, whichever is more.")  # fmt: skip
        desc += "; roofline by model: " + ", ".join(f"{s} {number(f)}" for s, f in zip(shapes, floor) if f)
    return Figure("slots", title, "both" if any(floor) else "measured", about,
                  plots.points("slots", title, desc, shapes, series, "ps a sample, fewer are better", is_log=True), desc,
                  ["shape", "implementation", "ps a sample", "lower quartile", "upper quartile", "ns a call", "c over it", "memory, ps (model)",
                   "ports, ps (model)"], table, swatches)  # fmt: skip


def least_ms(job, bandwidth):
    """Model: what reading the source and writing the result once takes at the bandwidth that was measured; None if unknown."""
    sizes = [int(a) * int(b) for a, b in re.findall(r"(\d+)x(\d+)", job)]
    read = (bandwidth or {}).get("read_gb_s")
    return sum(sizes) / read / 1e6 if len(sizes) == 2 and read else None


def draw_planes(result):
    kernel = result.get("kernel") or {}
    planes, figures = [p for p in kernel.get("planes") or [] if p.get("ms") and p.get("db")], []
    for i, job in enumerate(unique(p["job"] for p in planes), 1):
        rows = sorted((p for p in planes if p["job"] == job), key=lambda p: p["ms"])
        floor = least_ms(job, kernel.get("bandwidth"))
        key, title = f"planes-{i}", f"One plane, {job}"
        desc = "; ".join(f"{p['name']} {number(p['ms'])} ms, {number(p['db'])} dB" for p in rows)
        about = ("CPU ms of a plane of 8 bits, every resizer planning anew, one thread, medians; dB against double precision. "
                 "Up and to the left is better; the line joins those that none beats in both.")  # fmt: skip
        table = [[p["name"], p["ms"], p["ratio"], p["db"], p["max"]] for p in rows]
        if floor:
            about += f" The vertical line is a model: source and result moved once at {number(kernel['bandwidth']['read_gb_s'])} GB/s, which was measured."
            desc += f"; memory alone, by model, {number(floor)} ms"
            table.append(["memory (model)", floor, None, None, None])
        svg = plots.scatter(key, title, desc, [(p["name"], role_of(p["name"]), p["ms"], p["db"]) for p in rows], "CPU ms", "dB", 220,
                            (floor, "memory (model)") if floor else None)  # fmt: skip
        figures.append(Figure(key, title, "both" if floor else "measured", about, svg, desc,
                              ["resizer", "ms", "over ours", "dB", "largest error"], table,
                              [Swatch("ours", "ours"), Swatch("peers", "peer")] + [Swatch("model: the roofline", "ideal",
                                                                                          "line")] * bool(floor)))  # fmt: skip
    return figures or None


def draw_instructions(result):
    found = {a: d["jobs"] for a, d in (result.get("instructions") or {}).items() if isinstance(d, dict) and d.get("jobs")}
    if not found:
        return None
    names, roles = unique(n for jobs in found.values() for n in jobs), ("ours", "s3", "s2")
    title = "Instructions of fixed jobs"
    series = [(r, 1, [jobs[n] / 1e6 if n in jobs else None for n in names], None) for r, jobs in zip(roles, found.values())]
    desc = "; ".join(f"{a}, {n}: {number(v / 1e6)} million" for a, jobs in found.items() for n, v in jobs.items())
    by = ", ".join(f"{a} by {result['instructions'][a].get('counter', '?')}, {result['instructions'][a].get('compiler', '?')}"
                   for a in found)
    return Figure("instructions", title, "measured", f"Counted, not timed: {by}. One warm run of each job; the same on any machine.",
                  plots.bars("instructions", title, desc, names, series, "million instructions"), desc,
                  ["architecture", "job", "instructions"],
                  [[a, n, v] for a, jobs in found.items() for n, v in jobs.items()],
                  [Swatch(a, r) for a, r in zip(found, roles)])  # fmt: skip



