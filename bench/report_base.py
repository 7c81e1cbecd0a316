"""What the parts of bench/report share: figures, sections, and how numbers are written.

A figure is an SVG, a caption and the table of its numbers. It is "measured", "model" or "both"; what is a model says so in
its badge, its caption and its table, since the one may be seen without the others.
"""

import html
import math
import re
import statistics
from dataclasses import dataclass, field

KINDS = {"measured": "measured", "model": "model", "both": "measured, and model"}
OURS = ("scantling", "ours")


@dataclass
class Swatch:
    """An entry of a legend; `look` is a class of report.css: fill, pale, paler, palest, hatch, ring, diamond, hollow or line."""

    text: str
    role: str
    look: str = "fill"


@dataclass
class Figure:
    key: str
    title: str
    kind: str  # of KINDS
    about: str  # what was done, how often; plain text
    svg: str
    desc: str  # the figure for those who do not see it
    head: list
    rows: list  # of str, and of numbers as the result has them
    legend: list = field(default_factory=list)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(self.kind)
        if self.kind != "measured" and "model" not in self.about:
            self.about = "By model. " + self.about


@dataclass
class Block:
    """What is no plot: its HTML is finished."""

    key: str
    title: str
    kind: str
    body: str


@dataclass
class Missing:
    """A figure that could not be drawn, and why."""

    key: str
    title: str
    why: str


# ---- numbers


def number(x):
    """Three digits that matter, as people write them."""
    if x is None or (isinstance(x, float) and not math.isfinite(x)):
        return "-"
    size = abs(x)
    if isinstance(x, int) and size < 1000:
        return str(x)
    if size >= 100:
        return f"{x:,.0f}"
    if size >= 10:
        return f"{x:.1f}"
    if size >= 1 or x == 0:
        return f"{x:.2f}"
    return f"{x:.{2 - math.floor(math.log10(size))}f}" if size >= 1e-4 else f"{x:.2g}"


def times(x):
    """A ratio."""
    return f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def is_number(x):
    return isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)


def spread(values):
    """{n, median, least, most, q1, q3}"""
    values = sorted(values)
    quarters = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return {"n": len(values), "median": statistics.median(values), "least": values[0], "most": values[-1],
            "q1": quarters[0], "q3": quarters[2]}  # fmt: skip


def several(n, what):
    return f"{n} {what}" + ("s" if n != 1 else "")


# ---- names


def is_ours(name):
    return name.lower().startswith(OURS)


def our_name(names):
    """The one of them that stands for us: without variations, where there is such a one; None without any."""
    ours = [n for n in names if is_ours(n)]
    plain = [n for n in ours if n.lower() in OURS]
    return (plain or ours or [None])[0]


def role_of(name):
    """The colour of a tool."""
    if is_ours(name):
        return "ours"
    return "ideal" if name.lower().startswith("ideal") else "sharp" if name.lower().startswith("sharp") else "peer"


def short(name, most=24):
    """A label that fits."""
    name = re.sub(r"\.(jpe?g|png|webp)$", "", name, flags=re.I)
    return name if len(name) <= most else name[: most - 9] + "…" + name[-8:]


def unique(values):
    return list(dict.fromkeys(values))


def escape(text):
    return html.escape(str(text), quote=True)


def why_left_out(result, *sections):
    """What the run says of a section that is not there."""
    for line in (result.get("run") or {}).get("left_out") or []:
        name, _, why = str(line).partition(":")
        if name.strip() in sections:
            return why.strip() or "left out"
    return "this run did not measure it"
