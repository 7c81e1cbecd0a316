"""The page of bench/report: one HTML file that loads nothing, without scripts."""

import os

import report_losses
from report_base import KINDS, Block, Missing, escape, number, several
from report_service import lead_of

HERE = os.path.dirname(os.path.abspath(__file__))
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # the page cannot ask anybody for anything
N_WORST = 400  # rows of a table beyond which nobody looks


def read_style():
    with open(os.path.join(HERE, "report.css"), encoding="utf-8") as f:
        return f.read()


def badge(kind):
    return f'<span class="badge {kind}">{KINDS[kind]}</span>'


# ---- tables


def cell(value):
    if isinstance(value, bool) or value is None or not isinstance(value, (int, float)):
        return f"<td>{escape('-' if value is None else value)}</td>"
    return f'<td class="n"><data value="{value!r}">{number(value)}</data></td>'


def table(head, rows, caption):
    numeric = [any(isinstance(r[i], (int, float)) for r in rows) for i in range(len(head))]
    ths = "".join(f'<th scope="col"{" class=n" if is_n else ""}>{escape(h)}</th>' for h, is_n in zip(head, numeric))
    body = "".join("<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows)
    return (f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table><caption>{escape(caption)}</caption>'
            f"<thead><tr>{ths}</tr></thead><tbody>{body}</tbody></table></div>")  # fmt: skip


def details(what, body):
    return f"<details><summary>{escape(what)}</summary>{body}</details>"


# ---- figures


def legend_of(figure):
    items = "".join(f'<li><i class="{s.look}" style="--c: var(--{s.role})"></i>{escape(s.text)}</li>' for s in figure.legend)
    return f'<ul class="legend">{items}</ul>' if items else ""


def figure_of(part):
    if isinstance(part, Missing):
        return f'<div class="missing" id="{part.key}"><b>{escape(part.title)}</b> is not here: {escape(part.why)}.</div>'
    if isinstance(part, Block):
        return f'<section class="block" id="{part.key}" data-kind="{part.kind}"><h3>{escape(part.title)} {badge(part.kind)}</h3>{part.body}</section>'
    caption = f"{part.title} ({KINDS[part.kind]})"
    return (f'<figure class="plot" id="{part.key}" data-kind="{part.kind}"><h3>{escape(part.title)} {badge(part.kind)}</h3>'
            f"{legend_of(part)}{part.svg}"
            f"<figcaption>{escape(part.about)}</figcaption>{details('Numbers', table(part.head, part.rows, caption))}</figure>")  # fmt: skip


def section_of(result, name, title, lead, parts):
    extra = {"losses": losses_of, "cost": assumptions_of, "pipeline": lambda r: f"<p>{escape(lead_of(r))}</p>" if lead_of(r)
             else ""}.get(name)
    figures = [p for p in parts if not isinstance(p, Block)]
    blocks = [p for p in parts if isinstance(p, Block)]
    grid = f'<div class="figures">{"".join(map(figure_of, figures))}</div>' if figures else ""
    if name == "losses":
        own = guard(extra, result)
        return (f'<section id="section-{name}"><h2>{escape(title)}</h2><p class="lead">{escape(lead)}</p>'
                f'<div class="beside">{"".join(map(figure_of, parts))}<div>{own}</div></div></section>')  # fmt: skip
    return (f'<section id="section-{name}"><h2>{escape(title)}</h2><p class="lead">{escape(lead)}</p>{guard(extra, result)}'
            f"{''.join(map(figure_of, blocks))}{grid}</section>")  # fmt: skip


def guard(extra, result):
    """HTML that a section has of its own; nothing where the result has not its shape, which its figures say already."""
    try:
        return extra(result) if extra else ""
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def losses_of(result):
    losses = report_losses.Losses(result)
    rows = [[area, peer, f"{lost} of {n}", f"{worst.where}{f' ({worst.note})' if worst.note else ''}", worst.ours, worst.theirs, worst.unit]
            for area, peer, lost, n, worst in report_losses.by_peer(losses)]  # fmt: skip
    if not losses.areas:
        return ""
    if not rows:
        return "<p>In none of the comparisons of this run. Look at what was left out, at the end.</p>"
    head = ["kind", "another", "lost", "the worst of them", "ours", "theirs", "unit"]
    every = [[x.area, x.where, x.peer, x.ours, x.theirs, x.unit, x.factor, x.note] for x in report_losses.worst(losses)]
    shown = f"All {len(every):,}" if len(every) <= N_WORST else f"The first {N_WORST} of {len(every):,}"
    return table(head, rows, "Lost comparisons by kind and by who is better (measured)") + details(
        f"{shown}, by kind, the worst first",
        table(["kind", "where", "another", "ours", "theirs", "unit", "times better, or points", ""], every[:N_WORST],
              "Every lost comparison (measured)"))  # fmt: skip


def assumptions_of(result):
    cost = result.get("cost") or {}
    lines = "".join(f"<li>{escape(line)}</li>" for line in cost.get("assumptions") or [])
    words = "".join(f"<li>{escape(line)}</li>" for line in cost.get("words") or [])
    return (details("What the model says in words (model)", f"<ul>{words}</ul>") if words else "") + (
        details("Everything that the model assumes", f"<ul>{lines}</ul>") if lines else "")  # fmt: skip


# ---- the page


def card(value, what, told, kind):
    return f'<div class="card {kind}"><b>{escape(value)}</b><span>{escape(what)}</span><small>{escape(told)}</small>{badge(kind)}</div>'


def machine_line(result):
    machine, software, run = (result.get(k) or {} for k in ("machine", "software", "run"))
    words = [machine.get("cpu"), several(machine["n_cpus"], "processor") if machine.get("n_cpus") else None,
             f"{number(machine['memory_gib'])} GiB" if machine.get("memory_gib") else None, machine.get("architecture"),
             machine.get("system"),
             software.get("scantling"),
             f"commit {software['commit'][:13]}" if software.get("commit") else None,
             f"sharp {software['sharp']}" if software.get("sharp") else None,
             f"{run['mode']} run" if run.get("mode") else None, str(run["date"])[:16].replace("T", " ") if run.get("date") else None]  # fmt: skip
    return [str(w) for w in words if w]


def setting_of(result):
    machine, software, run = (result.get(k) or {} for k in ("machine", "software", "run"))
    rows = [[k, ", ".join(map(str, v)) if isinstance(v, list) else v] for k, v in machine.items()]
    rows += [[k, v] for k, v in software.items() if k != "libraries"] + [[k, v] for k, v in (software.get("libraries") or {}).items()]
    rows += [["photographs", ", ".join(map(str, run["photos"]))]] if run.get("photos") else []
    rows += [[f"seconds of {k}", v] for k, v in (run.get("seconds") or {}).items()]
    told = [result[name] for name in ("processes", "quality") if isinstance(result.get(name), dict)]
    remarks = [line for section in told for line in section.get("remarks") or []]
    left_out = "".join(f"<li>{escape(line)}</li>" for line in [*(run.get("left_out") or []), *remarks])
    return (f'<section id="section-setting"><h2>How it was measured</h2><p class="lead">Contenders alternate, warm, in one run; medians of CPU time; '
            "ratios are what counts, absolute figures belong to the machine. bench/README.md says what each part does.</p>"
            + (f"<h3>Left out, and remarks</h3><ul>{left_out}</ul>" if left_out else "<p>Nothing was left out.</p>")
            + (details("Machine, software, run", table(["what", "which"], rows, "Machine, software and run")) if rows
               else "") + "</section>")  # fmt: skip


def make_page(result, sections, cards):
    nav = "".join(f'<a href="#section-{name}">{escape(title)}</a>' for name, title, _, _ in sections)
    sample = '<p class="sample">Sample: every number on this page is made up.</p>' if result.get("sample") else ""
    return "\n".join((
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Scantling: benchmarks</title>',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><style>{read_style()}</style></head><body>',
        f"<header><h1>Scantling, measured</h1>{sample}<p class=\"machine\">{escape(' · '.join(machine_line(result)))}</p></header>",
        f'<nav aria-label="Sections">{nav}<a href="#section-setting">How it was measured</a></nav><main>',
        f'<section id="section-headline" aria-label="Headline"><div class="cards">{"".join(card(*c) for c in cards)}</div></section>'
                      if cards else "",
        *(section_of(result, *s) for s in sections),
        setting_of(result), "</main></body></html>\n",
    ))  # fmt: skip
