#!/usr/bin/env python3
"""`scantling worker` against moto_server: uploads become events, events become pictures. Exit status 77, and a
line that says so, where there is none in PATH.

    SCANTLING=build/release/driver/scantling SCT_CORPUS=build/release/corpus \\
        python3 tests/e2e/worker_moto_test.py [-v] [Class[.test]]
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import main, skip_without_moto  # noqa: E402
from store_support import PATIENCE_S, SCANTLING, StoreTest, check_environment  # noqa: E402

skip_without_moto("worker_moto_test")
moto = None  # main starts it
check_environment()

CORPUS = os.environ["SCT_CORPUS"]
VARIANTS = '{"variants": [{"name": "large", "size": "64"}, {"name": "small", "size": "24x24", "fit": "cover", "format": "png"}]}'
ODD_KEYS = ["a b.jpg", "a+b.jpg", "a%2Fb%.jpg", "2024/ä/漢字/😀.jpg", "a&b=c?d#e.jpg", "'\"<>.jpg", "k" * 980 + ".jpg"]


def picture():
    with open(os.path.join(CORPUS, "natural_420_257x255.jpg"), "rb") as f:
        return f.read()


class WorkerTest(StoreTest):
    n_names = 0

    def setUp(self):
        super().setUp()
        WorkerTest.n_names += 1
        n = WorkerTest.n_names
        self.environment["AWS_ENDPOINT_URL"] = moto.url
        self.uploads, self.target = f"s3://uploads{n}", f"s3://thumbs{n}"
        for store in (self.uploads, self.target):
            moto.request("PUT", "/" + store[5:])
        self.dead = moto.make_queue(f"dead{n}")
        self.failed = moto.make_queue(f"failed{n}")
        redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:dead{n}", "maxReceiveCount": "3"}
        self.queue = moto.make_queue(f"work{n}", RedrivePolicy=json.dumps(redrive), VisibilityTimeout="30")
        self.variants = self.write("variants.json", VARIANTS)
        self.picture = picture()

    def notify(self):
        """From now on uploads are events."""
        moto.notify(self.uploads[5:], self.queue)

    def words(self, *more):
        return [SCANTLING, "worker", "--queue", self.queue, "--target", self.target, "--variants", self.variants,
                "--failed", self.failed, "--json", "--backoff", "0", *more]  # fmt: skip

    def drain(self, *more, expect=0):
        """The events of its log, by key."""
        done = subprocess.run(self.words("--drain", "--wait", "0", *more), env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)  # fmt: skip
        self.assertEqual(done.returncode, expect, done.stdout.decode() + done.stderr.decode())
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def upload(self, key, data=None):
        return self.store("put", self.uploads, key, data=self.picture if data is None else data).objects[0]

    def send(self, *bodies):
        for body in bodies:
            moto.call("AmazonSQS.SendMessage", QueueUrl=self.queue, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def ours(self, key, **more):
        return {"scantling": "1", "event": "created", "store": self.uploads, "key": key, **more}

    def receive(self, queue):
        answer = moto.call("AmazonSQS.ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return answer.get("Messages", [])

    def depth(self, queue=None):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = moto.call("AmazonSQS.GetQueueAttributes", QueueUrl=queue or self.queue, AttributeNames=names)
        return [int(answer["Attributes"][n]) for n in names]

    def outputs(self):
        return self.store("ls", self.target).keys


class Pictures(WorkerTest):
    def test_uploads_become_their_variants(self):
        self.notify()
        for key in ODD_KEYS:
            self.upload(key)
        log = self.drain("-j", "3", "--source", self.uploads)
        expected = sorted((f"{k}/{n}" for k in ODD_KEYS for n in ("large.jpg", "small.png")), key=str.encode)
        self.assertEqual(self.outputs(), expected)
        self.assertEqual(sum(e["event"] == "made" for e in log), len(ODD_KEYS))
        self.assertEqual((self.depth(), self.depth(self.failed), self.depth(self.dead)), ([0, 0],) * 3)
        self.assertTrue(self.store("get", self.target, ODD_KEYS[0] + "/small.png").stdout.startswith(b"\x89PNG"))

    def test_what_comes_twice_is_done_once(self):
        self.upload("a.jpg")
        self.send(*[self.ours("a.jpg")] * 16)
        log = self.drain("-j", "4")
        self.assertEqual(sum(e["event"] == "made" for e in log), 1)
        self.assertEqual((log[-1]["event"], log[-1]["messages"], log[-1]["fine"]), ("stopped", 16, 16))

    def test_deletes_are_mirrored_on_demand(self):
        self.notify()
        self.upload("a.jpg")
        self.drain()
        self.store("rm", self.uploads, "a.jpg")
        self.drain()
        self.assertEqual(len(self.outputs()), 2)
        self.send({**self.ours("a.jpg"), "event": "removed"})
        self.drain("--mirror-deletes")
        self.assertEqual(self.outputs(), [])

    def test_deletes_reach_what_former_variants_have_made(self):
        self.upload("a.jpg")
        self.send(self.ours("a.jpg"))
        self.drain()
        self.variants = self.write("fewer.json", '{"variants": [{"name": "small", "size": "24x24", "fit": "cover", "format": "png"}]}')
        self.upload("a.jpg/other.jpg")  # another source, whose outputs are in the same folder
        self.send(self.ours("a.jpg/other.jpg"))
        self.drain()
        self.assertEqual(self.outputs(), ["a.jpg/large.jpg", "a.jpg/other.jpg/small.png", "a.jpg/small.png"])
        self.store("rm", self.uploads, "a.jpg")
        self.send(dict(self.ours("a.jpg"), event="removed"))
        self.drain("--mirror-deletes")
        self.assertEqual(self.outputs(), ["a.jpg/other.jpg/small.png"])

    def test_every_record_of_a_message_counts(self):
        record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
        records = []
        for i in range(12):
            self.upload(f"{i}.jpg")
            records.append({**record, "s3": {"bucket": {"name": self.uploads[5:]}, "object": {"key": f"{i}.jpg"}}})
        self.send({"Records": records})
        self.drain()
        self.assertEqual(len(self.outputs()), 24)


class Failures(WorkerTest):
    def test_what_will_never_succeed_goes_to_the_failure_queue(self):
        self.upload("no.jpg", b"no picture")
        self.upload("cut.jpg", self.picture[:-2000])
        self.send(self.ours("no.jpg", size=10), self.ours("cut.jpg"), "no event", {"Records": 7}, self.ours("gone.jpg"))
        log = self.drain("-j", "2", expect=1)
        self.assertEqual((log[-1]["failed"], log[-1]["fine"], log[-1]["messages"]), (4, 1, 5))
        self.assertEqual(self.depth(), [0, 0])
        failures = {}
        for message in self.receive(self.failed):
            body = json.loads(message["Body"])
            failures[body["failure"].get("key") or body["event"]] = (body, message["MessageAttributes"])
        self.assertEqual({k: b["failure"]["verdict"] for k, (b, _) in failures.items()},
                         {"no.jpg": "not_an_image", "cut.jpg": "truncated", "no event": "malformed", '{"Records": 7}': "malformed"})  # fmt: skip
        body, attributes = failures["no.jpg"]
        etag = "52b8497c36cfa26b2af4345a99d95e6c"  # of what has failed, though the event did not say
        self.assertEqual(body["event"], {**self.ours("no.jpg"), "size": 10, "etag": etag})
        self.assertTrue(body["failure"]["permanent"])
        self.assertRegex(body["failure"]["time"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(attributes["ErrorCode"]["StringValue"], "not_an_image")
        self.assertTrue(attributes["RequestID"]["StringValue"] and attributes["ErrorMessage"]["StringValue"])

    def test_one_bad_record_does_not_hold_up_its_neighbours(self):
        self.upload("a.jpg")
        record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
        self.send({"Records": [{**record, "s3": {"bucket": {"name": self.uploads[5:]}, "object": {"key": k}}} for k in ("%ZZ", "a.jpg")]})
        self.drain(expect=1)
        self.assertEqual(len(self.outputs()), 2)
        self.assertEqual((self.depth(), self.depth(self.failed)), ([0, 0], [1, 0]))

    def test_without_a_failure_queue_the_redrive_policy_decides(self):
        self.upload("no.jpg", b"no picture")
        self.send(self.ours("no.jpg"))
        self.failed = ""
        words = [w for w in self.words("--drain", "--wait", "0") if w not in ("--failed", "")]
        done = subprocess.run(words, env=self.environment, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=False)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["retried"], 3)
        self.assertEqual((self.depth(), self.depth(self.dead)), ([0, 0], [1, 0]))

    def test_what_may_pass_comes_again(self):
        self.upload("a.jpg")
        self.send(self.ours("a.jpg"))
        log = self.drain("--timeout", "0.000001", expect=None)
        self.assertGreaterEqual(sum(e["event"] == "again" for e in log), 1)

    def drain(self, *more, expect=0):
        if expect is not None:
            return super().drain(*more, expect=expect)
        done = subprocess.run(self.words("--drain", "--wait", "0", *more), env=self.environment, stdout=subprocess.PIPE,
                              timeout=PATIENCE_S, check=False)  # fmt: skip
        return [json.loads(line) for line in done.stdout.splitlines()]


class Running(WorkerTest):
    def start(self, *more):
        process = subprocess.Popen(self.words("--wait", "1", *more), env=self.environment, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, what, happens):
        deadline = time.monotonic() + PATIENCE_S
        while not happens():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)

    def test_a_signal_ends_it_in_good_order(self):
        for i in range(40):
            self.upload(f"{i}.jpg")
        self.send(*[self.ours(f"{i}.jpg") for i in range(40)])
        process = self.start("-j", "2", "--visibility", "600")
        self.wait_for("an output", self.outputs)
        process.send_signal(signal.SIGTERM)
        log = [json.loads(line) for line in process.stdout]
        self.assertEqual(process.wait(), 0)
        self.assertEqual(log[-1]["event"], "stopped")
        self.assertEqual(self.depth(), [40 - log[-1]["messages"], 0])  # nothing stays hidden
        self.drain("-j", "2")
        self.assertEqual(len(self.outputs()), 80)

    def test_kill_9_loses_nothing(self):
        for i in range(20):
            self.upload(f"{i}.jpg")
        self.send(*[self.ours(f"{i}.jpg") for i in range(20)])
        for _ in range(3):
            process = self.start("-j", "2", "--visibility", "2")
            n = len(self.outputs())
            self.wait_for("an output", lambda n=n: len(self.outputs()) > min(n, 39))
            process.kill()
        self.drain("-j", "2", "--visibility", "5")
        n_dead = self.depth(self.dead)[0]  # received three times and never ended
        self.assertGreaterEqual(len(self.outputs()), 40 - 2 * n_dead)

    def test_visibility_is_extended_while_it_works(self):
        self.upload("a.jpg")
        self.send(*[self.ours("a.jpg")] * 30)
        log = self.drain("--visibility", "2", "-j", "1")
        self.assertEqual((log[-1]["messages"], self.depth(self.dead)), (30, [0, 0]))

    def test_metrics_and_probes_are_served(self):
        self.upload("a.jpg")
        self.send(self.ours("a.jpg"), self.ours("a.jpg"))
        process = self.start("--metrics", "127.0.0.1:0", "--memory", "1769", "--emf")
        started = json.loads(process.stdout.readline())
        address = re.search(r"metrics on (127\.0\.0\.1:\d+)", started["message"])[1]

        def get(path):
            try:
                with urllib.request.urlopen(f"http://{address}{path}", timeout=60) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as e:
                return e.code, ""

        self.wait_for("both records", lambda: 'scantling_records_total{verdict="skipped"} 1' in get("/metrics")[1])
        text = get("/metrics")[1]
        for line in ('scantling_records_total{verdict="ok"} 1', "scantling_outputs_total 2", "scantling_queue_waiting_messages"):
            self.assertIn(line, text)
        self.assertEqual((get("/healthz")[0], get("/readyz")[0]), (200, 200))
        process.send_signal(signal.SIGINT)
        log = [json.loads(line) for line in process.stdout]
        self.assertEqual(process.wait(), 0)
        emf = {e["Verdict"]: e for e in log if "_aws" in e}
        self.assertEqual((emf["ok"]["Outputs"], emf["skipped"]["Records"], emf["ok"]["Service"]), (2, 1, "worker"))
        self.assertGreater(emf["ok"]["EstimatedCostUSD"], 0)


class Refusals(WorkerTest):
    def refuse_worker(self, words, *says, expect=2):
        done = subprocess.run([SCANTLING, "worker", *words], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)  # fmt: skip
        self.assertEqual(done.returncode, expect, done.stderr)
        for word in says:
            self.assertIn(word, done.stderr.decode())

    def test_what_makes_no_sense_is_refused_at_start(self):
        fine = self.words()[2:]
        self.refuse_worker([], "--queue is missing")
        self.refuse_worker(fine[:2], "--target is missing")
        self.refuse_worker([*fine, "--source", self.target], "overlap")
        self.refuse_worker([*fine, "--source", self.target + "/in"], "overlap")
        self.refuse_worker([*fine, "--wait", "21"], "--wait", "21")
        self.refuse_worker([*fine, "--visibility", "x"], "--visibility")
        self.refuse_worker([*fine, "--metrics", "nowhere"], "nowhere")
        self.refuse_worker([*fine, "--nonsense"], "--nonsense")
        self.refuse_worker([*fine, "word"], "word")
        self.refuse_worker([*fine, "--queue", "q"], "no URL of a queue")
        self.refuse_worker([*fine, "--variants", "/nonexistent"], "nonexistent")
        self.refuse_worker([*fine, "--failed", self.queue], "--failed is --queue")
        self.refuse_worker([*fine, "--target", "thumbs"], "'thumbs' is not s3://bucket/prefix")
        self.refuse_worker([*fine, "--target", "s3://not-there"], "s3://not-there: there is no such bucket")

    def test_a_queue_that_is_not_there_ends_it(self):
        self.queue += "x"
        self.refuse_worker(self.words()[2:], "no such queue", expect=3)

    def test_objects_of_others_are_not_touched(self):
        self.upload("a.jpg")
        self.send(self.ours("a.jpg"))
        self.drain("--source", "s3://others", expect=3)
        self.assertEqual((self.outputs(), self.depth(self.failed)), ([], [1, 0]))


if __name__ == "__main__":
    main()
