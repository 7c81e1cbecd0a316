#!/usr/bin/env python3
"""The pipeline when everything goes wrong: requests that fail at random, and processes that are killed.

    SCANTLING=build/release/driver/scantling SCT_BOOTSTRAP=build/release/driver/lambda/bootstrap SCT_SOURCE_DIR=. \\
        SCT_CORPUS=build/release/corpus python3 tests/e2e/pipeline_fault_test.py [-v] [Class[.test]]

SCT_FAULT_EVENTS is how many events there are, 200 by default; SCT_TEST_SEED repeats what another run has drawn,
as far as the order of requests is the same.
"""

import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from pipeline_load import SOURCE, TARGET, VARIANTS, Load  # noqa: E402
from pipeline_server import PipelineServer  # noqa: E402
from runtime_stub import RuntimeStub  # noqa: E402
from store_support import PATIENCE_S, SCANTLING, StoreTest, check_environment  # noqa: E402

check_environment()
BOOTSTRAP = os.path.abspath(os.environ.get("SCT_BOOTSTRAP", ""))
N_EVENTS = int(os.environ.get("SCT_FAULT_EVENTS", "200"))
SEED = int(os.environ.get("SCT_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
RATE = 0.1  # of requests to which something happens
BATCH = 5  # messages that a function gets at a time
VISIBILITY_S = 2  # where processes are killed


def list_session(leader):
    """Processes that a leader has left behind."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(name))
    return found


class FaultTest(StoreTest):
    def start(self, rate, n_events=N_EVENTS):
        self.server = PipelineServer(SEED, rate)
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.environment.update(AWS_ENDPOINT_URL=self.server.url, SCANTLING_STALL="1", SCANTLING_TARGET=TARGET, SCANTLING_SOURCE=SOURCE,
                                SCANTLING_VARIANTS=VARIANTS, SCANTLING_FAILED=self.server.url + "/1/failed",
                                AWS_LAMBDA_LOG_FORMAT="JSON")  # fmt: skip
        self.log_path = os.path.join(self.folder, "log")
        self.log_file = open(self.log_path, "ab")  # closed with the test's folder
        self.addCleanup(self.log_file.close)
        self.load = Load(self.folder, self.server, n_events, SEED)
        self.began = time.monotonic()
        self.load.start()

    def log(self):
        """How often each kind of line about records was written."""
        found = collections.Counter()
        with open(self.log_path, encoding="utf-8") as f:
            for line in f:
                if line.startswith("{") and line.endswith("}\n"):
                    told = json.loads(line)
                    if "key" in told:
                        found[told["event"]] += 1
        return found

    def finish(self, *more):
        lines = self.load.describe(self.log())
        print("\n".join([f"\n{self.id()}: seed {SEED}, {time.monotonic() - self.began:.0f} s", *more, *lines]), flush=True)
        self.load.check(self)

    def start_worker(self, *more):
        words = [SCANTLING, "worker", "--queue", self.server.url + "/1/work", "--json", "--wait", "1", "--backoff", "0", "-j", "4", *more]
        process = subprocess.Popen(words, env=self.environment, stdout=self.log_file, stderr=self.log_file, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def stop_worker(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_S), 0)
        self.assertEqual(list_session(process.pid), [])


class Faults(FaultTest):
    def test_nothing_is_lost_or_done_twice_when_requests_fail(self):
        self.start(RATE)
        worker = self.start_worker("--visibility", "5")
        self.load.wait(lambda: self.assertIsNone(worker.poll(), "the worker has given up"))
        self.server.rate = 0
        self.stop_worker(worker)
        self.finish()


class Kills(FaultTest):
    def test_a_worker_that_is_killed_loses_nothing(self):
        self.start(RATE / 2)
        draw = random.Random(SEED)
        n_kills = 0
        while not self.load.is_done() and n_kills < N_EVENTS // 10:
            worker = self.start_worker("--visibility", str(VISIBILITY_S))
            time.sleep(draw.uniform(0.02, 0.6))
            worker.kill()
            worker.wait()
            n_kills += 1
        self.server.rate = 0
        if not self.load.is_done():
            worker = self.start_worker("--visibility", str(VISIBILITY_S))
            self.load.wait()
            self.stop_worker(worker)
        self.finish(f"killed {n_kills} times")

    def test_children_do_not_outlive_a_worker(self):
        self.start(0, 60)
        for _ in range(5):
            worker = self.start_worker("--visibility", str(VISIBILITY_S))
            time.sleep(0.1)
            worker.kill()
            worker.wait()
            deadline = time.monotonic() + PATIENCE_S
            while list_session(worker.pid):
                self.assertLess(time.monotonic(), deadline, "there are children")
                time.sleep(0.02)

    def work_off(self, stub):
        """One batch, as Lambda does: what is not answered for comes again."""
        queue = self.server.queues["work"]
        with self.server.lock:
            messages = queue.receive(BATCH, VISIBILITY_S)
        if not messages:
            time.sleep(0.02)
            return
        records = [{"messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"], "body": m["Body"], "eventSource": "aws:sqs"}
                   for m in messages]  # fmt: skip
        invocation = stub.invoke(json.dumps({"Records": records}).encode())
        if invocation.outcome != "answered":
            return
        again = {f["itemIdentifier"] for f in json.loads(invocation.answer)["batchItemFailures"]}
        with self.server.lock:
            for m in messages:
                if m["MessageId"] in again:
                    queue.hide(m["ReceiptHandle"], 0)
                else:
                    queue.delete(m["ReceiptHandle"])

    def test_a_function_that_is_killed_loses_nothing(self):
        self.start(RATE / 2)
        over = threading.Event()
        with RuntimeStub([BOOTSTRAP], "resize", self.environment, 20, self.log_file, self.log_file) as stub:

            def kill_on():
                draw = random.Random(SEED)
                while not over.wait(draw.uniform(0.02, 0.6)):
                    process = stub.process
                    if process and process.status is None:
                        process.kill()

            killer = threading.Thread(target=kill_on)
            killer.start()
            self.addCleanup(over.set)
            while not self.load.is_done():
                if len(stub.processes) > N_EVENTS // 10:
                    over.set()
                self.work_off(stub)
            over.set()
            killer.join()
            n_kills = sum(p.was_killed for p in stub.processes)
        self.finish(f"killed {n_kills} times")


if __name__ == "__main__":
    if not os.path.isfile(BOOTSTRAP):
        sys.exit("SCT_BOOTSTRAP must name the program bootstrap")
    unittest.main()
