"""The summary of bench/report: Markdown for a README, without plots."""

import re

import report_losses
from report_base import is_number, number, times, unique
from report_page import machine_line
from report_quality import METRICS, rows_of, scores
from report_service import costs_of
from report_base import spread

N_WORST = 8


def word(text):
    """Text that is nothing but text to Markdown, and to the HTML in it."""
    text = re.sub(r"\s+", " ", str(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", text)


def table(head, rows, left=1):
    yield "| " + " | ".join(map(word, head)) + " |"
    yield "|" + "|".join("---" if i < left else "---:" for i in range(len(head))) + "|"
    for row in rows:
        yield "| " + " | ".join(word("-" if c is None else number(c) if is_number(c) else c) for c in row) + " |"
    yield ""


def ratios_of(s):
    ratios = [s.get(k) for k in ("cpu_ms_ratio", "peak_kib_ratio")] if s else []
    return "; ".join(map(times, ratios)) if ratios and all(map(is_number, ratios)) else None


def processes(result):
    jobs = (result.get("processes") or {}).get("jobs") or []
    for job in jobs[:1]:
        yield f"**{word(job['job'])}**, whole processes, over ours; above 1, ours takes less (measured)"
        yield ""
        yield from table(["", "CPU", "wall", "peak memory", "photographs"],
                         [[t, *(times(s[k + "_ratio"]) if is_number(s.get(k + "_ratio")) else None
                                for k in ("cpu_ms", "wall_ms", "peak_kib")), s.get("photos")]
                          for t, s in job.get("summary", {}).items()])  # fmt: skip
    others = [j for j in jobs if "from" in j]
    if others:
        yield "**PNG and WebP**, whole processes, CPU time; peak memory over ours; above 1, ours takes less (measured)"
        yield ""
        yield from table(["", *(j["job"] for j in others)],
                         [[t, *(ratios_of((j.get("summary") or {}).get(t)) for j in others)]
                          for t in unique(t for j in others for t in j.get("summary") or {})])  # fmt: skip


def quality(result):
    rows = rows_of(result)
    for width in unique(r["width"] for r in rows):
        yield f"**{width} wide**, quality {word(result['quality'].get('quality'))}, medians against the resize of samples (measured)"
        yield ""
        body = []
        for tool in unique(r["tool"] for r in rows if r["width"] == width):
            found = [scores(rows, tool, width, "gamma", m).values() for m, *_ in METRICS]
            bd = next((b["percent"] for b in result["quality"].get("bd_rate") or [] if (b["tool"], b["width"]) == (tool, width)), None)
            body.append([tool, *(spread(f)["median"] if f else None for f in found), f"{bd:+.1f} %" if is_number(bd) else None])
        yield from table(["", *(name for _, name, _, _ in METRICS), "bytes over ours at an equal score"], body)


def cost(result):
    costs = costs_of(result)
    if costs:
        yield "**A million images on Lambda**, USD (model: measured CPU time of x86_64, a ratio for arm64, a price list)"
        yield ""
        yield from table(["(model)", "together", "of it CPU", "plus or minus"],
                         [[f"{c['tool']}, {c['arch']}", c.get("total"), c["usd"].get("Lambda, CPU"), c.get("cpu_error")]
                          for c in costs])  # fmt: skip


def losses(result):
    found = report_losses.Losses(result)
    rows = report_losses.by_peer(found)
    yield "### Where we lose"
    yield ""
    n_lost, n = sum(r[2] for r in rows), sum(found.compared.values())
    yield f"{n_lost:,} of {n:,} comparisons (measured); the largest parts:" if rows else "In no comparison of this run."
    yield ""
    if rows:
        yield from table(["kind", "another", "the worst of them", "lost", "ours", "theirs", "unit"],
                         [[a, p, f"{w.where}{f' ({w.note})' if w.note else ''}", f"{n} of {m}", w.ours, w.theirs, w.unit] for a, p, n, m,
                          w in rows[:N_WORST]], 3)  # fmt: skip


def make_summary(result, cards):
    lines = ["## Benchmarks", "", "<!-- made by bench/report -->", ""]
    if result.get("sample"):
        lines += ["**Sample: every number here is made up.**", ""]
    lines += [word(" · ".join(machine_line(result))), ""]
    if cards:
        lines += table(["", "", "spread", ""], [[what, value, told, kind] for value, what, told, kind in cards])
    for part in (processes, quality, cost, losses):
        try:
            lines += list(part(result))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            lines += [f"{part.__name__}: not in the shape that is read here ({word(error)})", ""]
    left_out = (result.get("run") or {}).get("left_out") or []
    if left_out:
        lines += ["Left out: " + "; ".join(map(word, left_out)) + ".", ""]
    return "\n".join(lines)
