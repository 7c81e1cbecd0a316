#!/usr/bin/env python3
"""Metrics: the same counters in the embedded metric format and for Prometheus, read by somebody else.

    SCT_METRICS_SERVE=build/release/tests/metrics_serve python3 tests/e2e/metrics_test.py [-v] [Class[.test]]
"""

import json
import os
import re
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

SERVE = os.path.abspath(os.environ.get("SCT_METRICS_SERVE", ""))
if not os.environ.get("SCT_METRICS_SERVE") or not os.path.exists(SERVE):
    sys.exit("SCT_METRICS_SERVE must name the program")

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(?:{{((?:[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*",?)*)}})? (\S+)')
UNITS = {"Count", "Bytes", "Milliseconds", "None"}


def parse_exposition(text):
    """{(name, labels): value}; every rule of the format that concerns us is asserted on the way."""
    samples, types, helped = {}, {}, set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped.add(line.split(" ", 3)[2])
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name not in types and kind in ("counter", "gauge", "histogram"), line
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name, labels, value = match.groups()
            family = name if name in types else re.sub("_(bucket|sum|count)$", "", name)
            assert family in types and family in helped, f"{line}: before its type"
            assert (name, labels) not in samples, f"{line}: twice"
            samples[name, labels] = float(value)
            if types[family] == "counter":
                assert name.endswith("_total"), line
    return samples


def check_emf(line):
    """The shape that CloudWatch documents ("Embedded metric format specification")."""
    root = json.loads(line)
    metadata = root["_aws"]
    assert isinstance(metadata["Timestamp"], int) and metadata["Timestamp"] > 1e12
    for directive in metadata["CloudWatchMetrics"]:
        assert 1 <= len(directive["Namespace"]) <= 256
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            for name in dimensions:
                assert isinstance(root[name], str) and 1 <= len(root[name]) <= 1024
        assert len(directive["Metrics"]) <= 100
        names = [m["Name"] for m in directive["Metrics"]]
        assert len(set(names)) == len(names)
        for metric in directive["Metrics"]:
            assert metric["Unit"] in UNITS
            values = root[metric["Name"]]
            values = values if isinstance(values, list) else [values]
            assert 1 <= len(values) <= 100
            assert all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    return root


class MetricsTest(unittest.TestCase):
    def serve(self, *words, **environment):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SCANTLING_"))}
        process = subprocess.Popen([SERVE, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**inherited, **environment}, text=True, bufsize=1)  # fmt: skip
        self.addCleanup(process.communicate)
        self.process = process
        self.url = "http://" + process.stdout.readline().strip()

    def say(self, line):
        """Lines of the answer."""
        self.process.stdin.write(line + "\n")
        answer = []
        while (read := self.process.stdout.readline().strip()):
            answer.append(read)
        return answer

    def get(self, path, method="GET"):
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as e:
            with e:
                return e.code, e.headers, e.read().decode()

    def scrape(self):
        return parse_exposition(self.get("/metrics")[2])


class Exposition(MetricsTest):
    def test_counters_are_sums_of_what_was_added(self):
        self.serve("1769")
        self.assertEqual(self.scrape()["scantling_outputs_total", None], 0)
        for line in ("add ok 1000 300 3 40", "add ok 2000 600 2 400", "add skipped 0 0 0 2", "gauge 0 17", "gauge 2 -0"):
            self.say(line)
        status, headers, text = self.get("/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        samples = parse_exposition(text)
        expected = {
            ("scantling_records_total", 'verdict="ok"'): 2, ("scantling_records_total", 'verdict="skipped"'): 1,
            ("scantling_outputs_total", None): 5, ("scantling_read_bytes_total", None): 3000,
            ("scantling_written_bytes_total", None): 900, ("scantling_stage_seconds_total", 'stage="decode"'): 0.06,
            ("scantling_record_duration_seconds_count", None): 3, ("scantling_record_duration_seconds_sum", None): 0.442,
            ("scantling_queue_waiting_messages", None): 17, ("scantling_running_records", None): 0,
        }  # fmt: skip
        for name, value in expected.items():
            self.assertAlmostEqual(samples[name], value, msg=name)
        gb_s = samples["scantling_gb_seconds_total", None]
        self.assertAlmostEqual(gb_s, 1769 / 1024 * 0.442)
        self.assertAlmostEqual(samples["scantling_estimated_cost_usd_total", None] / gb_s, 1.5e-5, delta=2e-6)
        self.assertNotIn(("scantling_held_messages", None), samples)

    def test_trouble_is_counted_and_what_is_not_known_is_not_told(self):
        self.serve()
        self.say("gauge 0 17")
        before = self.scrape()
        for line in ("trouble 0", "trouble 0", "trouble 1", "forget 0"):
            self.say(line)
        after = self.scrape()
        for name, n in (("scantling_queue_errors_total", 2), ("scantling_undelivered_failures_total", 1)):
            self.assertEqual((before[name, None], after[name, None]), (0, n))
        waiting = ("scantling_queue_waiting_messages", None)
        self.assertEqual((before[waiting], waiting in after), (17, False))

    def test_buckets_only_grow(self):
        self.serve()
        for ms in (1, 5, 5.1, 99, 100, 2500, 29999, 30001, 1e6):
            self.say(f"add ok 1 1 1 {ms}")
        samples = self.scrape()
        buckets = [(n[1], v) for n, v in samples.items() if n[0].endswith("_bucket")]
        counts = dict((b.split('"')[1], v) for b, v in buckets)
        self.assertEqual([counts[le] for le in ("0.005", "0.01", "0.1", "2.5", "30", "+Inf")], [2, 3, 5, 6, 7, 9])
        self.assertEqual([v for _, v in buckets], sorted(v for _, v in buckets))
        self.assertNotIn(("scantling_gb_seconds_total", None), samples)

    def test_the_price_comes_from_the_environment(self):
        self.serve(AWS_LAMBDA_FUNCTION_MEMORY_SIZE="1024", SCANTLING_USD_PER_GB_S="0.5")
        self.say("add ok 1 1 1 2000")
        self.assertAlmostEqual(self.scrape()["scantling_estimated_cost_usd_total", None], 1.0)


class Server(MetricsTest):
    def test_probes_say_how_it_is(self):
        self.serve()
        for line, health, ready in (("alive 1", 200, 200), ("ready 0", 200, 503), ("alive 0", 503, 503), ("ready 1", 503, 200)):
            self.say(line)
            self.assertEqual((self.get("/healthz")[0], self.get("/readyz")[0]), (health, ready), line)

    def test_what_is_not_there_is_not_found(self):
        self.serve()
        self.assertEqual(self.get("/")[0], 404)
        self.assertEqual(self.get("/metrics", "POST")[0], 405)
        self.assertEqual(self.get("/metrics", "HEAD")[2], "")

    def test_addresses_that_are_none_are_refused(self):
        self.serve()
        taken = self.url.split("//")[1]
        for address in ("", "9090", "host", "127.0.0.1:", "127.0.0.1:x", "1:2:3", "127.0.0.1:70000", "nowhere.invalid:1", taken):
            done = subprocess.run([SERVE, "0", address], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 3, address)
            self.assertIn(address.encode(), done.stderr)


class Emf(MetricsTest):
    def test_lines_say_what_was_added_since_the_last(self):
        self.serve("1024", AWS_LAMBDA_FUNCTION_NAME="resize", SCANTLING_USD_PER_GB_S="0.001")
        self.assertEqual(self.say("emf"), [])
        for line in ("add ok 1000 300 3 40", "add skipped 0 0 0 2", "add ok 10 30 3 60"):
            self.say(line)
        lines = [check_emf(line) for line in self.say("emf")]
        self.assertEqual([(r["Service"], r["Verdict"], r["Records"]) for r in lines], [("resize", "ok", 2), ("resize", "skipped", 1)])
        ok = lines[0]
        self.assertEqual((ok["BytesIn"], ok["BytesOut"], ok["Outputs"], ok["Duration"]), (1010, 330, 6, [40, 60]))
        self.assertAlmostEqual(ok["DecodeTime"], 40)
        self.assertAlmostEqual(ok["GBSeconds"], 0.1)
        self.assertAlmostEqual(ok["EstimatedCostUSD"], 0.0001)
        self.assertEqual(ok["_aws"]["CloudWatchMetrics"][0]["Dimensions"], [["Service", "Verdict"]])
        self.assertEqual(self.say("emf"), [])
        self.say("add ok 1 2 3 4")
        (line,) = self.say("emf")
        self.assertEqual(check_emf(line)["BytesIn"], 1)

    def test_a_line_holds_no_more_than_cloudwatch_takes(self):
        self.serve()
        for _ in range(250):
            self.say("add ok 1 1 1 7")
        (line,) = self.say("emf")
        self.assertEqual(check_emf(line)["Records"], 250)


if __name__ == "__main__":
    unittest.main()
