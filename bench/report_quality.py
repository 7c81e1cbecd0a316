"""Figures of bench/report about pictures: scores, the frontier of time and quality, bytes at an equal score, crops."""

import base64
import binascii
import struct

import report_plots as plots
from report_base import Block, Figure, Swatch, escape, is_number, number, role_of, several, spread, unique

METRICS = (("ssimulacra2", "SSIMULACRA2", "higher is better", 1), ("butteraugli_max", "Butteraugli, worst place", "lower is better", -1),
           ("butteraugli_3norm", "Butteraugli, 3-norm", "lower is better", -1),
           ("psnr_y", "PSNR of Y, dB", "higher is better", 1))  # fmt: skip
REFERENCES = (("gamma", "against the resize of samples", "fill"), ("linear", "against the resize in linear light", "ring"))


def rows_of(result):
    return [r for r in (result.get("quality") or {}).get("rows") or [] if r.get("tool") and r.get("width")]


def scores(rows, tool, width, reference, metric):
    """{photograph: score}"""
    return {r["photo"]: r[reference][metric] for r in rows
            if r["tool"] == tool and r["width"] == width and is_number((r.get(reference) or {}).get(metric))}  # fmt: skip


def draw_scores(result):
    rows, figures = rows_of(result), []
    tools, widths = unique(r["tool"] for r in rows), unique(r["width"] for r in rows)
    quality, n = (result.get("quality") or {}).get("quality"), len(unique(r["photo"] for r in rows))
    for width in widths:
        for metric, name, better, _ in METRICS:
            series, table = [], []
            for reference, what, look in REFERENCES:
                spreads = [spread(v.values()) if (v := scores(rows, t, width, reference, metric)) else None for t in tools]
                series.append(([role_of(t) for t in tools], look, [(s["q1"], s["median"], s["q3"]) if s else None for s in spreads]))
                table += [[t, reference, s["n"], s["median"], s["least"], s["most"]] for t, s in zip(tools, spreads) if s]
            if not table:
                continue
            key, title = f"score-{metric.replace('_', '-')}-{width}", f"{name}, {width} wide"
            desc = "; ".join(f"{r[0]}, {r[1]}: {number(r[3])}" for r in table)
            about = f"Quality {quality}, {several(n, 'photograph')}: medians, the line spans the middle half; {better}."
            figures.append(Figure(key, title, "measured", about, plots.points(key, title, desc, tools, series, f"{name}: {better}"), desc,
                                  ["tool", "reference", "photographs", "median", "least", "most"], table,
                                  [Swatch(what, "ours", look) for _, what, look in REFERENCES]))  # fmt: skip
    return figures or None


def draw_frontier(result):
    rows, figures = rows_of(result), []
    for width in unique(r["width"] for r in rows):
        for measure, title, xlabel, scale in (("cpu_ms", "Time and quality", "CPU ms, median photograph", 1),
                                              ("bytes", "Bytes and quality", "kB, median photograph", 1e-3)):
            marks, table = [], []
            for tool in unique(r["tool"] for r in rows):
                xs = [r[measure] for r in rows if r["tool"] == tool and r["width"] == width and r.get(measure)]
                ys = scores(rows, tool, width, "gamma", "ssimulacra2").values()
                if xs and ys:
                    x, y = spread(xs)["median"], spread(ys)["median"]
                    marks.append((tool, role_of(tool), x * scale, y))
                    table.append([tool, x, y, len(ys)])
            if not marks:
                continue
            key, name = f"frontier-{measure.replace('_', '-')}-{width}", f"{title}, {width} wide"
            desc = "; ".join(f"{m[0]}: {number(m[2])}, score {number(m[3])}" for m in marks)
            alone = "CPU time of whole processes, sharp's in process. " if measure == "cpu_ms" else ""
            about = (f"{alone}Up and to the left is better; the line joins those that none beats in both. Quality "
                     f"{result['quality'].get('quality')}, medians of {several(table[0][3], 'photograph')}.")
            figures.append(Figure(key, name, "measured", about, plots.scatter(key, name, desc, marks, xlabel, "SSIMULACRA2"), desc,
                                  ["tool", "CPU ms" if measure == "cpu_ms" else "bytes", "SSIMULACRA2", "photographs"], table,
                                  [Swatch("ours", "ours"), Swatch("sharp", "sharp"), Swatch("others", "peer"),
                                   Swatch("the frontier", "muted", "line")]))  # fmt: skip
    return figures or None


def draw_rates(result):
    """Bytes against score over qualities: means over the photographs that have all of a tool's qualities."""
    curves, figures = [c for c in (result.get("quality") or {}).get("curves") or [] if len(c.get("points") or []) > 1], []
    for width in unique(c["width"] for c in curves):
        series, names, table = [], [], []
        for tool in unique(c["tool"] for c in curves if c["width"] == width):
            found = [{p["quality"]: p for p in c["points"]} for c in curves if (c["tool"], c["width"]) == (tool, width)]
            shared = sorted(q for q in found[0] if all(q in f for f in found))
            means = [(q, *(sum(f[q][k] for f in found) / len(found) for k in ("bytes", "ssimulacra2"))) for q in shared]
            if len(means) > 1:
                series.append((role_of(tool), [m[1] / 1000 for m in means], [m[2] for m in means]))
                names.append(tool)
                table += [[tool, *m, len(found)] for m in means]
        if not series:
            continue
        key, title = f"rates-{width}", f"Bytes for a score, {width} wide"
        desc = "; ".join(f"{n}: {number(xs[0])} to {number(xs[-1])} kB, score {number(ys[0])} to {number(ys[-1])}"
                         for n, (_, xs, ys) in zip(names, series))
        order = sorted(range(len(series)), key=lambda i: ("peer", "sharp", "ours").index(series[i][0]) if series[i][0] != "ideal" else 0)
        svg = plots.lines(key, title, desc, [series[i] for i in order], "kB, mean", "SSIMULACRA2, mean", from_zero=False)
        about = (f"A point for each quality, means of {several(table[0][4], 'photograph')}; up and to the left is better. Which gray "
                 "line is whose stands in the table.")
        figures.append(Figure(key, title, "measured", about, svg, desc, ["tool", "quality", "bytes", "SSIMULACRA2", "photographs"], table,
                              [Swatch("ours", "ours"), Swatch("sharp", "sharp"), Swatch("others", "peer")]))  # fmt: skip
    return figures or None


def draw_bytes(result):
    found = [b for b in (result.get("quality") or {}).get("bd_rate") or [] if is_number(b.get("percent"))]
    if not found:
        return None
    tools, widths = unique(b["tool"] for b in found), unique(b["width"] for b in found)
    at = {(b["tool"], b["width"]): b for b in found}
    title = "Bytes at an equal score"
    series = [([role_of(t) for t in tools], plots.PALE[min(k, 2)], [(at.get((t, w)) or {}).get("percent") for t in tools],
               [(b["low"], b["high"]) if (b := at.get((t, w))) and is_number(b.get("low")) and is_number(b.get("high")) else None
                for t in tools])
              for k, w in enumerate(widths)]  # fmt: skip
    desc = "; ".join(f"{b['tool']}, {b['width']} wide: {number(b['percent'])} %" for b in found)
    about = ("Percent of bytes more than ours at an equal SSIMULACRA2 (BD rate), between qualities that were measured; "
             "left of 0, a tool needs fewer than ours. The line spans the photographs. "
             f"{several(found[0].get('n_photos', 0), 'photograph')}.")  # fmt: skip
    return Figure("bytes", title, "measured", about, plots.bars("bytes", title, desc, tools, series, "% of bytes over ours"), desc,
                  ["tool", "width", "percent", "least", "most", "photographs"],
                  [[b["tool"], b["width"], b["percent"], b.get("low"), b.get("high"), b.get("n_photos")] for b in found],
                  [Swatch(f"{w} wide", "peer", look) for w, look in zip(widths, ("fill", "pale", "paler"))])  # fmt: skip


# ---- crops


def png_size(text):
    """(width, height) of a PNG in base64; None for anything else."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None
    return struct.unpack(">II", data[16:24]) if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > 24 else None


def draw_crops(result):
    crops = [(c, png_size(c.get("png_base64"))) for c in (result.get("quality") or {}).get("crops") or []]
    crops = [(c, size) for c, size in crops if size]
    groups = unique((c["photo"], c["width"]) for c, _ in crops)
    body = []
    for photo, width in groups:
        tiles = []
        for c, (w, h) in sorted(((c, s) for c, s in crops if (c["photo"], c["width"]) == (photo, width)),
                                key=lambda cs: rank(cs[0]["tool"])):
            told = [f"{number(c['bytes'] / 1000)} kB"] if c.get("bytes") else []
            told = [f"score {number(c['ssimulacra2'])}", *told] if is_number(c.get("ssimulacra2")) else told
            tiles.append(f'<figure class="crop {role_of(c["tool"])}"><div>'
                         f'<img src="data:image/png;base64,{c["png_base64"]}" width="{w}" height="{h}" '
                         f'alt="{escape(photo)} {escape(width)} wide, by {escape(c["tool"])}"></div>'
                         f'<figcaption><b>{escape(c["tool"])}</b> {escape(", ".join(told))}</figcaption></figure>')  # fmt: skip
        name = f"{escape(photo)}, {escape(width)} wide"
        body.append(f'<h4>{name}</h4><div class="crops" tabindex="0" role="region" aria-label="{name}">{"".join(tiles)}</div>')
    if not body:
        return None
    note = ("<p>The same part of the same picture by each tool, one pixel of the file to one of CSS, never scaled; a narrow screen scrolls. "
            "Score: SSIMULACRA2 of the whole picture; kB: of the whole file. Save one to look closer.</p>")  # fmt: skip
    return Block("crops", "Crops at 1:1", "measured", note + "".join(body))


def rank(tool):
    """The ideal, ours, sharp, and the others."""
    return ("ideal", "ours", "sharp", "peer").index(role_of(tool))
