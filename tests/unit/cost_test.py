#!/usr/bin/env python3
"""bench/cost beside examples worked out by hand, with prices of this file's own; what it refuses; and bench/prices.json.

    SCT_SOURCE_DIR=. tests/unit/cost_test.py [-v]
"""

import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder
SOURCE_DIR = os.path.abspath(os.environ.get("SCT_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../..")))
BENCH = os.path.join(SOURCE_DIR, "bench")
sys.path.insert(0, BENCH)

import cost_model as model  # noqa: E402
from cost_model import Case, CostError, Prices, Tool  # noqa: E402

USD = {
    "lambda_arm64_gb_s": 13.3334e-6, "lambda_x86_64_gb_s": 16.6667e-6, "lambda_request": 0.2e-6,
    "lambda_arm64_provisioned_gb_s": 3.3334e-6, "lambda_x86_64_provisioned_gb_s": 4.1667e-6,
    "lambda_arm64_provisioned_run_gb_s": 7.7778e-6, "lambda_x86_64_provisioned_run_gb_s": 9.7222e-6,
    "c6g_large_h": 0.068, "c7g_large_h": 0.0725, "c8g_large_h": 0.07976, "c7i_large_h": 0.08925, "c7a_large_h": 0.10264,
    "gp3_gb_month": 0.08, "ipv4_h": 0.005, "fargate_arm64_vcpu_h": 0.03238, "fargate_arm64_gb_h": 0.00356,
    "fargate_x86_64_vcpu_h": 0.04048, "fargate_x86_64_gb_h": 0.004445, "s3_put": 5e-6, "s3_get": 0.4e-6, "s3_gb_month": 0.023,
    "s3_ia_put": 10e-6, "s3_ia_get": 1e-6, "s3_ia_gb_month": 0.0125, "s3_ia_retrieval_gb": 0.01, "s3_it_put": 5e-6, "s3_it_get": 0.4e-6,
    "s3_it_object_month": 2.5e-6, "s3_it_frequent_gb_month": 0.023, "s3_it_infrequent_gb_month": 0.0125, "s3_it_archive_gb_month": 0.004,
    "sqs_request": 0.4e-6, "dynamodb_write": 0.625e-6, "cloudfront_gb": 0.085, "cloudfront_request": 1e-6, "logs_gb": 0.5,
    "metric_month": 0.3, "alarm_month": 0.1, "dashboard_month": 3.0,
}  # fmt: skip
OFF = {"savings_plan_ec2": 0.27, "savings_plan_fargate": 0.2, "savings_plan_lambda": 0.12, "spot_ec2": 0.6, "spot_fargate": 0.65}
FROM = {"per": "piece", "region": "here", "noted": "2026-11-26", "source": "https://example.com/", "state": "made up"}
WORKER = {w.name: w for w in model.WORKERS}


def price_file(usd=USD, off=OFF):
    return {"prices": {k: {"usd": v, **FROM} for k, v in usd.items()}, "discounts": {k: {"off": v, **FROM} for k, v in off.items()}}


class Folder(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="scantling-")
        self.addCleanup(self.temporary.cleanup)
        self.prices = self.write("prices.json", price_file())

    def write(self, name, content):
        path = os.path.join(self.temporary.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def run_cost(self, *words, prices=None):
        command = [sys.executable, os.path.join(BENCH, "cost"), "--prices", prices or self.prices, *words]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)

    def told(self, *words, prices=None):
        """(text, JSON) of a run that has to succeed."""
        path = os.path.join(self.temporary.name, "out.json")
        done = self.run_cost(*words, "--json", path, prices=prices)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(path, encoding="utf-8") as f:
            return done.stdout, json.load(f)

    def assert_refused(self, said, *words, prices=None):
        done = self.run_cost(*words, prices=prices)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn(said, done.stderr)
        self.assertNotIn("Traceback", done.stderr)


class ByHand(Folder):
    """Ours 30 ms, sharp 180 ms, outputs of 128 KB."""

    def setUp(self):
        super().setUp()
        self.price, self.case = Prices(self.prices), Case()
        self.ours, self.sharp = Tool("ours", 30, 128, 128), Tool("sharp", 180, 128, 512)

    def lambda_usd(self, arch, memory_mb):
        cpu, wait, _ = model.lambda_run(self.price, self.case, self.ours, arch, memory_mb)
        return cpu + wait

    def per_million(self, name, plan="on demand", utilisation=0.6):
        return model.worker_million(self.price, self.case, self.ours, WORKER[name], plan, utilisation)

    def test_lambda_with_a_whole_vcpu(self):
        # 30 + 170 = 200 ms; 0.2 s * 1769 / 1024 GB = 0.3455078 GB-s; * 13.3334 = 4.606794. CPU: 30 / 200 of it = 0.691019.
        cpu, wait, ms = model.lambda_run(self.price, self.case, self.ours, "arm64")
        self.assertEqual(ms, 200)
        self.assertAlmostEqual(cpu + wait, 4.606794, 6)
        self.assertAlmostEqual(cpu, 0.691019, 6)

    def test_lambda_with_part_of_a_vcpu(self):
        # 30 / (512 / 1769) = 103.65; + 170 = 273.65, billed 274 ms; * 0.5 GB = 0.137 GB-s; * 16.6667 = 2.283338.
        self.assertAlmostEqual(self.lambda_usd("x86_64", 512), 2.283338, 6)

    def test_more_than_a_vcpu_is_paid_for_and_not_used(self):
        # 200 ms as at 1769 MB; 0.2 s * 2.9375 GB = 0.5875 GB-s; * 13.3334 = 7.833373.
        self.assertAlmostEqual(self.lambda_usd("arm64", 3008), 7.833373, 6)

    def test_milliseconds_are_begun(self):
        # 10.0 -> 10; 10.01 -> 11; 0.2 -> 1; 0.1 + 0.2 = 0.30000000000000004 + 9.7 -> 10, not 11
        cases = ((10, 0, 10), (10.01, 0, 11), (0.2, 0, 1), (0.1 + 0.2, 9.7, 10))
        for cpu, wait, ms in cases:
            self.assertEqual(model.lambda_ms(cpu, 1769, wait), ms)

    def test_instances_that_are_kept_ready(self):
        # 26,280,000 images in 730 * 3600 = 2,628,000 s: 10 a second, 30 at the peak, each 0.2 s: 6 instances of 2 GB.
        # Kept 6 * 2 * 2,628,000 = 31,536,000 GB-s * 3.3334e-6 = 105.122102; run 26,280,000 * 0.2 * 2 = 10,512,000 * 7.7778e-6
        # = 81.760234; requests 26.28 * 0.2 = 5.256; together 192.138336.
        # As dear as on demand at 3.3334 / (13.3334 - 7.7778) = 0.600007 of the time.
        self.case.images, self.case.memory_mb = 26_280_000, 2048
        n, usd, even = model.kept_ready(self.price, self.case, self.ours, "arm64")
        self.assertEqual(n, 6)
        self.assertAlmostEqual(usd, 192.138336, 5)
        self.assertAlmostEqual(even, 0.600007, 6)

    def test_ec2_whose_vcpus_are_cores(self):
        # 2 vCPUs * 0.6 busy * 3,600,000 ms / 30 = 144,000 an hour. 0.0725 + 0.005 + 8 * 0.08 / 730 = 0.0783767 an hour;
        # / 0.144 = 0.544283 for a million.
        self.assertAlmostEqual(model.images_an_hour(self.case, self.ours, WORKER["c7g.large"]), 144_000)
        self.assertAlmostEqual(self.per_million("c7g.large"), 0.544283, 6)

    def test_ec2_whose_vcpus_are_hyper_threads(self):
        # 0.6 of a core each: 86,400 an hour; 0.08925 + 0.005 + 0.000876712 = 0.0951267; / 0.0864 = 1.101004.
        self.assertAlmostEqual(self.per_million("c7i.large"), 1.101004, 6)

    def test_savings_plan_of_ec2(self):
        # Busy all the time 240,000 an hour; 0.10264 * 0.73 + 0.005876712 = 0.0808039; / 0.24 = 0.336683.
        self.assertAlmostEqual(self.per_million("c7a.large", "savings plan", 1.0), 0.336683, 6)

    def test_fargate_on_spot(self):
        # 0.03238 + 2 * 0.00356 = 0.0395; * 0.35 = 0.013825; + 0.005 = 0.018825; 72,000 an hour; / 0.072 = 0.261458.
        self.assertAlmostEqual(self.per_million("Fargate arm64", "spot"), 0.261458, 6)

    def test_workers_of_a_month(self):
        # c7g: 144,000 * 730 = 105,120,000 ours, 17,520,000 of sharp's. 100 million: 1, and 5.7, so 6.
        # Each 730 * 0.0725 + 3.65 + 0.64 = 57.215, and 131,400 polls * 0.4e-6 = 0.05256; six: 343.60536.
        self.case.images = 100_000_000
        for tool, n in ((self.ours, 1), (self.sharp, 6)):
            self.assertEqual(model.workers_wanted(self.case, tool, WORKER["c7g.large"]), n)
        self.assertAlmostEqual(model.worker_month(self.price, self.case, self.sharp, WORKER["c7g.large"], "on demand"), 343.60536, 5)
        for images, n in ((105_120_000, 1), (105_120_001, 2)):
            self.case.images = images
            self.assertEqual(model.workers_wanted(self.case, self.ours, WORKER["c7g.large"]), n)

    def test_batch(self):
        # 730 h * 4 = 2,920 starts of a minute = 48.6667 h; 1,000,000 / 72,000 = 13.8889 h; 62.5556 h * 0.018825 = 1.177608.
        self.assertAlmostEqual(model.batch_month(self.price, self.case, self.ours, WORKER["Fargate arm64"]), 1.177608, 6)

    def test_all_around_lambda(self):
        # PUT (1 + 3) * 5 = 20. GET and HEAD 1 + 1 + 3, and 10 views * 0.05 that miss: 5.5 * 0.4 = 2.2.
        # 3 / 1024 GB * 0.023 = 67.382813; 3 * 128 KB = 384 / 1,048,576 GB * 0.023 = 8.422852. SQS 3 * 0.4 = 1.2. Failures 0.01 * 0.625.
        # Logs 2 / 1,048,576 GB * 0.5 = 0.953674. CDN 10 * 1 and 10 * 128 / 1,048,576 GB * 0.085 = 103.759766.
        usd = {what: each for what, _, each in model.components(self.price, self.case, self.ours, "arm64")}
        expected = {"S3 writes": 20, "S3 reads": 2.2, "S3 storage, originals": 67.382813, "S3 storage, outputs": 8.422852, "SQS": 1.2,
                    "DynamoDB": 0.00625, "logs": 0.953674, "CDN requests": 10, "CDN egress": 103.759766, "Lambda requests": 0.2}  # fmt: skip
        for what, each in expected.items():
            self.assertAlmostEqual(usd.pop(what), each, 6, what)
        self.assertEqual(sorted(usd), ["Lambda, CPU", "Lambda, waiting"])

    def test_infrequent_access_bills_128_kb(self):
        # 50 KB as 128: 128 / 1,048,576 * 0.0125 = 1.525879e-6. 3 MB: 3 / 1024 * 0.0125 = 36.621094e-6.
        # Read once with one HEAD: 2 * 1e-6, and 3 / 1024 GB * 0.01 = 29.296875e-6.
        self.assertAlmostEqual(model.class_keeps(self.price, "ia", 50, 1, True) * 1e6, 1.525879, 6)
        self.assertAlmostEqual(model.class_keeps(self.price, "ia", 3072, 1, True) * 1e6, 36.621094, 6)
        self.assertAlmostEqual(model.class_reads(self.price, "ia", 3072, 1, 1) * 1e6, 31.296875, 6)

    def test_intelligent_tiering(self):
        # 100 KB are too few to be looked at: 100 / 1,048,576 * 0.023 * 6 = 13.160706e-6.
        # 200 KB = 190.734863e-6 GB, six months, never read: * (0.023 + 2 * 0.0125 + 3 * 0.004 = 0.06) = 11.444092e-6, and 6 * 2.5e-6.
        # Read all the time: * 0.138 = 26.321411e-6, and 15e-6.
        for kb, is_read, each in ((100, False, 13.160706), (200, False, 26.444092), (200, True, 41.321411)):
            self.assertAlmostEqual(model.class_keeps(self.price, "tiering", kb, 6, is_read) * 1e6, each, 6)

    def test_what_a_month_costs_without_images(self):
        # 11 * 0.3 + 15 * 0.1 + 3 = 7.8. 5 pollers * 3 a minute * 43,800 minutes = 657,000 * 0.4e-6 = 0.2628 for each queue.
        self.assertAlmostEqual(model.fixed_month(self.price, 0), 7.8)
        self.assertAlmostEqual(model.fixed_month(self.price, 2), 8.3256)

    def test_savings_plan_of_lambda_is_for_durations(self):
        # 4.606794 * 0.88 + 0.2 = 4.253979
        self.assertAlmostEqual(model.lambda_month(self.price, self.case, self.ours, "arm64", "savings plan"), 4.253979, 6)

    def test_ratio_of_arm64(self):
        # c7g 1.5: 45 ms instead of 30, so 0.544283 * 1.5 = 0.816424; c8g as all, 1.2. x86_64 stays.
        # Lambda: 30 * 1.2 + 170 = 206 ms.
        before = self.per_million("c7i.large")
        self.case.arm_ratio = {"all": 1.2, "c7g": 1.5}
        self.assertAlmostEqual(self.per_million("c7g.large"), 0.816424, 6)
        self.assertEqual(model.lambda_run(self.price, self.case, self.ours, "arm64")[2], 206)
        self.assertEqual(self.per_million("c7i.large"), before)

    def test_ratio_at_which_arm64_costs_as_much(self):
        # (200 * 16.6667 / 13.3334 - 170) / 30 = (249.999250 - 170) / 30 = 2.666642
        self.assertAlmostEqual(model.even_ratio(self.price, self.case, self.ours), 2.666642, 6)

    def test_memory_class(self):
        # Sharp with 1769 MB: 180 + 170 = 350 ms. Ours with 256: 30 * 6.91 + 170 = 378; with 512: 274.
        self.assertEqual(model.least_memory_as_fast(self.case, self.ours, self.sharp), 512)
        self.assertIsNone(model.least_memory_as_fast(self.case, self.sharp, self.ours))

    def test_cheapest_and_fastest_memory(self):
        # Waiting costs more the more memory waits, so the least is the cheapest: 128 MB for ours, 512 for sharp, which needs so much.
        for tool, mb in ((self.ours, 128), (self.sharp, 512)):
            rows, cheapest, fastest = model.lambda_memories(self.price, self.case, tool, "arm64")
            self.assertEqual((rows[0]["memory_mb"], cheapest, fastest), (mb, mb, 1769))

    def test_break_even_of_lambda_and_a_worker(self):
        # An image 4.806794e-6. Fargate 730 * (0.0395 + 0.005) = 32.485, polls 0.05256, less Lambda's 0.2628: 32.27476;
        # / 4.806794e-6 = 6,714,405 images. One worker makes 52,560,000, 252.645 on Lambda: the second, at 65, is cheaper at once.
        first, for_good = model.lambda_break_even(self.price, self.case, self.ours, "arm64", WORKER["Fargate arm64"])
        self.assertAlmostEqual(first, 6_714_405, -1)
        self.assertEqual(first, for_good)

    def test_break_even_of_workers(self):
        # c7g 57.26756 a month, Fargate 32.53756: one is cheaper, two (beyond 72,000 * 730 = 52,560,000 images) are dearer.
        n = model.worker_break_even(self.price, self.case, self.ours, WORKER["Fargate arm64"], WORKER["c7g.large"])
        self.assertAlmostEqual(n, 52_560_000)


class BreakEven(unittest.TestCase):
    def test_by_hand(self):
        # Workers of 60 for 100 images at 1 each: from 60. The second (120) is too dear until 120; the third (180) never, from 200.
        self.assertEqual(model.break_even(1, 0, 60, 100), (60, 120))
        self.assertEqual(model.break_even(1, 0, 10, 100), (10, 10))
        self.assertEqual(model.break_even(1, 0, 100, 100), (None, None))
        self.assertEqual(model.break_even(1, 20, 110, 100), (90, None))  # one wins from 90 to 100, no second does

    def test_beside_counting(self):
        rng = random.Random(20261126)
        for _ in range(300):
            start, step, capacity = rng.randint(0, 30), rng.randint(1, 60), rng.randint(10, 60)
            first, for_good = model.break_even(1, start, step, capacity)
            halves = [i / 2 for i in range(1, 8000)]
            wins = [n + start >= math.ceil(n / capacity) * step for n in halves]
            message = f"start {start}, step {step}, capacity {capacity}: {first}, {for_good}"
            if capacity <= step:
                self.assertIsNone(for_good, message)
                continue
            self.assertEqual(halves[wins.index(True)], max(0.5, first), message)
            last_lost = max((n for n, won in zip(halves, wins) if not won), default=-0.5)
            self.assertEqual(for_good, last_lost + 0.5, message)


class Command(Folder):
    LOAD = ("--cpu-ms", "30", "--peer-cpu-ms", "180", "--output-kb", "128")
    MEASURED = {"sharp": "9.9", "jobs": [
        {"name": "one", "widths": [400], "photos": [{"our_ms": 10, "sharp_ms": 40, "our_bytes": 10240, "sharp_bytes": 20480}]},
        {"name": "two", "widths": [800, 400], "photos": [{"our_ms": 10, "sharp_ms": 90, "our_bytes": 102400, "sharp_bytes": 204800},
                                                         {"our_ms": 20, "sharp_ms": 110, "our_bytes": 307200, "sharp_bytes": 409600}]},
    ]}  # fmt: skip

    def component(self, out, what, arch="arm64", tool="ours"):
        (found,) = (c for c in out["components"] if (c["arch"], c["tool"]) == (arch, tool))
        return found["usd"][what]

    def test_replaced_prices_count(self):
        _, before = self.told(*self.LOAD)
        doubled = self.write("doubled.json", price_file({**USD, "cloudfront_gb": 2 * USD["cloudfront_gb"]}))
        _, after = self.told(*self.LOAD, prices=doubled)
        self.assertAlmostEqual(self.component(before, "CDN egress"), 103.759766, 6)
        self.assertAlmostEqual(self.component(after, "CDN egress"), 207.519531, 6)
        self.assertEqual(self.component(before, "S3 writes"), self.component(after, "S3 writes"))

    def test_what_dominates_is_computed(self):
        self.assertIn("What dominates, ours on Lambda x86_64: egress, ", self.told(*self.LOAD)[0])
        self.assertIn("What dominates, ours on Lambda x86_64: storage, ", self.told(*self.LOAD, "--views", "0", "--months", "12")[0])
        self.assertIn("What dominates, ours on Lambda x86_64: requests, ", self.told(*self.LOAD, "--views", "0", "--upload-mb", "0.1")[0])
        text = self.told("--cpu-ms", "20000", "--views", "0")[0]
        self.assertIn("What dominates, ours on Lambda x86_64: CPU, ", text)
        self.assertIn("speed is what the bill is about", text)
        self.assertIn("Beside sharp on Lambda x86_64 our CPU time costs", self.told("--cpu-ms", "180", "--peer-cpu-ms", "30")[0])

    def test_what_to_use(self):
        # 1 million: Lambda 4.81 beside a worker's 32.54. 30 million: 144.20 beside 32.54, one being able to make 52.56 million.
        for words, use in ((("1e6",), "Lambda arm64, 1,769 MB"), (("3e7",), "Fargate arm64"), (("3e7", "--spot"), "Fargate arm64"),
                           (("1e6", "--commit"), "Lambda arm64, 1,769 MB"), (("1e6", "--spot", "--patience", "900"), "Batch on Fargate arm64")):  # fmt: skip
            text, out = self.told(*self.LOAD, "--images", *words)
            self.assertEqual(out["use"]["name"], use, words)
            self.assertIn(f"Use {use}, {out['use']['plan']}:", text)
            plans = {"on demand"} | ({"spot"} if "--spot" in words else set()) | ({"savings plan"} if "--commit" in words else set())
            self.assertIn(out["use"]["plan"], plans)
            allowed = [c for c in out["choices"] if c["not_asked_for"] is None]
            self.assertEqual(min(c["usd"] for c in allowed), out["use"]["usd"])

    def test_fixed_costs_of_workers(self):
        # One worker 730 * (0.0395 + 0.005) = 32.485, which polls the work queue for 0.05256; Lambda polls the failures' for 0.2628; 7.8.
        (usd,) = (c["usd"] for c in self.told(*self.LOAD)[1]["choices"] if (c["name"], c["plan"]) == ("Fargate arm64", "on demand"))
        self.assertAlmostEqual(usd, 40.60036, 5)

    def test_every_reason_against_is_told(self):
        text, _ = self.told(*self.LOAD)
        self.assertRegex(text, r"Batch on Fargate x86_64 .*--spot\); waits 900 s \(--patience\)")
        self.assertNotRegex(text, r"\nFargate x86_64 .*--patience")

    def test_total_of_a_month(self):
        # A million: all but Lambda 20 + 2.2 + 67.382813 + 8.422852 + 1.2 + 0.00625 + 0.953674 + 10 + 103.759766 = 213.925355;
        # Lambda 4.606794 + 0.2; fixed 8.3256; together 227.057749.
        self.assertAlmostEqual(self.told(*self.LOAD)[1]["use"]["total"], 227.057749, 5)

    def test_error_bar_may_change_the_answer(self):
        self.assertIn("(model) does not change that", self.told(*self.LOAD)[0])
        text = self.told("--cpu-ms", "30", "--arm-ratio", "2.6", "--arm-error", "0.25")[0]
        self.assertIn("could also be Lambda x86_64", text)
        self.assertIn("does not settle it", text)

    def test_measurements_of_compare(self):
        path = self.write("compare.json", self.MEASURED)
        # The job of most widths. CPU (10 + 20) / 2; (102,400 + 307,200) / 2 bytes / 2 outputs / 1024 = 100 KB; sharp's 150.
        _, out = self.told("--measured", path)
        self.assertEqual([(t["cpu_ms"], t["output_kb"]) for t in out["tools"]], [(15, 100), (100, 150)])
        self.assertEqual(out["case"]["variants"], 2)
        _, out = self.told("--measured", path, "--job", "one", "--output-kb", "7")
        self.assertEqual([(t["cpu_ms"], t["output_kb"]) for t in out["tools"]], [(10, 7), (40, 20)])
        self.assert_refused("no job 'three', but 'one', 'two'", "--measured", path, "--job", "three")
        self.assert_refused("--variants 3, but what was measured", "--measured", path, "--variants", "3")

    def test_measurements_of_events(self):
        path = self.write("events.json", {"rows": [{"name": "worker -j 1", "ours_ms": 9.5}, {"name": "function resize, warm", "ours_ms": 5.5}]})
        self.assertEqual([t["cpu_ms"] for t in self.told("--measured", path)[1]["tools"]], [5.5])
        self.assertEqual([t["cpu_ms"] for t in self.told("--measured", path, "--job", "worker -j 1")[1]["tools"]], [9.5])

    def test_measurements_that_are_none(self):
        for content in ({"rows": []}, {"jobs": []}, [], {}, {"jobs": [{"widths": [1], "photos": []}]}, {"rows": [{"name": "a", "ours_ms": 0}]},
                        {"rows": [{"name": "a", "ours_ms": "x"}]}):  # fmt: skip
            self.assert_refused("not what bench/compare --json", "--measured", self.write("none.json", content))
        self.assert_refused("none.json: Expecting", "--measured", self.write("none.json", "{"))
        self.assert_refused("No such file", "--measured", "/nowhere/at.all")

    def test_options(self):
        self.assert_refused("--frobnicate", *self.LOAD, "--frobnicate")
        self.assert_refused("--imag", *self.LOAD, "--imag", "3")  # nothing is abbreviated
        self.assert_refused("one of --measured FILE and --cpu-ms X")
        self.assert_refused("one of --measured FILE and --cpu-ms X", "--cpu-ms", "1", "--measured", "x")
        for option, value in (("--utilisation", "0.05"), ("--utilisation", "1.5"), ("--memory", "64"), ("--images", "nan"), ("--views", "inf"),
                              ("--cpu-ms", "-1"), ("--variants", "0"), ("--arm-ratio", "c9g=1"), ("--arm-ratio", "0"), ("--outputs", "glacier")):  # fmt: skip
            self.assert_refused(option, "--cpu-ms", "30", option, value)
        done = self.run_cost(*self.LOAD, "--json", "/nowhere/at.all")
        self.assertEqual((done.returncode, done.stderr), (2, "cost: /nowhere/at.all: No such file or directory\n"))

    def test_all_that_is_modelled_says_so(self):
        text, out = self.told(*self.LOAD)
        parts = re.split(r"\n\n(?=\S)", text)
        parts = [p for p in parts if re.search(r"\d\.\d\d", p)]
        self.assertGreater(len(parts), 7)
        for title in ("A million images", "Lambda by memory", "Provisioned concurrency", "Workers, what", "Storage classes", "What should I", "Use ",
                      "Break-even", "In words"):  # fmt: skip
            (line,) = (line for line in text.split("\n") if line.startswith(title))
            self.assertIn("model", line)
        for part in ("components", "memory", "kept_ready", "workers", "classes", "choices", "break_even"):
            self.assertTrue(out[part] and all(row["model"] is True for row in out[part]), part)
        for line in text.split("\n"):
            if re.match(r"(c[678]g\.large|Fargate arm64|Lambda arm64|Batch on Fargate arm64)", line):
                self.assertRegex(line, r"\+-25%|costs less")

    def test_help_is_the_manual(self):
        done = self.run_cost("--help")
        self.assertEqual(done.returncode, 0)
        with open(os.path.join(BENCH, "cost"), encoding="utf-8") as f:
            options = set(re.findall(r'"(--[a-z-]+)"', f.read()))
        for option in options - {"--help"}:
            self.assertIn(option, done.stdout)


class PriceFile(Folder):
    def assert_unfit(self, said, content):
        path = self.write("unfit.json", content)
        with self.assertRaisesRegex(CostError, said):
            Prices(path)

    def test_malformed(self):
        self.assert_unfit("unfit.json: Expecting", '{"prices": ')
        self.assert_unfit('no objects "prices" and "discounts"', [])
        self.assert_unfit('no objects "prices" and "discounts"', {"prices": price_file()["prices"]})
        self.assert_refused("No such file", "--cpu-ms", "30", prices="/nowhere/at.all")
        self.assert_refused("unfit.json: Expecting", "--cpu-ms", "30", prices=self.write("unfit.json", "{"))

    def test_prices_without_where_they_are_from(self):
        for part, name in (("prices", "s3_put"), ("discounts", "spot_ec2")):
            for key in ("noted", "source", "region", "per", "state"):
                for value in (None, "", 3):
                    data = price_file()
                    data[part][name][key] = value
                    self.assert_unfit(f'{name}: no "{key}"', data)
                del data[part][name][key]
                self.assert_unfit(f'{name}: no "{key}"', data)
        self.assert_refused('spot_ec2: no "state"', "--cpu-ms", "30", prices=self.write("unfit.json", data))

    def test_dates_and_addresses(self):
        for key, value, said in (("noted", "yesterday", "not a date"), ("noted", "2026-13-01", "not a date"), ("noted", "20261126", "not a date"),
                                 ("source", "a friend", "not an address")):  # fmt: skip
            data = price_file()
            data["prices"]["sqs_request"][key] = value
            self.assert_unfit(f"sqs_request: .*{said}", data)

    def test_figures(self):
        for value in ("5", -1, True, None, float("nan"), float("inf")):
            self.assert_unfit('s3_put: "usd" is not a number', price_file({**USD, "s3_put": value}))
        for value in (1, -0.1):
            self.assert_unfit('spot_ec2: "off" is not a number', price_file(off={**OFF, "spot_ec2": value}))

    def test_missing_ones_are_named(self):
        for name in USD:
            with self.assertRaisesRegex(CostError, f'"prices" lacks {name}'):
                Prices(self.write("unfit.json", price_file({k: v for k, v in USD.items() if k != name})))
        for name in OFF:
            with self.assertRaisesRegex(CostError, f'"discounts" lacks {name}'):
                Prices(self.write("unfit.json", price_file(off={k: v for k, v in OFF.items() if k != name})))

    def test_ours_is_fit(self):
        price = Prices(os.path.join(BENCH, "prices.json"))
        self.assertEqual(set(price), set(USD) | set(OFF))


if __name__ == "__main__":
    unittest.main()
