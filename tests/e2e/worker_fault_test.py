#!/usr/bin/env python3
"""`scantling worker` between a queue and a store that fail at random: nothing is lost, nothing is half.

    SCANTLING=build/release/driver/scantling SCT_CORPUS=build/release/corpus \\
        python3 tests/e2e/worker_fault_test.py [-v] [Class[.test]]

SCT_N_EVENTS: how many events; default 60. SCT_TEST_SEED: of the faults; it is printed.
"""

import collections
import json
import os
import random
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from store_server import StoreServer  # noqa: E402
from store_support import PATIENCE_S, SCANTLING, StoreTest, check_environment  # noqa: E402

check_environment()

N_EVENTS = int(os.environ.get("SCT_N_EVENTS", "60"))
FAULTS = ["500", "502", "503", "reset", "lost", "truncate:100", "break:700", "slow", "code:SlowDown"]
JSON_FAULTS = ["500", "503", "reset", "lost", "truncate:5", "json:RequestThrottled"]
VARIANTS = '{"variants": [{"name": "l", "size": 32}, {"name": "s", "size": 16}]}'


class Faults(StoreTest):
    def setUp(self):
        super().setUp()
        self.server = StoreServer()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.environment["AWS_ENDPOINT_URL"] = self.server.url
        self.server.queues = {"work": [], "failed": []}
        seed = int(os.environ.get("SCT_TEST_SEED", time.time_ns() % 1000000))
        print(f"SCT_TEST_SEED={seed}", file=sys.stderr)
        self.random = random.Random(seed)
        with open(os.path.join(os.environ["SCT_CORPUS"], "natural_420_257x255.jpg"), "rb") as f:
            self.picture = f.read()

    def run_worker(self):
        words = ["--queue", self.server.url + "/1/work", "--failed", self.server.url + "/1/failed", "--variants", VARIANTS,
                 "--source", "s3://bucket/in", "--target", "s3://bucket/out", "--drain", "--wait", "0", "--visibility", "4",
                 "--backoff", "1", "-j", "3", "--json"]  # fmt: skip
        done = subprocess.run([SCANTLING, "worker", *words], env=self.environment, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def fail_at_random(self, of, kinds, n):
        of += [self.random.choice(kinds) if self.random.random() < 0.2 else "" for _ in range(n)]

    def test_every_event_ends_as_its_variants_or_as_a_failure(self):
        broken = set(range(0, N_EVENTS, 10))
        for i in range(N_EVENTS):
            data = b"no picture" if i in broken else self.picture
            self.server.objects[f"in/{i}"] = {"data": data, "etag": f"e{i}", "headers": []}
            event = {"scantling": "1", "event": "created", "store": "s3://bucket", "key": f"in/{i}", "etag": f"e{i}"}
            self.server.queues["work"].append([f"m{i}", json.dumps(event), 0, ""])
        self.fail_at_random(self.server.faults, FAULTS, 12 * N_EVENTS)
        self.fail_at_random(self.server.json_faults, JSON_FAULTS, 6 * N_EVENTS)
        status, log = self.run_worker()
        self.assertEqual((status, log[-1]["event"], self.server.queues["work"]), (1, "stopped", []), log[-5:])
        outputs = {k: o["data"] for k, o in self.server.objects.items() if k.startswith("out/")}
        wanted = {f"out/in/{i}/{n}.jpg" for i in range(N_EVENTS) if i not in broken for n in "ls"}
        self.assertEqual(set(outputs), wanted)
        self.assertEqual(len(set(outputs.values())), 2)  # nothing is half
        failed = collections.Counter(json.loads(m[1])["failure"]["key"] for m in self.server.queues["failed"])
        self.assertEqual(set(failed), {f"in/{i}" for i in broken})  # perhaps several times: answers get lost
        writes = collections.Counter(k for k in self.server.writes if k.startswith("out/"))
        self.assertEqual(set(writes.values()), {1})  # nothing is done twice


if __name__ == "__main__":
    unittest.main()
