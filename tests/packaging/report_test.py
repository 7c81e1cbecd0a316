#!/usr/bin/env python3
"""bench/report: a page with every figure, whose numbers are the result's, which calls a model a model, says what is missing, trusts no
name, and loads nothing. Then the page in Chromium without a window, light and dark, at 1280 and 360 px; pictures of it go to report/ in the
build folder. Exit status 77, and a line that says so, without matplotlib, and (after all else was tested) without Chromium.

    python3 tests/packaging/report_test.py [-v] [Class[.test]]
"""

import contextlib
import copy
import html
import html.parser
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PYTHON = "/usr/bin/python3"  # the one that sees Debian's packages
REPORT = os.path.join(ROOT, "bench", "report")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
sys.path[:0] = [os.path.join(ROOT, "bench"), HERE]

from report_sample import ODD, PHOTOS, QUALITY, Sample  # noqa: E402


def skip(why):
    print(f"report_test: SKIPPED: {why}")
    return 77


try:
    import matplotlib  # noqa: F401
except ImportError:
    sys.exit(skip("no python3-matplotlib (ci/setup --bench)"))

import report_losses  # noqa: E402
import report_sections  # noqa: E402
from report_page import make_page  # noqa: E402
from report_summary import make_summary  # noqa: E402

RESULT = Sample().make()
SCORES = [f"score-{metric}-{width}" for width in (1600, 400) for metric in ("ssimulacra2", "butteraugli-max", "butteraugli-3norm",
                                                                            "psnr-y")]
FIGURES = {  # by the section of the result that they need
    "compare": ["jobs", "jobs-pillow", "stages-1", "stages-2", "stages-3"],
    "throughput": ["throughput"],
    "formats": ["formats-time", "formats-bytes"],
    "processes": ["processes-cpu-ms", "processes-wall-ms", "processes-peak-kib", "processes-bytes", "processes-formats-cpu-ms",
                  "processes-formats-wall-ms", "processes-formats-peak-kib", "processes-formats-bytes"],
    "quality": ["frontier-cpu-ms-1600", "frontier-bytes-1600", "frontier-cpu-ms-400", "frontier-bytes-400", "bytes", "rates-1600",
                "rates-400", *SCORES],
    "scaling": ["scaling-time", "scaling-memory", "scaling-sizes", "scaling-workers"],
    "kernel": ["planes-1", "planes-2", "slots"],
    "instructions": ["instructions"],
    "service": ["events", "event-cpu", "latency", "rss"],
    "cost": ["cost", "cost-cpu"],
    "arm_model": ["arm-estimate", "arm-jobs", "arm-slots", "arm-check"],
}
MODELS = {"cost", "cost-cpu", "arm-estimate", "arm-slots"}
PARTLY_MODELS = {"arm-check", "planes-1", "planes-2", "scaling-workers"}
LOSING = ("compare", "formats", "processes", "throughput", "quality", "kernel")  # sections with comparisons


def draw(result):
    """(page, summary)"""
    cards = report_sections.headline(result)
    return make_page(result, report_sections.draw_sections(result), cards), make_summary(result, cards)


def quietly(function, *arguments):
    """What it returns, and what it says on stderr."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        return function(*arguments), said.getvalue()


def figures_of(page):
    """{key: (kind, HTML)}"""
    return {key: (kind, body) for key, kind, body in re.findall(r'<figure class="plot" id="([^"]+)" data-kind="([^"]+)">(.*?)</figure>',
                                                                page, re.S)}


def table_of(body):
    """[[text or number]] of a figure's table, its head first."""
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    found = [[html.unescape(h) for h in re.findall(r"<th[^>]*>(.*?)</th>", rows[0])]]
    for row in rows[1:]:
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
        values = [re.match(r'<data value="([^"]+)">', c) for c in cells]
        found.append([float(v[1]) if v else html.unescape(c) for v, c in zip(values, cells)])
    return found


def words_of(text):
    """What a reader sees of HTML."""
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<(style|title|desc)\b.*?</\1>", " ", text, flags=re.S)))


def missing_of(page):
    return dict(re.findall(r'<div class="missing" id="([^"]+)"><b>.*?</b> is not here: (.*?)\.</div>', page))


PAGE, SUMMARY = draw(RESULT)


class Figures(unittest.TestCase):
    """Of a result with everything."""

    def test_every_figure_is_there_and_nothing_is_missing(self):
        wanted = sorted(["losses", *(key for keys in FIGURES.values() for key in keys)])
        self.assertEqual(sorted(figures_of(PAGE)), wanted)
        self.assertEqual(missing_of(PAGE), {})
        self.assertEqual(len(re.findall(r'<figure class="crop ', PAGE)), 2 * len(QUALITY))

    def test_every_figure_has_what_a_reader_needs(self):
        for key, (kind, body) in figures_of(PAGE).items():
            with self.subTest(key):
                self.assertIn(f'role="img" aria-labelledby="{key}-title {key}-desc"', body)
                self.assertRegex(body, rf'<title id="{key}-title">.+?</title><desc id="{key}-desc">.+?</desc>')
                self.assertRegex(body, r"<figcaption>\S.{20,}<details>")
                self.assertIn(f'<span class="badge {kind}">', body)
                rows = table_of(body)
                self.assertGreater(len(rows), 1)
                self.assertEqual({len(r) for r in rows}, {len(rows[0])})
                self.assertTrue(any(isinstance(cell, float) for row in rows for cell in row))

    def test_ids_are_unique_and_every_reference_is_met(self):
        ids = re.findall(r' id="([^"]+)"', PAGE)
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(set(re.findall(r'(?:href="#|url\(#)([^")]+)', PAGE)) - set(ids), set())

    def test_colours_are_left_to_the_page(self):
        for key, (_, body) in figures_of(PAGE).items():
            self.assertIsNone(re.search(r"[:\"] ?#[0-9a-fA-F]{3,8}\b[;\"]", body[body.index("<svg") : body.index("</svg>")]), key)

    def test_the_same_numbers_give_the_same_bytes(self):
        small = {"format": 1, "cost": RESULT["cost"], "throughput": RESULT["throughput"]}
        self.assertEqual(draw(small), draw(copy.deepcopy(small)))


class Numbers(unittest.TestCase):
    """Tables have the result's numbers, headlines what follows from them."""

    def table(self, key):
        return table_of(figures_of(PAGE)[key][1])[1:]

    def test_jobs(self):
        for row, job in zip(self.table("jobs"), RESULT["compare"]["jobs"], strict=True):
            ratios = [p["ratio"] for p in job["photos"]]
            self.assertEqual([row[0], row[1], row[2], row[3], row[6]],
                             [job["name"], len(ratios), statistics.median(ratios), min(ratios), max(ratios)])  # fmt: skip
            self.assertIn(f"<b>{statistics.median(ratios):.2f}×</b>", PAGE)
            self.assertIn(f"{min(ratios):.2f} to {max(ratios):.2f}", PAGE)
            self.assertRegex(SUMMARY, rf"{job['name']} \| {statistics.median(ratios):.2f}× \| .*{min(ratios):.2f} to {max(ratios):.2f}")

    def test_pillow_stands_beside_sharp(self):
        for i, (row, job) in enumerate(zip(self.table("jobs-pillow"), RESULT["compare"]["jobs"], strict=True), 1):
            ratios = [p["pillow_ratio"] for p in job["photos"]]
            self.assertEqual([row[0], row[1], row[2], row[3], row[6]],
                             [job["name"], len(ratios), statistics.median(ratios), min(ratios), max(ratios)])  # fmt: skip
            wanted = [[p["pillow_ms"], p["pillow_ratio"], p["pillow_bytes"]] for p in job["photos"]]
            self.assertEqual([r[-3:] for r in self.table(f"stages-{i}")], wanted)
            self.assertIn("Pillow, all of it", figures_of(PAGE)[f"stages-{i}"][1])

    def test_without_pillow_sharp_stands_alone(self):
        compare = copy.deepcopy(RESULT["compare"])
        for k, job in enumerate(compare["jobs"]):
            for p in job["photos"] if k else job["photos"][1:]:  # the first job keeps one of them
                for key in ("pillow_ms", "pillow_ratio", "pillow_bytes"):
                    del p[key]
        (page, _), said = quietly(draw, {"format": 1, "compare": compare})
        self.assertEqual(said, "")
        self.assertEqual([r[:2] for r in table_of(figures_of(page)["jobs-pillow"][1])[1:]], [[compare["jobs"][0]["name"], 1]])
        self.assertEqual([r[-1] for r in table_of(figures_of(page)["stages-1"][1])[1:]],
                         [compare["jobs"][0]["photos"][0]["pillow_bytes"]] + ["-"] * (len(PHOTOS) - 1))  # fmt: skip
        self.assertNotIn("Pillow", figures_of(page)["stages-2"][1])
        del compare["jobs"][0]
        page, _ = draw({"format": 1, "compare": compare})
        self.assertIn("jobs", figures_of(page))
        self.assertNotIn("Pillow", page)

    def test_progressive_photographs_are_listed_and_not_in_the_median(self):
        result = {"format": 1, "compare": copy.deepcopy(RESULT["compare"])}
        job = result["compare"]["jobs"][0]
        usual = statistics.median(p["ratio"] for p in job["photos"])
        job["photos"].append({**job["photos"][0], "file": "progressive_1.jpg", "ratio": 99.0})
        page, _ = draw(result)
        self.assertEqual(table_of(figures_of(page)["jobs"][1])[1][1:3], [len(PHOTOS), usual])
        self.assertEqual(table_of(figures_of(page)["stages-1"][1])[-1][0], "progressive_1.jpg")

    def test_stages(self):
        for i, job in enumerate(RESULT["compare"]["jobs"], 1):
            wanted = [[p["file"], *(p["stages"][s] for s in ("plan", "decode", "resize", "encode")), p["our_ms"], p["sharp_ms"],
                       p["ratio"]] for p in job["photos"]]
            self.assertEqual([[r[0], *r[2:9]] for r in self.table(f"stages-{i}")], wanted)

    def test_processes(self):
        jobs = RESULT["processes"]["jobs"]
        jpeg, others = [j for j in jobs if "from" not in j], [j for j in jobs if "from" in j]
        self.assertEqual((len(jpeg), len(others)), (3, 4))
        for some, prefix in ((jpeg, "processes-"), (others, "processes-formats-")):
            for key in ("cpu_ms", "wall_ms", "peak_kib"):
                wanted = [[j["job"], t, s[key], s[key + "_ratio"], s["photos"]] for j in some for t, s in j["summary"].items()]
                self.assertEqual(sorted(self.table(prefix + key.replace("_", "-"))), sorted(wanted))
            wanted = [[j["job"], t, s["bytes"], s["photos"]] for j in some for t, s in j["summary"].items()]
            self.assertEqual(sorted(self.table(prefix + "bytes")), sorted(wanted))

    def test_processes_of_formats_are_one_table_of_the_summary(self):
        jobs = [j for j in RESULT["processes"]["jobs"] if "from" in j]
        head = SUMMARY.index("|  | " + " | ".join(j["job"] for j in jobs) + " |")
        rows = {r.split(" | ")[0][2:]: r for r in SUMMARY[head:].split("\n\n")[0].split("\n")[2:]}
        self.assertEqual(set(rows), {t for j in jobs for t in j["summary"]})
        ours = rows["scantling"].strip("| ").split(" | ")[1:]
        self.assertEqual(ours, ["1.00; 1.00"] * len(jobs))
        hinted = rows["ffmpeg, lowres"].strip("| ").split(" | ")[1:]
        self.assertEqual([c == "-" for c in hinted], [j["from"] != "jpeg" for j in jobs])

    def test_formats_and_throughput(self):
        wanted = [[j["title"], p["file"], p["sharp_ms"], p["our_ms"], p["ratio"], p["sharp_bytes"], p["our_bytes"]]
                  for j in RESULT["formats"]["jobs"] for p in j["photos"]]
        self.assertEqual(self.table("formats-time"), wanted)
        wanted = [[j["name"], who, j[who]["images_per_s"], min(j[who]["all"]), max(j[who]["all"]), j["ratio"]]
                  for j in RESULT["throughput"]["jobs"] for who in ("ours", "sharp")]  # fmt: skip
        self.assertEqual(self.table("throughput"), wanted)

    def test_scores(self):
        for width in (1600, 400):
            for metric in ("ssimulacra2", "psnr_y"):
                found = {(r[0], r[1]): r[2:] for r in self.table(f"score-{metric.replace('_', '-')}-{width}")}
                for tool in QUALITY:
                    for reference in ("gamma", "linear"):
                        values = [r[reference][metric] for r in RESULT["quality"]["rows"] if (r["tool"], r["width"]) == (tool, width)]
                        self.assertEqual(found[tool, reference], [len(values), statistics.median(values), min(values), max(values)])
        curve = next(c for c in RESULT["quality"]["curves"] if (c["tool"], c["width"]) == ("sharp", 400))
        means = [[statistics.fmean(c["points"][i][k] for c in RESULT["quality"]["curves"] if (c["tool"], c["width"]) == ("sharp", 400))
                  for k in ("bytes", "ssimulacra2")]
                 for i in range(len(curve["points"]))]  # fmt: skip
        for row, mean in zip([r for r in self.table("rates-400") if r[0] == "sharp"], means, strict=True):
            self.assertAlmostEqual(row[2], mean[0])
            self.assertAlmostEqual(row[3], mean[1])
        self.assertEqual(self.table("bytes"), [[b["tool"], b["width"], b["percent"], b["low"], b["high"], b["n_photos"]]
                                               for b in RESULT["quality"]["bd_rate"]])

    def test_kernel(self):
        self.assertEqual([r[:3] for r in self.table("slots")],
                         [[s["shape"], s["dsp"], s["ps_per_sample"]] for s in RESULT["kernel"]["slots"]])
        rows = self.table("planes-1")
        planes = [p for p in RESULT["kernel"]["planes"] if p["job"].startswith("lanczos3")]
        self.assertEqual([r[:4] for r in rows[:-1]], [[p["name"], p["ms"], p["ratio"], p["db"]]
                                                      for p in sorted(planes, key=lambda p: p["ms"])])
        self.assertEqual(rows[-1][0], "memory (model)")
        self.assertAlmostEqual(rows[-1][1], (4928 * 3279 + 852 * 567) / 11.3e9 * 1e3)

    def test_scaling_service_and_instructions(self):
        self.assertEqual(self.table("scaling-time"), [[p["mp"], p["coding"], p["ms"]] for p in RESULT["scaling"]["pixels"]])
        self.assertEqual(self.table("scaling-memory"), [[p["mp"], p["coding"], p["peak_mib"]] for p in RESULT["scaling"]["pixels"]])
        self.assertEqual([r[:2] for r in self.table("scaling-workers")],
                         [[w["n"], w["images_per_s"]] for w in RESULT["scaling"]["workers"]])
        self.assertEqual(self.table("rss"), RESULT["service"]["held"]["rss_kib"])
        alone, held = (list(d["latency_ms"].values()) for d in (RESULT["service"], RESULT["service"]["held"]))
        self.assertEqual([r[1:] for r in self.table("latency")],
                         [[*r["latency_ms"].values()] for r in RESULT["service"]["rows"]] + [alone, held])
        for row, r in zip(self.table("event-cpu"), RESULT["service"]["rows"], strict=True):
            self.assertAlmostEqual(sum(row[1:-1]), r["ours_ms"])
        self.assertEqual(self.table("instructions"), [[a, n, v] for a, d in RESULT["instructions"].items() for n, v in d["jobs"].items()])

    def test_models(self):
        wanted = [[f"{c['tool']}, {c['arch']}", w, usd] for c in RESULT["cost"]["components"] for w, usd in c["usd"].items()]
        self.assertEqual(self.table("cost")[: len(wanted)], wanted)
        estimate = RESULT["arm_model"]["estimate"]["cpus"]
        self.assertEqual([r[:4] for r in self.table("arm-estimate")], [[c, e["time_over_here"], e["low"], e["high"]] for c, e in estimate.items()])
        self.assertEqual([r[:4] for r in self.table("arm-slots")],
                         [[r["shape"], r["dsp"], c, m["cycles"]] for r in RESULT["arm_model"]["arm64"]
                          for c, m in r["model"].items()])  # fmt: skip


class Models(unittest.TestCase):
    """What a model computed is never without the word."""

    def test_kinds(self):
        kinds = {key: kind for key, (kind, _) in figures_of(PAGE).items()}
        self.assertEqual({k for k, kind in kinds.items() if kind == "model"}, MODELS)
        self.assertEqual({k for k, kind in kinds.items() if kind == "both"}, PARTLY_MODELS)

    def test_every_part_of_a_modelled_figure_says_model(self):
        for key, (kind, body) in figures_of(PAGE).items():
            if kind == "measured":
                continue
            with self.subTest(key):
                parts = {"heading": r"<h3>(.*?)</h3>", "caption": r"<figcaption>(.*?)<details>",
                         "table's caption": r"<caption>(.*?)</caption>"}
                if kind == "both":
                    parts["legend"] = r'class="legend">(.*?)</ul>'
                else:
                    parts.update({"title": r"<title[^>]*>(.*?)</title>", "description": r"<desc[^>]*>(.*?)</desc>"})
                for part, pattern in parts.items():
                    self.assertRegex(re.search(pattern, body, re.S)[1], r"\b[Mm]odel\b", part)
                if kind == "model":
                    self.assertTrue(any("model" in text for text in re.findall(r"<text[^>]*>([^<]*)</text>", body)), "axis")
                    rows = table_of(body)
                    for i, head in enumerate(rows[0]):
                        if any(isinstance(r[i], float) for r in rows[1:]):
                            self.assertIn("model", head)

    def test_a_modelled_number_is_nowhere_without_the_word(self):
        result = copy.deepcopy({k: RESULT[k] for k in ("format", "cost", "arm_model")})
        odd = {}  # number as it is written: what it is
        for i, c in enumerate(result["cost"]["components"]):
            c["total"], c["usd"]["Lambda, CPU"], c["cpu_error"] = 7301.0 + i, 7401.0 + i, 7501.0 + i
            odd.update({f"7,{n}": "cost" for n in (301 + i, 401 + i, 501 + i)})
        result["arm_model"]["estimate"]["cpus"]["neoverse-v2"].update(time_over_here=731.0, low=732.0, high=733.0)
        odd.update({str(n): "estimate" for n in (731, 732, 733)})
        page, summary = draw(result)
        # The smallest things that are seen as one: a figure, a card, a paragraph, an entry.
        parts = re.findall(r"<figure.*?</figure>|<div class=\"card.*?</div>|<p.*?</p>|<li>.*?</li>", page, re.S)
        seen = words_of(page)
        for number in odd:
            pattern = rf"(?<![\d,.]){number}(?![\d,])"
            inside = [words_of(p) for p in parts if re.search(pattern, words_of(p))]
            if re.search(pattern, seen):
                self.assertTrue(inside, number)
                self.assertEqual(sum(len(re.findall(pattern, t)) for t in inside), len(re.findall(pattern, seen)), number)
            for text in inside:
                self.assertRegex(text, r"\bmodel\b")
            for block in re.split(r"\n\n(?!\|)", summary):
                if re.search(pattern, block):
                    self.assertIn("model", block)
        self.assertIn("7,401", seen)
        self.assertIn("731", seen)

    def test_fits_are_models(self):
        for key, number in (("scaling-time", "0.987"), ("scaling-memory", "0.0213"), ("scaling-sizes", "4.40")):
            self.assertRegex(figures_of(PAGE)[key][1], rf"By a fit, which is a model: .*{number}")


class Missing(unittest.TestCase):
    """A result that lacks something."""

    def test_one_section_alone_is_drawn_and_the_others_say_why_not(self):
        for section, keys in FIGURES.items():
            with self.subTest(section):
                left_out = [f"{name}: the reason of <{name}>" for name in FIGURES if name != section]
                page, summary = draw({"format": 1, section: RESULT[section], "run": {"left_out": left_out},
                                      **{n: None for n in FIGURES if n != section}})
                self.assertEqual(sorted(figures_of(page)), sorted(keys + (["losses"] if section in LOSING else [])))
                reasons = missing_of(page)
                for name in FIGURES:
                    if name != section:
                        self.assertIn(f"the reason of &lt;{name}&gt;", " ".join(reasons.values()), name)
                        self.assertIn(f"the reason of &lt;{name}&gt;".replace("_", "\\_"), summary)

    def test_remarks_are_told(self):
        self.assertIn("left out: a row too many &lt;sample&gt;", PAGE)

    def test_an_empty_result_is_a_page_without_plots(self):
        for result in ({"format": 1}, {"format": 1, **{name: None for name in FIGURES}}, {"format": 1, **{name: {} for name in FIGURES}},
                       {"format": 1, "compare": {"jobs": []}, "quality": {"rows": [], "crops": []}, "cost": {"components": []},
                        "kernel": {"slots": []}}):  # fmt: skip
            page, _ = draw(result)
            self.assertNotIn("<svg", page)
            self.assertNotIn("<table", page)
            self.assertIn("this run did not measure it", " ".join(missing_of(page).values()))
            self.assertEqual(len(missing_of(page)), sum(len(s[3]) for s in report_sections.SECTIONS))

    def test_another_shape_is_told_and_hinders_nothing_else(self):
        result = {"format": 1, "throughput": RESULT["throughput"], "compare": {"jobs": [{"photos": 7}]}, "quality": [], "cost": "no",
                  "kernel": {"slots": [{}]}}
        (page, _), said = quietly(draw, result)
        self.assertIn("throughput", figures_of(page))
        self.assertIn("has not the shape", missing_of(page)["jobs"])
        self.assertIn("report: jobs: ", said)

    def test_photographs_without_a_peer_are_no_plots(self):
        page, _ = draw({"format": 1, "quality": {"rows": [], "crops": [{"tool": "x", "photo": "p", "width": 1, "png_base64": "<script>"}]}})
        self.assertIn("crops", missing_of(page))
        self.assertNotIn("<script", page)


class Losses(unittest.TestCase):
    def test_every_ratio_below_1_is_counted(self):
        losses = report_losses.Losses(RESULT)
        slow = [(j["title"], p["file"]) for j in RESULT["formats"]["jobs"] for p in j["photos"] if p["our_ms"] > p["sharp_ms"]]
        self.assertGreater(len(slow), 0)
        self.assertEqual(sorted(x.where for x in losses.lost("CPU time, formats")), sorted(f"{t}, {f}" for t, f in slow))
        for measure, area in (("ms", "CPU time, JPEG"), ("bytes", "bytes, JPEG")):
            for key, peer in (("sharp", "sharp"), ("pillow", "Pillow")):
                less = [(j["name"], p["file"]) for j in RESULT["compare"]["jobs"] for p in j["photos"]
                        if p[f"{key}_{measure}"] < p[f"our_{measure}"]]
                self.assertEqual(sorted(x.where for x in losses.lost(area, peer)), sorted(f"{n}, {f}" for n, f in less))
        self.assertGreater(len(losses.lost("CPU time, JPEG", "Pillow")), 0)
        self.assertEqual({x.peer for x in losses.lost("one plane")}, {"libyuv"})
        self.assertEqual([x.where for x in losses.lost("slots beside C")], ["pack 4928, avx2"])
        below = [s for j in RESULT["processes"]["jobs"]
                 for t, s in j["summary"].items() for k in ("cpu_ms_ratio", "wall_ms_ratio", "peak_kib_ratio") if s[k] < 1]
        self.assertEqual(len([x for x in losses.lost("whole processes") if x.unit != "bytes"]), len(below))

    def test_every_score_below_a_peers_is_counted(self):
        losses = report_losses.Losses(RESULT)
        rows = {(r["tool"], r["photo"], r["width"]): r for r in RESULT["quality"]["rows"]}
        for metric, name, sign in (("ssimulacra2", "SSIMULACRA2", 1), ("butteraugli_3norm", "Butteraugli, 3-norm", -1)):
            below = [1 for (tool, photo, width), r in rows.items() for ref in ("gamma", "linear") if tool not in ("ideal", "scantling")
                     and sign * r[ref][metric] > sign * rows["scantling", photo, width][ref][metric]]  # fmt: skip
            self.assertEqual(len(losses.lost(name)), len(below))

    def test_they_stand_before_all_other_figures(self):
        self.assertLess(PAGE.index('id="section-losses"'), PAGE.index('id="section-speed"'))
        for area in ("one plane", "CPU time, formats", "SSIMULACRA2"):
            self.assertIn(f"<td>{area}</td>", PAGE[PAGE.index('id="section-losses"') : PAGE.index('id="section-speed"')])
        self.assertIn("### Where we lose", SUMMARY)

    def test_who_loses_nothing_is_told_so(self):
        job = {"name": "a", "ours": {"images_per_s": 3, "all": [3]}, "sharp": {"images_per_s": 1, "all": [1]}, "ratio": 3}
        page, summary = draw({"format": 1, "throughput": {"n_threads": 1, "rounds": 1, "jobs": [job]}})
        self.assertIn("In none of the comparisons", page)
        self.assertIn("In no comparison of this run.", summary)


class Safety(unittest.TestCase):
    def test_names_are_text(self):
        self.assertNotIn(ODD, PAGE)
        self.assertNotIn("<b>&quot;x", PAGE)
        self.assertIn(html.escape(ODD), PAGE)
        _, summary = draw({"format": 1, "run": {"left_out": [f"compare: {ODD} | *"]}})
        self.assertIn('compare: &lt;b&gt;"x\\`.jpg \\| \\*', summary)
        self.assertNotIn("<b>", SUMMARY + summary)

    def test_all_texts_of_a_result_are_text(self):
        def spoil(x, in_data=False):
            if isinstance(x, dict):
                return {k: spoil(v, k == "png_base64") for k, v in x.items()}
            if isinstance(x, list):
                return [spoil(v) for v in x]
            return x + '<i onload="a">&$^' if isinstance(x, str) and not in_data else x

        page, summary = draw(spoil(RESULT))
        self.assertEqual(sorted(figures_of(page)), sorted(figures_of(PAGE)))
        self.assertNotIn("<i onload", page + summary)
        self.assertIn("&lt;i onload", page)
        self.assertIn("&lt;i onload", summary)
        names = []
        parser = html.parser.HTMLParser()
        parser.handle_starttag = parser.handle_startendtag = lambda tag, attributes: names.extend(name for name, _ in attributes)
        parser.feed(page)
        self.assertIn("aria-label", names)
        self.assertEqual([name for name in names if name.startswith("on")], [])

    def test_the_page_loads_nothing(self):
        self.assertNotRegex(PAGE, r"https?:|=[\"']?//|@import|<script|<iframe|<object")
        self.assertEqual(set(re.findall(r'<link [^>]*href="([^"]*)"', PAGE)), {"data:,"})
        self.assertEqual({s[:22] for s in re.findall(r'src="([^"]*)"', PAGE)}, {"data:image/png;base64,"})
        self.assertEqual([u for u in re.findall(r"url\(([^)]*)\)", PAGE) if not u.startswith("#")], [])
        self.assertIn("default-src 'none'", PAGE)

    def test_a_sample_says_that_it_is_one(self):
        self.assertIn("every number on this page is made up", PAGE)
        self.assertIn("every number here is made up", SUMMARY)


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scantling-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_report(self, content, *words):
        path = os.path.join(self.folder, "result.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)
        return subprocess.run([PYTHON, REPORT, path, *words], capture_output=True, text=True, check=False, timeout=300)

    def test_both_files_are_written(self):
        small = {"format": 1, "throughput": RESULT["throughput"]}
        out = os.path.join(self.folder, "a", "b")
        done = self.run_report(json.dumps(small), "--out", out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        page, summary = draw(small)
        for name, text in (("report.html", page), ("summary.md", summary)):
            with open(os.path.join(out, name), encoding="utf-8") as f:
                self.assertEqual(f.read(), text)
        self.assertEqual(self.run_report(json.dumps({"format": 1})).returncode, 0)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "report.html")))

    def test_what_is_no_result_is_refused(self):
        for content in ("", "[]", "{}", '{"format": 2}'):
            done = self.run_report(content)
            self.assertEqual(done.returncode, 2, content)
            self.assertRegex(done.stderr, r"^report: .*result\.json: ")


class Browser(unittest.TestCase):
    """The page as Chromium shows it."""

    @classmethod
    def setUpClass(cls):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            del os.environ[name]  # everything is on this machine
        cls.folder = tempfile.mkdtemp(prefix="scantling-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking",
                     "--disable-component-update",
                     "--no-first-run", "--hide-scrollbars", "--no-proxy-server", "--lang=en-US",
                     f"--user-data-dir={cls.folder}/profile"):  # fmt: skip
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(service=Service(DRIVER, log_path=os.devnull), options=options)
        cls.addClassCleanup(cls.browser.quit)
        cls.path = os.path.join(cls.folder, "report.html")
        with open(cls.path, "w", encoding="utf-8") as f:
            f.write(PAGE)
        cls.shots = os.path.join(os.environ.get("SCT_BUILD_DIR", os.path.join(ROOT, "build")), "report")
        os.makedirs(cls.shots, exist_ok=True)

    def open(self, width, scheme="light", media="screen"):
        command = self.browser.execute_cdp_cmd
        command("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
        command("Emulation.setEmulatedMedia", {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.browser.get("file://" + self.path)
        self.browser.save_screenshot(os.path.join(self.shots, f"{media}-{scheme}-{width}.png"))

    def ask(self, script):
        return self.browser.execute_script("return " + script)

    def tearDown(self):
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_every_figure_is_seen(self):
        self.open(1280)
        sizes = self.ask("Object.fromEntries([...document.querySelectorAll('.plot')].map("
                         "f => [f.id, f.querySelector('svg').getBoundingClientRect().height]))")  # fmt: skip
        self.assertEqual(set(sizes), set(figures_of(PAGE)))
        self.assertGreater(min(sizes.values()), 40)
        marks = self.ask("[...document.querySelectorAll('.plot svg')].filter(s => !s.querySelectorAll('path, use').length).length")
        self.assertEqual(marks, 0)

    def test_nothing_is_loaded(self):
        self.open(1280)
        self.assertEqual(self.ask("performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:'))"), [])

    def test_no_text_leaves_its_plot(self):
        self.open(1280)
        outside = self.ask("""[...document.querySelectorAll('.plot svg')].flatMap(s => {
            const b = s.getBoundingClientRect();
            return [...s.querySelectorAll('text')].filter(t => {
                const r = t.getBoundingClientRect();
                return r.left < b.left - 1 || r.right > b.right + 1 || r.top < b.top - 1 || r.bottom > b.bottom + 1;
            }).map(t => s.parentElement.id + ': ' + t.textContent);
        })""")  # fmt: skip
        self.assertEqual(outside, [])

    def test_no_text_is_written_over_the_names_of_rows(self):
        self.open(1280)
        over = self.ask("""[...document.querySelectorAll('.plot svg')].flatMap(s => {
            const rs = [...s.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
            return rs.flatMap(([a, p], i) => rs.slice(i + 1).filter(([b, q]) =>
                Math.min(p.right, q.right) - Math.max(p.left, q.left) > 3 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 6)
                .map(([b]) => s.parentElement.id + ': ' + a + ' / ' + b));
        })""")  # fmt: skip
        self.assertEqual(over, [])

    def test_crops_are_one_to_one(self):
        for width in (1280, 360):
            self.open(width)
            wrong = self.ask("[...document.images].filter(i => i.naturalWidth !== i.clientWidth || i.naturalHeight !== i.clientHeight"
                             " || !i.naturalWidth || getComputedStyle(i).imageRendering !== 'pixelated').length")  # fmt: skip
            self.assertEqual((wrong, self.ask("document.images.length")), (0, 2 * len(QUALITY)))

    def test_a_narrow_page_does_not_scroll_sideways(self):
        for width in (360, 768, 1280):
            self.open(width)
            for opened in (False, True):
                if opened:
                    self.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
                self.assertLessEqual(self.ask("document.documentElement.scrollWidth"), width, (width, opened))

    def test_dark_light_and_paper_have_colours_of_their_own(self):
        def look():
            return self.ask("""['body', '.plot svg text', '.card b', '.plot'].map(q => {
                const s = getComputedStyle(document.querySelector(q));
                return q + ' ' + s.color + ' ' + s.fill + ' ' + s.backgroundColor;
            })""")  # fmt: skip

        self.open(1280)
        light = look()
        self.open(1280, "dark")
        self.assertTrue(all(a != b for a, b in zip(light, look())))
        self.open(1000, "dark", "print")
        paper = look()
        self.assertEqual(paper[1:3], light[1:3])
        self.assertIn("rgb(255, 255, 255)", paper[0])

    def test_an_empty_result_is_shown_too(self):
        page, _ = draw({"format": 1})
        path = os.path.join(self.folder, "empty.html")
        with open(path, "w", encoding="utf-8") as f:
            f.write(page)
        self.open(360)
        self.browser.get("file://" + path)
        self.assertLessEqual(self.ask("document.documentElement.scrollWidth"), 360)
        self.assertEqual(self.ask("document.querySelectorAll('.missing').length"), len(missing_of(page)))


def why_no_browser():
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "no python3-selenium (ci/setup --browser)"
    absent = [path for path in (CHROMIUM, DRIVER) if not os.path.exists(path)]
    return f"no {absent[0]} (ci/setup --browser)" if absent else None


def main():
    why = why_no_browser()
    if why:
        Browser.__unittest_skip__, Browser.__unittest_skip_why__ = True, why
    failed = not unittest.main(exit=False).result.wasSuccessful()
    return 1 if failed else skip(f"the page in a browser: {why}") if why else 0


if __name__ == "__main__":
    sys.exit(main())
