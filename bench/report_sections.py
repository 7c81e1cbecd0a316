"""What stands in a report, and in which order; headline figures. Nothing here fails: what is missing says why."""

import sys

import report_losses
import report_quality
import report_service
import report_speed
from report_base import Missing, is_number, is_ours, number, our_name, several, spread, times, unique, why_left_out

# (id, title, lead, [(key, what, sections of the result that it is made of, function)])
SECTIONS = (
    ("losses", "Where we lose", "Computed from the same numbers as everything else here: every ratio below 1, every score below a peer's.",
     [("losses", "Comparisons in which another is better", ("compare", "formats", "processes", "quality"), report_losses.draw_losses)]),
    ("speed", "Beside sharp", "sharp is libvips for Node.js, the newest that npm has, with its defaults and its tricks.",
     [("jobs", "CPU time of sharp over ours", ("compare",), report_speed.draw_jobs),
      ("throughput", "Images a second on all threads", ("throughput",), report_speed.draw_throughput),
      ("stages", "Stages of a job", ("compare",), report_speed.draw_stages),
      ("formats", "PNG and WebP", ("formats",), report_speed.draw_formats)]),
    ("processes", "Beside the command line", "Each as its users call it, from file to file, one thread.",
     [("processes", "Whole processes", ("processes",), report_speed.draw_processes)]),
    ("pictures", "Pictures", "At the same quality setting, and at an equal score.",
     [("crops", "Crops at 1:1", ("crops", "quality"), report_quality.draw_crops),
      ("frontier", "Time, bytes and quality", ("quality",), report_quality.draw_frontier),
      ("rates", "Bytes for a score", ("curves", "quality"), report_quality.draw_rates),
      ("bytes", "Bytes at an equal score", ("bd_rate", "quality"), report_quality.draw_bytes),
      ("scores", "Scores", ("quality",), report_quality.draw_scores)]),
    ("scaling", "Scaling", "Larger pictures, more sizes of one, more threads.",
     [("scaling", "Scaling", ("scaling",), report_speed.draw_scaling)]),
    ("kernel", "Kernel", "The resizer without any codec.",
     [("planes", "One plane, beside peers", ("planes", "kernel"), report_speed.draw_planes),
      ("slots", "Every slot by implementation", ("kernel",), report_speed.draw_slots),
      ("instructions", "Instructions of fixed jobs", ("instructions",), report_speed.draw_instructions)]),
    ("pipeline", "Pipeline", "From an event to its pictures in a store.",
     [("events", "Events a second", ("service",), report_service.draw_events),
      ("event-cpu", "CPU time of an event", ("service",), report_service.draw_event_cpu),
      ("latency", "Latency of an event", ("service",), report_service.draw_latency),
      ("rss", "Resident size", ("held", "service"), report_service.draw_rss)]),
    ("cost", "Cost (model)", "All dollars are a model. Hatched means model.",
     [("cost", "Cost of a million images by component (model)", ("cost",), report_service.draw_cost),
      ("cost-cpu", "What CPU time costs (model)", ("cost",), report_service.draw_cost_cpu)]),
    ("arm64", "arm64 (model)",
     "No arm64 machine was measured: times are a model, instructions were counted in an emulator. A diamond or a hatch means model.",
     [("arm-estimate", "Time of a job on arm64 (model)", ("arm_model",), report_service.draw_arm_estimate),
      ("arm-jobs", "Instructions of whole jobs", ("arm_model",), report_service.draw_arm_jobs),
      ("arm-slots", "Cycles of every slot on arm64 (model)", ("arm_model",), report_service.draw_arm_slots),
      ("arm-check", "The model beside what was measured", ("arm_model",), report_service.draw_arm_check)]),
)  # fmt: skip


def draw_sections(result):
    """[(id, title, lead, [Figure, Block or Missing])]"""
    sections = []
    for name, title, lead, figures in SECTIONS:
        parts = []
        for key, what, sources, draw in figures:
            try:
                made = draw(result)
            except (KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError) as error:
                why = f"the result has not the shape that is read here: {type(error).__name__}: {error}"
                print(f"report: {key}: {why}", file=sys.stderr)
                made = Missing(key, what, why)
            parts += made if isinstance(made, list) else [made or Missing(key, what, why_left_out(result, *sources))]
        sections.append((name, title, lead, parts))
    return sections


# ---- headline


def headline(result):
    """[(value, what it is, its spread or what stands beside it, kind)]"""
    cards = []
    for part in (job_cards, thread_cards, memory_cards, picture_cards, event_cards, cost_cards):
        try:
            cards += part(result)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, ZeroDivisionError) as error:
            print(f"report: headline: {type(error).__name__}: {error}", file=sys.stderr)
    return cards


def job_cards(result):
    cards = []
    for job in report_speed.of_jobs(result, "compare"):
        s = spread(report_speed.ratios(job))
        told = f"median; {times(s['least'])} to {times(s['most'])}, middle half {times(s['q1'])} to {times(s['q3'])}, {several(s['n'], 'photograph')}"
        cards.append((f"{times(s['median'])}×", f"CPU time of sharp over ours: {job['name']}", told, "measured"))
    return cards


def thread_cards(result):
    data = result.get("throughput") or {}
    jobs = [j for j in data.get("jobs") or [] if is_number(j.get("ratio"))]
    return [(f"{times(j['ratio'])}×", f"our images a second over sharp's, {several(data.get('n_threads', 1), 'thread')}: {j['name']}",
             f"{number(j['ours']['images_per_s'])} beside {number(j['sharp']['images_per_s'])} images/s, "
              f"median of {several(data.get('rounds', 0), 'round')}", "measured")
            for j in jobs[:1]]  # fmt: skip


def memory_cards(result):
    for job in (result.get("processes") or {}).get("jobs") or []:
        summary = job.get("summary") or {}
        us = our_name(summary)
        peers = {t: s for t, s in summary.items() if not is_ours(t) and is_number(s.get("peak_kib_ratio"))}
        if us and peers:
            best = min(peers, key=lambda t: peers[t]["peak_kib_ratio"])
            told = (f"the least of {several(len(peers), 'peer')}; ours {number(summary[us]['peak_kib'] / 1024)} MiB, median of "
                    f"{several(peers[best].get('photos', 0), 'photograph')}")
            return [(f"{times(peers[best]['peak_kib_ratio'])}×", f"peak memory of {best} over ours: {job['job']}", told, "measured")]
    return []


def picture_cards(result):
    rows, cards = report_quality.rows_of(result), []
    us, tools = our_name(unique(r["tool"] for r in rows)), unique(r["tool"] for r in rows)
    sharp = next((t for t in tools if t.lower().startswith("sharp")), None)
    for width in unique(r["width"] for r in rows)[:1]:
        ours, theirs = (report_quality.scores(rows, t, width, "gamma", "ssimulacra2") for t in (us, sharp))
        if ours and theirs:
            a, b = spread(ours.values()), spread(theirs.values())
            told = (f"sharp {number(b['median'])}; ours {number(a['least'])} to {number(a['most'])}, {several(a['n'], 'photograph')}, "
                    f"quality {result['quality'].get('quality')}")
            cards.append((number(a["median"]), f"SSIMULACRA2 of ours, {width} wide", told, "measured"))
    for b in (result.get("quality") or {}).get("bd_rate") or []:
        if b["tool"].lower().startswith("sharp") and is_number(b.get("percent")):
            cards.append((f"{b['percent']:+.1f} %", f"bytes of {b['tool']} over ours at an equal SSIMULACRA2, {b['width']} wide",
                          several(b.get("n_photos", 0), "photograph"), "measured"))  # fmt: skip
            break
    return cards


def event_cards(result):
    rows = [r for r in report_service.rows_of(result) if is_number(r.get("per_core"))]
    best = max(rows, key=lambda r: r["per_core"]) if rows else None
    return [(number(best["per_core"]), "events a second of a core", f"{best['name']}; three sizes of 1 megapixel each",
             "measured")] if best else []


def cost_cards(result):
    costs = [c for c in report_service.costs_of(result) if is_ours(c["tool"]) and is_number(c.get("total"))]
    best = min(costs, key=lambda c: c["total"]) if costs else None
    return [(f"${number(best['total'])}", f"for a million images on Lambda {best['arch']} (model)",
             f"of it CPU ${number(best['usd'].get('Lambda, CPU', 0))} (model)", "model")] if best else []  # fmt: skip
