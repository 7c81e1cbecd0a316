"""Where we lose, computed from the numbers of the result: every ratio below 1, every score below a peer's.

A Loss is one comparison in which another is better, by more than nothing. Nothing is rounded or left out.
"""

from dataclasses import dataclass

import report_plots as plots
from report_base import Figure, Swatch, is_number, is_ours, number, our_name, unique
from report_quality import METRICS, REFERENCES, rows_of, scores


@dataclass
class Loss:
    area: str
    where: str
    peer: str
    ours: float
    theirs: float
    unit: str
    factor: float  # how many times better they are, above 1; of scores the difference in points, above 0
    note: str = ""


class Losses:
    """What was compared, by area, and what of it was lost."""

    def __init__(self, result):
        self.found, self.compared = [], {}  # Loss; (area, peer): comparisons
        for look in (self.jobs, self.processes, self.throughput, self.bytes_at_equal_score, self.scores, self.planes, self.slots):
            look(result)
        self.areas = unique(area for area, _ in self.compared)

    def lost(self, area, peer=None):
        """The worst first."""
        found = [loss for loss in self.found if loss.area == area and peer in (None, loss.peer)]
        return sorted(found, key=lambda loss: -loss.factor)

    def count(self, area):
        return sum(n for (a, _), n in self.compared.items() if a == area)

    def compare(self, area, peer, n=1):
        if n:
            self.compared[area, peer] = self.compared.get((area, peer), 0) + n

    def smaller_wins(self, area, where, peer, ours, theirs, unit, note=""):
        if not (is_number(ours) and is_number(theirs) and ours > 0 and theirs > 0):
            return
        self.compare(area, peer)
        if theirs < ours:
            self.found.append(Loss(area, where, peer, ours, theirs, unit, ours / theirs, note))

    def jobs(self, result):
        for section, what in (("compare", "JPEG"), ("formats", "formats")):
            for job in (result.get(section) or {}).get("jobs") or []:
                for p in job.get("photos") or []:
                    where = f"{job.get('title') or job['name']}, {p['file']}"
                    for key, peer in (("sharp", "sharp"), ("pillow", "Pillow")):
                        self.smaller_wins(f"CPU time, {what}", where, peer, p.get("our_ms"), p.get(key + "_ms"), "ms")
                        self.smaller_wins(f"bytes, {what}", where, peer, p.get("our_bytes"), p.get(key + "_bytes"), "bytes")

    def processes(self, result):
        for job in (result.get("processes") or {}).get("jobs") or []:
            summary = job.get("summary") or {}
            us = our_name(summary)
            for tool, s in summary.items():
                if us is None or is_ours(tool):
                    continue
                for measure, unit in (("cpu_ms", "CPU ms"), ("wall_ms", "wall ms"), ("peak_kib", "peak KiB")):
                    # The summary's ratio is a median of ratios: it, not the medians, says who is better.
                    ratio, ours, theirs = s.get(measure + "_ratio"), summary[us].get(measure), s.get(measure)
                    if is_number(ratio) and ratio > 0 and is_number(ours) and is_number(theirs):
                        self.compare("whole processes", tool)
                        if ratio < 1:
                            self.found.append(Loss("whole processes", f"{job['job']}, {unit}", tool, ours, theirs, unit, 1 / ratio))
                if s.get("photos") == summary[us].get("photos"):
                    self.smaller_wins("whole processes", f"{job['job']}, bytes at settings that are alike", tool,
                                      summary[us].get("bytes"), s.get("bytes"), "bytes")

    def throughput(self, result):
        for job in (result.get("throughput") or {}).get("jobs") or []:
            if job.get("ours") and job.get("sharp"):
                ours, theirs = job["ours"].get("images_per_s"), job["sharp"].get("images_per_s")
                self.compare("throughput", "sharp")
                if theirs > ours:
                    self.found.append(Loss("throughput", job["name"], "sharp", ours, theirs, "images/s", theirs / ours))

    def bytes_at_equal_score(self, result):
        for b in (result.get("quality") or {}).get("bd_rate") or []:
            if not is_ours(b["tool"]) and is_number(b.get("percent")):
                self.smaller_wins("bytes, equal score", f"{b['width']} wide", b["tool"], 100.0, 100.0 + b["percent"], "% of ours")

    def scores(self, result):
        """By tool, width, metric and reference, over the photographs; the ideal is no peer."""
        rows = rows_of(result)
        tools, widths = unique(r["tool"] for r in rows), unique(r["width"] for r in rows)
        us = our_name(tools)
        for tool in tools if us else []:
            if is_ours(tool) or tool.startswith("ideal"):
                continue
            for width in widths:
                for metric, name, _, sign in METRICS:
                    for reference, *_ in REFERENCES:
                        ours, theirs = (scores(rows, t, width, reference, metric) for t in (us, tool))
                        self.score(name, f"{width} wide, {reference}", tool, ours, theirs, sign)

    def score(self, metric, where, tool, ours, theirs, sign):
        photos = [p for p in ours if p in theirs]
        below = [p for p in photos if sign * theirs[p] > sign * ours[p]]
        self.compare(metric, tool, len(photos))
        for p in below:
            self.found.append(Loss(metric, f"{where}, {p}", tool, ours[p], theirs[p], "points", abs(theirs[p] - ours[p])))

    def planes(self, result):
        planes = (result.get("kernel") or {}).get("planes") or []
        for p in planes:
            ours = next((q for q in planes if q["job"] == p["job"] and is_ours(q["name"])), None)
            if ours and not is_ours(p["name"]):
                note = f"{number(p['db'])} dB, ours {number(ours['db'])}" if is_number(p.get("db")) and is_number(ours.get("db")) else ""
                self.smaller_wins("one plane", p["job"], p["name"], ours.get("ms"), p.get("ms"), "ms", note)

    def slots(self, result):
        for s in (result.get("kernel") or {}).get("slots") or []:
            if s.get("dsp") != "c" and is_number(s.get("ratio")) and s["ratio"] > 0:
                self.compare("slots beside C", "c")
                if s["ratio"] < 1:
                    ps = s.get("ps_per_sample")
                    self.found.append(Loss("slots beside C", f"{s['shape']}, {s['dsp']}", "c", ps, ps * s["ratio"], "ps a sample",
                                           1 / s["ratio"]))


def draw_losses(result):
    losses = Losses(result)
    if not losses.areas:
        return None
    n, parts = sum(losses.compared.values()), [100 * len(losses.lost(a)) / losses.count(a) for a in losses.areas]
    title = "Comparisons in which another is better"
    desc = "; ".join(f"{a}: {len(losses.lost(a))} of {losses.count(a)}" for a in losses.areas)
    about = f"All {n:,} comparisons of this page, each photograph counted; a photograph's score counts for each metric, width and reference."
    svg = plots.bars("losses", title, desc, losses.areas, [("sharp", 1, parts, None)], "% of the comparisons of that kind")
    rows = [[a, len(losses.lost(a)), losses.count(a), p] for a, p in zip(losses.areas, parts)]
    return Figure("losses", title, "measured", about, svg, desc, ["kind", "lost", "of", "%"], rows, [Swatch("another is better", "sharp")])


def worst(losses):
    """All of them by area, the worst first."""
    return [loss for area in losses.areas for loss in losses.lost(area)]


def by_peer(losses):
    """[(area, peer, lost, compared, the worst Loss)], where anything is lost; the largest part first."""
    rows = [(area, peer, losses.lost(area, peer), n) for (area, peer), n in losses.compared.items()]
    return sorted(((a, p, len(lost), n, lost[0]) for a, p, lost, n in rows if lost), key=lambda r: -r[2] / r[3])
