"""Plots as SVG for a page: matplotlib draws, CSS colours.

matplotlib, because Debian has it, its SVG has been stable for a decade, and it is a library: no browser or npm is needed to
draw. Every colour that is drawn is a key (ROLES) and becomes a CSS variable, text stays text in the page's font, and ids
are made unique, so that many plots live in one page that is light, dark or on paper. The same numbers give the same bytes.

All plots are WIDTH user units wide, which is what a telephone shows without shrinking text below what can be read.
"""

import io
import math
import re
import textwrap
import warnings

import matplotlib

matplotlib.use("svg")
warnings.filterwarnings("ignore", module="matplotlib")

from matplotlib.figure import Figure as Drawing  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator  # noqa: E402

from report_base import number, short, spread  # noqa: E402

WIDTH = 400
PX = 1 / 72  # inches
ROLES = ("ink", "muted", "grid", "paper", "ours", "sharp", "peer", "ideal", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8")
KEYS = {role: f"#0a00{i:02x}" for i, role in enumerate(ROLES, 1)}
SERIES = ("s1", "s2", "s3", "s5", "s6", "s7", "s8")  # to be told apart; s4 is gray, as peers are
PALE = (1, 0.66, 0.42, 0.24)  # of the bars of a group, as in report.css
HATCH = "//////"  # what is a model

STYLE = {
    "svg.fonttype": "none", "font.size": 11, "axes.edgecolor": KEYS["grid"], "axes.labelcolor": KEYS["muted"], "text.color": KEYS["ink"],
    "xtick.color": KEYS["muted"], "ytick.color": KEYS["ink"], "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "axes.axisbelow": True, "grid.color": KEYS["grid"], "grid.linewidth": 0.8, "axes.facecolor": "none", "figure.facecolor": "none",
    "hatch.linewidth": 1.2, "hatch.color": KEYS["paper"], "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0,
    "axes.labelsize": 11, "xtick.labelsize": 10.5, "ytick.labelsize": 11, "lines.linewidth": 2, "axes.unicode_minus": False,
}  # fmt: skip


# ---- from matplotlib's SVG to ours


def to_svg(drawing, key, title, desc):
    buffer = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": key}):
        drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return adapt(buffer.getvalue(), key, title, desc)


def adapt(text, key, title, desc):
    """Without anything that a page in HTML does not need, and with its colours and font."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", text, flags=re.S)  # it would hold for the whole page; report.css has it
    box = re.search(r'viewBox="([^"]+)"', text).group(1)
    text = text[text.index(">") + 1 :].replace("xlink:href", "href")
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    wanted = set(re.findall(r'(?:href="#|url\(#)([\w-]+)', text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in wanted else "", text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", text)
    text = re.sub(r' (fill|stroke)="(#[0-9a-f]{6})"', r' style="\1: \2"', text)
    for role, colour in KEYS.items():
        text = text.replace(colour, f"var(--{role})")
    left = re.search(r"[:\"] ?#[0-9a-f]{6}", text)
    if left:
        raise AssertionError(f"{key}: a colour that is no role: {left[0]}")
    text = re.sub(r"font: ([\w ]*?)([\d.]+)px [^;\"]*", r"font: \1\2px var(--font)", text)
    text = re.sub(r"\s*\n\s*", "\n", text)
    return (f'<svg viewBox="{box}" role="img" aria-labelledby="{key}-title {key}-desc">'
            f'<title id="{key}-title">{xml(title)}</title><desc id="{key}-desc">{xml(desc)}</desc>{text}')  # fmt: skip


def xml(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# ---- axes


def plain(text):
    """Text that matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")


def lines_of(text):
    """A row's name, on two lines where it is long; _ may end a line as a blank may."""
    lines = textwrap.wrap(short(text, 60).replace("_", "_ "), 22, max_lines=2, placeholder="…", break_on_hyphens=False) or [""]
    return [line.replace("_ ", "_") for line in lines]


def text_px(text, size=11):
    """At most; DejaVu is wider than what pages use."""
    return len(text) * size * 0.62


class Plot:
    """One drawing with axes for rows with names, or (labels=None) for two numbers."""

    def __init__(self, height_px, labels=None, xlabel="", right_px=14, bottom_px=34, left_px=None, top_px=6):
        with matplotlib.rc_context(STYLE):
            self.height = height_px + bottom_px + top_px
            names = [lines_of(name) for name in labels or []]
            left = left_px or min(170, 12 + max(text_px(line) for lines in names for line in lines))
            self.drawing = Drawing(figsize=(WIDTH * PX, self.height * PX), dpi=72)
            self.ax = self.drawing.add_axes([left / WIDTH, bottom_px / self.height, (WIDTH - left - right_px) / WIDTH,
                                             height_px / self.height])
            self.ax.set_xlabel(plain(xlabel), labelpad=4)
            if labels is not None:
                self.ax.set_yticks(range(len(labels)))
                self.ax.set_yticklabels([])
                for i, lines in enumerate(names):  # each line a text of its own, which ends at the axis in whatever font
                    for k, line in enumerate(lines):
                        down = (k - (len(lines) - 1) / 2) * 11 + 4
                        self.ax.annotate(plain(line), (0, i), (-5, -down), xycoords=("axes fraction", "data"), textcoords="offset points",
                                         ha="right")
                self.ax.set_ylim(len(labels) - 0.5, -0.5)
                self.ax.grid(False, axis="y")
                self.ax.spines["left"].set_visible(False)

    def scale(self, axis, is_log=False, from_zero=True, whole=False):
        """Ticks of the x or the y axis; after all has been drawn."""
        one = getattr(self.ax, axis + "axis")
        if is_log:
            getattr(self.ax, f"set_{axis}scale")("log")
            low, high = getattr(self.ax, f"get_{axis}lim")()
            decades = max(high, low) / max(min(high, low), 1e-12)
            one.set_major_locator(LogLocator(10, subs=(1, 2, 5) if decades < 60 else (1, 3) if decades < 600 else (1,), numticks=12))
            one.set_minor_locator(NullLocator())
            one.set_minor_formatter(NullFormatter())
        else:
            if from_zero:
                getattr(self.ax, f"set_{axis}lim")(**{"left" if axis == "x" else "bottom": 0})
            one.set_major_locator(MaxNLocator(5, integer=whole))
        one.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))

    def rule(self, x, role="ink", dashed=False):
        self.ax.axvline(x, color=KEYS[role], linewidth=1.2, linestyle=(0, (4, 3)) if dashed else "-", zorder=1)

    def svg(self, key, title, desc):
        return to_svg(self.drawing, key, title, desc)


# ---- kinds of plots: each returns SVG


def bars(key, title, desc, labels, series, xlabel, hatched=False, is_log=False):
    """Bars of rows, one for each of series: (role or roles by row, opacity, values, None or (low, high) by row)."""
    thick = 18 if len(series) == 1 else 11
    plot = Plot(len(labels) * (len(series) * thick + 10), labels, xlabel, right_px=46)
    step = thick / (len(series) * thick + 10)
    ends = [s[3][i][1] if s[3] and s[3][i] else v for s in series for i, v in enumerate(s[2]) if v is not None]
    with matplotlib.rc_context(STYLE):
        for k, (role, opacity, values, errors) in enumerate(series):
            for i, value in enumerate(values):
                if value is None:
                    continue
                y = i + (k - (len(series) - 1) / 2) * step
                colour = KEYS[role if isinstance(role, str) else role[i]]
                plot.ax.barh(y, value, step * 0.86, color=colour, alpha=opacity, hatch=HATCH if hatched else None,
                             edgecolor=KEYS["paper"], linewidth=0)
                end = value
                if errors and errors[i]:
                    low, high = errors[i]
                    plot.ax.plot([low, high], [y, y], color=KEYS["ink"], linewidth=1.2, solid_capstyle="butt")
                    end = max(value, high)
                plot.ax.annotate(number(value), (max(end, 0), y), (4, 0), textcoords="offset points", va="center", fontsize=10,
                                 color=KEYS["muted"])
        plot.ax.set_xlim(left=min(0, min(v for s in series for v in s[2] if v is not None) * 1.1),
                         right=max(ends) * 1.02 if max(ends) > 0 else 0.05)
        plot.scale("x", is_log, from_zero=False)
        if plot.ax.get_xlim()[0] < 0:
            plot.rule(0)
        return plot.svg(key, title, desc)


def stacked(key, title, desc, labels, series, xlabel, marks=(), hatched=False):
    """One bar a row, of parts: (role, values); marks: (role, values or None), a stroke across the bar."""
    plot = Plot(len(labels) * 28, labels, xlabel, right_px=24)
    with matplotlib.rc_context(STYLE):
        left = [0.0] * len(labels)
        for role, values in series:
            plot.ax.barh(range(len(labels)), values, 0.66, left=left, color=KEYS[role], hatch=HATCH if hatched else None,
                         edgecolor=KEYS["paper"], linewidth=0.8)
            left = [a + b for a, b in zip(left, values)]
        for role, values in marks:
            for i, value in enumerate(values):
                if value is None:
                    continue
                plot.ax.plot([value, value], [i - 0.42, i + 0.42], color=KEYS[role], linewidth=3, solid_capstyle="butt")
        plot.scale("x")
        return plot.svg(key, title, desc)


def strips(key, title, desc, labels, rows, xlabel, roles=None, rule=1, is_log=True):
    """Every value of a row as a dot, and the median as a stroke; the middle half is shaded."""
    plot = Plot(len(labels) * 28, labels, xlabel, right_px=46)
    with matplotlib.rc_context(STYLE):
        for i, values in enumerate(rows):
            role = roles[i] if roles else "ours"
            s = spread(values)
            plot.ax.barh(i, s["q3"] - s["q1"], 0.56, left=s["q1"], color=KEYS[role], alpha=0.22, linewidth=0)
            plot.ax.scatter(values, [i] * len(values), s=20, color=KEYS[role], alpha=0.75, linewidth=0, zorder=3)
            plot.ax.plot([s["median"]] * 2, [i - 0.34, i + 0.34], color=KEYS["ink"], linewidth=2.4, zorder=4, solid_capstyle="butt")
            plot.ax.annotate(number(s["median"]), (1, i), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                             va="center",
                             fontsize=10.5, color=KEYS["ink"])  # fmt: skip
        if rule is not None:
            plot.rule(rule)
        widen(plot.ax, [v for values in rows for v in values] + ([rule] if rule is not None else []), is_log)
        plot.scale("x", is_log, from_zero=False)
        return plot.svg(key, title, desc)


def widen(ax, values, is_log, axis="x"):
    low, high = min(values), max(values)
    if is_log:
        room = math.exp(0.03 + 0.05 * math.log(high / low))
        low, high = low / room, high * room
    else:
        room = (high - low or abs(high) or 1) * 0.06
        low, high = low - room, high + room
    getattr(ax, f"set_{axis}lim")(low, high)


def points(key, title, desc, labels, series, xlabel, is_log=False, hatched=False, rule=None):
    """Marks in rows: (role or roles by row, look, values); look is fill, ring or diamond, and a value may be (low, mid, high)."""
    plot = Plot(len(labels) * 28, labels, xlabel)
    seen, apart = [], 0.3 if len(series) == 2 else 0.1
    with matplotlib.rc_context(STYLE):
        for i in range(len(labels)):
            plot.ax.axhline(i, color=KEYS["grid"], linewidth=0.8, zorder=0)
        for k, (role, look, values) in enumerate(series):
            for i, value in enumerate(values):
                if value is None:
                    continue
                low, mid, high = value if isinstance(value, tuple) else (value, value, value)
                seen += [low, high]
                y = i + (k - (len(series) - 1) / 2) * apart
                colour = KEYS[role if isinstance(role, str) else role[i]]
                if high > low:
                    plot.ax.plot([low, high], [y, y], color=colour, linewidth=1.4, alpha=0.55, linestyle=(0, (2, 1.5)) if hatched else "-")
                plot.ax.scatter([mid], [y], s=34, marker="D" if hatched or look == "diamond" else "o",
                                facecolor="none" if look == "ring" else colour, edgecolor=colour,
                                linewidth=1.6, zorder=3)  # fmt: skip
        if rule is not None:
            plot.rule(rule)
            seen.append(rule)
        widen(plot.ax, seen, is_log)
        plot.scale("x", is_log, from_zero=False)
        return plot.svg(key, title, desc)


def lines(key, title, desc, series, xlabel, ylabel, height_px=210, is_log=False, marks=True, dashed=(), from_zero=True):
    """(role, xs, ys); the series with those indices are dashed."""
    plot = Plot(height_px, None, xlabel, left_px=50, top_px=24)
    with matplotlib.rc_context(STYLE):
        for k, (role, xs, ys) in enumerate(series):
            style = {"linestyle": (0, (4, 3)), "linewidth": 1.4} if k in dashed else {"marker": "o" if marks else None, "markersize": 5}
            plot.ax.plot(xs, ys, color=KEYS[role], **style)
        plot.ax.annotate(plain(ylabel), (0, 1), (-44, 10), xycoords="axes fraction", textcoords="offset points", color=KEYS["muted"],
                         fontsize=11)
        if is_log:
            widen(plot.ax, [y for s in series for y in s[2]], True, "y")
            widen(plot.ax, [x for s in series for x in s[1]], True)
        for axis in "xy":
            plot.scale(axis, is_log, from_zero, axis == "x" and all(isinstance(x, int) for s in series for x in s[1]))
        return plot.svg(key, title, desc)


def scatter(key, title, desc, marks, xlabel, ylabel, height_px=250, rule=None):
    """Named marks: (name, role, x, y), x on a logarithmic axis; a line through those that none beats in both.

    `rule`: (x, name) of a dashed line down the plot, which is a model.
    """
    plot = Plot(height_px, None, xlabel, left_px=40, top_px=24, right_px=20)
    with matplotlib.rc_context(STYLE):
        ax = plot.ax
        xs, ys = [m[2] for m in marks] + ([rule[0]] if rule else []), [m[3] for m in marks]
        ax.set_xscale("log")
        widen(ax, [min(xs) / 1.15, max(xs) * 1.25], True)
        widen(ax, [*ys, min(ys) - (max(ys) - min(ys)) * 0.12] if rule else ys, False, "y")  # the name of the rule stands below
        best = frontier(marks)
        ax.plot([m[2] for m in best], [m[3] for m in best], color=KEYS["muted"], linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
        for _, role, x, y in marks:
            ax.scatter([x], [y], s=52, color=KEYS[role], zorder=3, linewidth=0)
        if rule:
            plot.rule(rule[0], "ideal", dashed=True)
            ax.annotate(plain(rule[1]), (rule[0], 0), (5, 4), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=10,
                        color=KEYS["ideal"])
        place_names(ax, marks, best)
        ax.annotate(plain(ylabel), (0, 1), (-34, 10), xycoords="axes fraction", textcoords="offset points", color=KEYS["muted"],
                    fontsize=11)
        plot.scale("x", True)
        plot.scale("y", from_zero=False)
        return plot.svg(key, title, desc)


def frontier(marks):
    """Marks with no other that is further left and higher, from the left; the ideal does not take part."""
    best = []
    for mark in sorted((m for m in marks if m[1] != "ideal"), key=lambda m: (m[2], -m[3])):
        if not best or mark[3] > best[-1][3]:
            best.append(mark)
    return best


def place_names(ax, marks, line, size=10):
    """Names beside marks where they cover neither a mark nor the line nor another name, ours first."""
    box = ax.get_window_extent()
    at = [tuple(ax.transData.transform((x, y))) for _, _, x, y in marks]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in at]
    corners = [tuple(ax.transData.transform((x, y))) for _, _, x, y in line]
    for (x0, y0), (x1, y1) in zip(corners, corners[1:]):
        n = int(math.hypot(x1 - x0, y1 - y0) / 4) + 1
        taken += [(x0 + (x1 - x0) * k / n - 1, y0 + (y1 - y0) * k / n - 1, x0 + (x1 - x0) * k / n + 1, y0 + (y1 - y0) * k / n + 1)
                  for k in range(n)]
    for i in sorted(range(len(marks)), key=lambda i: marks[i][1] != "ours"):
        name, role, (x, y) = short(marks[i][0]), marks[i][1], at[i]
        width, best = text_px(name, size) * 0.94, None
        for away in (0, 9, 18, 27, 36, 48):
            for dx, dy in ((8, -4 + away), (8, -4 - away), (-8 - width, -4 + away), (-8 - width, -4 - away), (-width / 2, 8 + away),
                           (-width / 2, -17 - away)):  # fmt: skip
                spot = (x + dx, y + dy, x + dx + width, y + dy + size)
                inside = spot[0] >= box.x0 + 2 and spot[2] <= box.x1 + 18 and spot[1] >= box.y0 and spot[3] <= box.y1
                if inside and not any(a[0] < spot[2] and spot[0] < a[2] and a[1] < spot[3] and spot[1] < a[3] for a in taken):
                    best = best or spot
        best = best or (x + 8, y - 4, x + 8 + width, y + size - 4)
        taken.append(best)
        ax.annotate(plain(name), (marks[i][2], marks[i][3]), (best[0] - x, best[1] - y), textcoords="offset points", fontsize=size,
                    color=KEYS[role] if role in ("ours", "sharp") else KEYS["muted"], zorder=4)  # fmt: skip
