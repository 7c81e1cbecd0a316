"""Figures of bench/report about the pipeline, what it costs (a model), and arm64 (a model).

A mark that is a model is hatched or a diamond, and the word stands in its title, its axis and its table.
"""

import report_plots as plots
from report_base import Figure, Swatch, is_number, is_ours, number, several, unique

# ---- the pipeline

PARTS = (("decode", "s1"), ("resize", "s2"), ("encode", "s3"), ("rest of the job", "s4"), ("HTTP, signatures, sandbox", "s5"))
PERCENTILES = ("p50", "p90", "p99", "max")


def rows_of(result):
    return [r for r in (result.get("service") or {}).get("rows") or [] if r.get("events_per_s")]


def draw_events(result):
    rows = rows_of(result)
    if not rows:
        return None
    names, title = [r["name"] for r in rows], "Events a second"
    series = [("ours", 1, [r["events_per_s"] for r in rows], None), ("peer", 1, [r.get("per_core") for r in rows], None)]
    desc = "; ".join(f"{r['name']}: {number(r['events_per_s'])}" for r in rows)
    about = "An event is a photograph of 1 megapixel that becomes 800, 400 and 200 wide. The server is the tests' own and shares the machine."
    return Figure("events", title, "measured", about, plots.bars("events", title, desc, names, series, "events/s"), desc,
                  ["program", "events/s", "events/s of a core of ours", "our CPU ms", "the server's CPU ms"],
                  [[r["name"], r["events_per_s"], r.get("per_core"), r.get("ours_ms"), r.get("server_ms")] for r in rows],
                  [Swatch("with the server on the same machine", "ours"),
                   Swatch("of a core of ours: 1 s over our CPU time", "peer")])  # fmt: skip


def parts_of(row):
    """CPU ms of an event by PARTS."""
    stages = [row.get(k) or 0 for k in ("decode_ms", "resize_ms", "encode_ms")]
    job = row.get("cpu_ms") or 0
    return [*stages, max(0, job - sum(stages)), max(0, row["ours_ms"] - max(job, sum(stages)))]


def draw_event_cpu(result):
    rows = [r for r in rows_of(result) if r.get("ours_ms")]
    if not rows:
        return None
    names, parts, title = [r["name"] for r in rows], [parts_of(r) for r in rows], "CPU time of an event"
    series = [(role, [p[k] for p in parts]) for k, (_, role) in enumerate(PARTS)]
    desc = "; ".join(f"{r['name']}: {number(r['ours_ms'])} ms" for r in rows)
    return Figure("event-cpu", title, "measured", "All that our processes take, children included; stages by our log.",
                  plots.stacked("event-cpu", title, desc, names, series, "CPU ms an event"), desc,
                  ["program", *(n for n, _ in PARTS), "all of ours"],
                  [[n, *p, r["ours_ms"]] for n, p, r in zip(names, parts, rows)], [Swatch(n, r) for n, r in PARTS])  # fmt: skip


def draw_latency(result):
    service = result.get("service") or {}
    held = service.get("held") or {}
    rows = [*rows_of(result), {"name": "function resize, warm, one after the other", "latency_ms": service.get("latency_ms")},
            {"name": f"worker, held at {number(held.get('events_per_s'))} events/s", "latency_ms": held.get("latency_ms")}]  # fmt: skip
    rows = [r for r in rows if all(is_number((r.get("latency_ms") or {}).get(p)) for p in PERCENTILES)]
    if not rows:
        return None
    names, title = [r["name"] for r in rows], "Latency of an event"
    series = [(role, "fill", [r["latency_ms"][p] for r in rows]) for p, role in zip(PERCENTILES, ("ours", "s3", "s2", "s5"))]
    desc = "; ".join(f"{r['name']}: " + ", ".join(f"{p} {number(r['latency_ms'][p])} ms" for p in PERCENTILES) for r in rows)
    about = "Wall time of an event; 50, 90 and 99 of a hundred take no longer than p50, p90 and p99."
    return Figure("latency", title, "measured", about, plots.points("latency", title, desc, names, series, "ms", is_log=True), desc,
                  ["program", *(f"{p}, ms" for p in PERCENTILES), "events"],
                  [[r["name"], *(r["latency_ms"][p] for p in PERCENTILES), r["latency_ms"].get("n")] for r in rows],
                  [Swatch(p, role) for p, role in zip(PERCENTILES, ("ours", "s3", "s2", "s5"))])  # fmt: skip


def draw_rss(result):
    """Resident size over time of a run that was held; without one, by invocations."""
    service, title = result.get("service") or {}, "Resident size"
    held = service.get("held") or {}
    if held.get("rss_kib"):
        xs, ys = [s / 60 for s, _ in held["rss_kib"]], [kib / 1024 for _, kib in held["rss_kib"]]
        about = f"{number(held.get('events'))} events in {number(held.get('minutes'))} minutes, {number(held.get('events_per_s'))} a second."
        what, head, rows = "minutes", ["seconds", "KiB"], [list(p) for p in held["rss_kib"]]
    elif service.get("rss_kib"):
        rows = [[int(n), kib] for n, kib in service["rss_kib"].items()]
        xs, ys = [r[0] for r in rows], [r[1] / 1024 for r in rows]
        what, about, head = "invocations of the function", "One process, each invocation with another small picture.", ["invocations", "KiB"]
    else:
        return None
    desc = f"{number(ys[0])} MiB at first, {number(max(ys))} at most, {number(ys[-1])} at the end"
    return Figure("rss", title, "measured", f"{about} {desc}.",
                  plots.lines("rss", title, desc, [("ours", xs, ys)], what, "MiB", marks=len(xs) < 20), desc, head, rows)


# ---- what it costs


CPU = "Lambda, CPU"  # what speed changes: shown however small it is
N_COMPONENTS = len(plots.SERIES)  # that have a colour; the smallest share one


def costs_of(result):
    return [c for c in (result.get("cost") or {}).get("components") or [] if c.get("usd")]


def draw_cost(result):
    costs = costs_of(result)
    if not costs:
        return None
    names = [f"{c['tool']}, {c['arch']}" for c in costs]
    whats = unique(w for c in costs for w in c["usd"])
    largest = sorted(whats, key=lambda w: (w != CPU, -max(c["usd"].get(w, 0) for c in costs)))[:N_COMPONENTS]
    shown = [w for w in whats if w in largest]
    series = [(plots.SERIES[k], [c["usd"].get(w, 0) for c in costs]) for k, w in enumerate(shown)]
    legend = [Swatch(w, plots.SERIES[k], "hatch") for k, w in enumerate(shown)]
    if len(whats) > len(shown):
        series.append(("peer", [sum(v for w, v in c["usd"].items() if w not in shown) for c in costs]))
        legend.append(Swatch("all else", "peer", "hatch"))
    title = "Cost of a million images by component (model)"
    desc = "By model, " + "; ".join(f"{n}: {number(c.get('total') or sum(c['usd'].values()))} USD" for n, c in zip(names, costs))
    about = "A model: measured CPU time of x86_64, arm64 by a ratio that is itself a model, and a price list. On Lambda, with all around it."
    rows = [[n, w, c["usd"][w]] for n, c in zip(names, costs) for w in whats
            if w in c["usd"]] + [[n, "together", c.get("total")] for n, c in zip(names, costs)]
    return Figure("cost", title, "model", about, plots.stacked("cost", title, desc, names, series, "USD for a million images (model)",
                                                               hatched=True), desc,
                  ["who and where (model)", "component", "USD for a million (model)"], rows, legend)  # fmt: skip


def draw_cost_cpu(result):
    costs = [c for c in costs_of(result) if CPU in c["usd"]]
    if not costs:
        return None
    names, title = [f"{c['tool']}, {c['arch']}" for c in costs], "Of it, what CPU time costs (model)"
    values, errors = [c["usd"][CPU] for c in costs], [c.get("cpu_error") or 0 for c in costs]
    roles = ["ours" if is_ours(c["tool"]) else "sharp" if c["tool"].startswith("sharp") else "peer" for c in costs]
    spans = [(v - e, v + e) if e else None for v, e in zip(values, errors)]
    desc = "By model, " + "; ".join(f"{n}: {number(v)} USD" for n, v in zip(names, values))
    return Figure("cost-cpu", title, "model", "A model. The line is the error that is assumed of arm64's CPU time.",
                  plots.bars("cost-cpu", title, desc, names, [(roles, 1, values, spans)], "USD for a million images (model)",
                             hatched=True), desc,
                  ["who and where (model)", "USD for a million (model)", "plus or minus (model)", "part of all (model)"],
                  [[n, v, e, c.get("cpu_share")] for n, v, e, c in zip(names, values, errors, costs)],
                  [Swatch("ours, model", "ours", "hatch"), Swatch("sharp, model", "sharp", "hatch")])  # fmt: skip


# ---- arm64


def slots_of(result, arch):
    return [r for r in (result.get("arm_model") or {}).get(arch) or [] if r.get("model")]


def draw_arm_slots(result):
    rows = slots_of(result, "arm64")
    if not rows:
        return None
    cpus, dsps, shapes = (unique(x) for x in ((c for r in rows for c in r["model"]), (r["dsp"] for r in rows), (r["shape"] for r in rows)))
    found, title = {(r["shape"], r["dsp"]): r["model"] for r in rows}, "arm64: cycles of every slot (model)"
    roles = dict(zip(cpus, plots.SERIES))
    series = [(roles[c], look, [((found.get((s, d)) or {}).get(c) or {}).get("cycles") for s in shapes])
              for d, look in zip(dsps, ("fill", "ring", "ring")) for c in roles]  # fmt: skip
    desc = "By model, cycles a sample: " + "; ".join(f"{s}, {d}: " + ", ".join(f"{number(m['cycles'])} on {c}" for c, m in ms.items())
                                                     for (s, d), ms in found.items())
    about = ("A model: llvm-mca simulates what an emulator executed, on published scheduling tables. All data in the first-level "
             "cache, every branch predicted.")
    table = [[r["shape"], r["dsp"], c, m["cycles"], m.get("ports"), m.get("front"), m.get("ratio")] for r in rows
             for c, m in r["model"].items()]
    legend = [Swatch(f"{c}, model", role, "diamond") for c, role in roles.items()]
    legend += [Swatch(f"{d}, model", "muted", look) for d, look in zip(dsps, ("diamond", "hollow", "hollow"))]
    return Figure("arm-slots", title, "model", about, plots.points("arm-slots", title, desc, shapes, series, "cycles a sample (model)",
                                                                   is_log=True, hatched=True), desc,
                  ["shape", "implementation", "CPU", "cycles (model)", "ports (model)", "front (model)", "cycles / ports (model)"], table,
                  legend)  # fmt: skip


def draw_arm_check(result):
    """How far the same model is off on the CPU that is here."""
    data, rows = result.get("arm_model") or {}, slots_of(result, "x86")
    measured = {(m["shape"], m["dsp"]): m["ps_per_sample"] * data["clock_ghz"] / 1000 for m in data.get("measured") or []
                if data.get("clock_ghz")}
    rows = [r for r in rows if (r["shape"], r["dsp"]) in measured]
    if not rows:
        return None
    cpus, title = unique(c for r in rows for c in r["model"]), "What the model is worth: x86_64, model beside measured"
    names, here = [r["shape"] for r in rows], [measured[r["shape"], r["dsp"]] for r in rows]
    spans = [[m["cycles"] for m in r["model"].values()] for r in rows]
    middles = [(min(s), sorted(s)[len(s) // 2], max(s)) for s in spans]
    desc = "; ".join(f"{n}: measured {number(h)}, by model {number(a)} to {number(b)}" for n, h, (a, _, b) in zip(names, here, middles))
    about = (f"Circles were measured on {data.get('cpu', '?')} at {number(data['clock_ghz'])} GHz; diamonds are the model, lines span "
             f"its answers for {', '.join(cpus)}.")
    table = [[n, h, c, m["cycles"]] for n, h, r in zip(names, here, rows) for c, m in r["model"].items()]
    svg = plots.points("arm-check", title, desc, names, [("s3", "diamond", middles), ("ours", "fill", here)],
                       "cycles a sample; diamonds are the model", is_log=True)
    return Figure("arm-check", title, "both", about, svg, desc, ["shape", "cycles here, measured", "CPU", "cycles (model)"], table,
                  [Swatch("measured here", "ours"), Swatch("model", "s3", "diamond")])  # fmt: skip


def draw_arm_jobs(result):
    jobs = [j for j in (result.get("arm_model") or {}).get("jobs") or [] if j.get("instructions")]
    if not jobs:
        return None
    whats, kinds = unique((j["picture"], j["widths"]) for j in jobs), unique((j["arch"], j["dsp"]) for j in jobs)
    found = {(j["picture"], j["widths"], j["arch"], j["dsp"]): j["instructions"] for j in jobs}
    names = [w if len({p for p, _ in whats}) == 1 else f"{p}, {w}" for p, w in whats]
    roles, title = ("s2", "s3", "ours", "s4"), "arm64 beside x86_64: instructions of whole jobs"
    series = [(r, 1, [found[(*w, *k)] / 1e6 if (*w, *k) in found else None for w in whats], None) for k, r in zip(kinds, roles)]
    desc = "; ".join(f"{n}, {a} {d}: {number(found[(*w, a, d)] / 1e6)} million" for n, w in zip(names, whats)
                     for a, d in kinds if (*w, a, d) in found)
    return Figure("arm-jobs", title, "measured", f"Counted in emulators; {', '.join(unique(p for p, _ in whats))}. Instructions are no time.",
                  plots.bars("arm-jobs", title, desc, names, series, "million instructions"), desc,
                  ["picture", "widths", "architecture", "implementation", "instructions"],
                  [[j["picture"], j["widths"], j["arch"], j["dsp"], j["instructions"]] for j in jobs],
                  [Swatch(f"{a}, {d}", r) for (a, d), r in zip(kinds, roles)])  # fmt: skip


def draw_arm_estimate(result):
    found = (result.get("arm_model") or {}).get("estimate") or {}
    cpus = {c: e for c, e in (found.get("cpus") or {}).items() if all(is_number(e.get(k)) for k in ("time_over_here", "low", "high"))}
    if not cpus:
        return None
    spans, base = [(e["low"], e["time_over_here"], e["high"]) for e in cpus.values()], found.get("calibration") or {}
    title = "arm64: time of a job over that of this machine (model)"
    desc = "By model, " + "; ".join(f"{c}: {number(mid)}, between {number(low)} and {number(high)}" for c,
                                    (low, mid, high) in zip(cpus, spans))
    about = (f"A model, and nothing else. Its error, the line, is what it errs by on {several(base.get('slots', 0), 'slot')} here, where measured "
             f"cycles are {number(base.get('measured_over_model'))} of the model of {base.get('model', '?')}. Below 1, arm64 would be quicker.")  # fmt: skip
    svg = plots.points("arm-estimate", title, desc, list(cpus), [("ours", "fill", spans)], "time over this machine's (model)",
                       hatched=True, rule=1)
    return Figure("arm-estimate", title, "model", about, svg, desc,
                  ["CPU", "time over here (model)", "low (model)", "high (model)", "GHz (assumed by the model)",
                   "cycles an instruction (model)"],
                  [[c, e["time_over_here"], e["low"], e["high"], e.get("clock_ghz"), e.get("cycles_per_instruction")] for c,
                   e in cpus.items()],
                  [Swatch("model, from low to high", "ours", "diamond"), Swatch("this machine", "ink", "line")])  # fmt: skip


def lead_of(result):
    """What no plot is needed for."""
    service, words = result.get("service") or {}, []
    if is_number(service.get("cold_ms")):
        words.append(f"The function is ready {number(service['cold_ms'])} ms after its start (measured)")
    if is_number(service.get("warm_ms")):
        words.append(f"a warm invocation with nothing to do takes {number(service['warm_ms'])} ms (measured)")
    return "; ".join(words) + "." if words else ""


