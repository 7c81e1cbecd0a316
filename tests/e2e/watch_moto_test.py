#!/usr/bin/env python3
"""`scantling watch` into a bucket of moto_server: the same as into a folder. Exit status 77, and a line that
says so, where there is none in PATH.

    SCANTLING=build/release/driver/scantling SCT_CORPUS=build/release/corpus \\
        python3 tests/e2e/watch_moto_test.py [-v] [Class[.test]]
"""

import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import main, skip_without_moto  # noqa: E402
from store_support import PATIENCE_S, SCANTLING, StoreTest, check_environment  # noqa: E402

skip_without_moto("watch_moto_test")
moto = None  # main starts it
check_environment()

CORPUS = os.environ["SCT_CORPUS"]
PHOTO, BROKEN = "natural_420_257x255.jpg", "bad/truncated_mid_scan_420.jpg"
ODD_KEYS = ["a b.jpg", "a+b.jpg", "2024/ä/漢字/😀.jpg", "a&b=c?d#e.jpg", "'\"<>.jpg"]


class WatchTest(StoreTest):
    n_names = 0

    def setUp(self):
        super().setUp()
        WatchTest.n_names += 1
        self.environment["AWS_ENDPOINT_URL"] = moto.url
        self.bucket = f"thumbs{WatchTest.n_names}"
        moto.request("PUT", "/" + self.bucket)
        self.target = f"s3://{self.bucket}/public"
        self.source, self.failed = self.at("in"), self.at("failed")
        os.mkdir(self.source)

    def at(self, name):
        return os.path.join(self.folder, name)

    def drop(self, key, name=PHOTO):
        path = os.path.join(self.source, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(os.path.join(CORPUS, name), path + ".part")
        os.rename(path + ".part", path)

    def words(self, *more):
        return [SCANTLING, "watch", self.source, self.target, "-s", "64", "-s", "24", "--json", "--settle", "0.1", *more]

    def once(self, *more, expect=0):
        """The events of its log."""
        done = subprocess.run(self.words("--once", *more), env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)  # fmt: skip
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stdout.decode() + done.stderr.decode())
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def start(self, *more, stdout=subprocess.DEVNULL):
        process = subprocess.Popen(self.words(*more), env=self.environment, stdout=stdout)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def outputs(self):
        return self.store("ls", self.target).keys

    def wait_for_outputs(self, *keys):
        end = time.monotonic() + PATIENCE_S
        while self.outputs() != sorted(f"{k}/{size}.jpg" for k in keys for size in (24, 64)):
            self.assertLess(time.monotonic(), end, self.outputs())
            time.sleep(0.05)


class Bucket(WatchTest):
    def test_files_become_objects_once(self):
        for key in ODD_KEYS:
            self.drop(key)
        log = self.once("-j", "2", "--cache-control", "max-age=60")
        self.assertEqual([e["event"] for e in log], ["started", *["done"] * len(ODD_KEYS), "stopped"])
        expected = sorted((f"{k}/{size}.jpg" for k in ODD_KEYS for size in (24, 64)), key=str.encode)
        self.assertEqual(self.outputs(), expected)
        known = self.store("head", self.target, expected[0]).objects[0]
        self.assertEqual((known["content_type"], known["cache_control"]), ("image/jpeg", "max-age=60"))
        self.assertIn(f"{self.target}/a b.jpg/64.jpg", json.dumps(log, ensure_ascii=False))
        self.assertEqual({e["event"] for e in self.once()}, {"started", "skipped", "stopped"})

    def test_it_goes_on_until_it_is_stopped(self):
        process = self.start("--mirror-deletes")
        for key in ("a.jpg", "x/b.jpg", "y/c.jpg"):
            self.drop(key)
        self.wait_for_outputs("a.jpg", "x/b.jpg", "y/c.jpg")
        os.remove(self.at("in/a.jpg"))
        os.rename(self.at("in/x"), self.at("gone"))
        self.wait_for_outputs("y/c.jpg")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_S), 0)

    def test_what_went_while_nobody_watched_is_swept_away(self):
        for key in ("a.jpg", "x/b.jpg"):
            self.drop(key)
        self.once()
        self.store("put", self.target, "foreign.jpg", data=b"not ours")
        shutil.rmtree(self.at("in/x"))
        self.once()
        self.assertEqual(len(self.outputs()), 5)
        log = self.once("--mirror-deletes")
        self.assertEqual(sum(e["event"] == "removed" for e in log), 2)
        self.assertEqual(self.outputs(), ["a.jpg/24.jpg", "a.jpg/64.jpg", "foreign.jpg"])

    def test_outputs_of_other_folders_stay(self):
        self.drop("a.jpg")
        self.once()
        self.source = self.at("other")
        self.drop("b.jpg")
        self.once("--mirror-deletes")
        self.assertEqual(len(self.outputs()), 4)

    def test_failures_are_moved(self):
        self.drop("a.jpg", BROKEN)
        self.once("--failed", self.failed, expect=3)
        self.assertEqual((os.listdir(self.source), self.outputs()), ([], []))
        with open(self.at("failed/failures.jsonl"), encoding="utf-8") as f:
            self.assertEqual(json.loads(f.read())["verdict"], "truncated")

    def test_a_bucket_that_is_missing_is_waited_for(self):
        self.target = "s3://nowhere"
        self.drop("a.jpg")
        log = self.once("--retries", "1", "--failed", self.failed, "--mirror-deletes", expect=3)
        self.assertEqual([e["event"] for e in log if e["event"] != "trouble"], ["started", "retry", "failed", "stopped"])
        self.assertEqual(log[-1]["text"], "0 fine, 1 failed, of which 1 stay where they are")
        process = self.start("--retries", "0", "--failed", self.failed, stdout=subprocess.PIPE)
        while json.loads(process.stdout.readline())["event"] != "retry":
            pass
        moto.request("PUT", "/nowhere")
        self.wait_for_outputs("a.jpg")
        self.assertEqual(os.listdir(self.source), ["a.jpg"])
        self.assertEqual(os.stat(self.at("failed/failures.jsonl")).st_size, 0)
        process.stdout.close()

    def test_what_the_watch_moves_away_removes_no_objects(self):
        words = ("--failed", self.failed, "--mirror-deletes")
        for key in ("a.jpg", "b.jpg"):
            self.drop(key)
        self.once(*words)
        self.drop("a.jpg", BROKEN)
        self.once(*words, expect=1)
        self.once(*words)
        self.assertEqual(len(self.outputs()), 4)

    def test_an_empty_source_removes_no_objects(self):
        self.drop("a.jpg")
        self.once("--mirror-deletes")
        os.remove(self.at("in/a.jpg"))
        self.once("--mirror-deletes", expect=3)
        self.assertEqual(len(self.outputs()), 2)
        self.once("--mirror-deletes=all")
        self.assertEqual(self.outputs(), [])

    def test_kill_9_loses_nothing(self):
        chance = random.Random(int(os.environ.get("SCT_TEST_SEED", "1")))
        keys, broken = [], []
        for n in range(6):
            process = self.start("-j", "2", "--failed", self.failed)
            for i in range(4):
                is_bad = chance.random() < 0.3
                self.drop(f"{n}-{i}.jpg", BROKEN if is_bad else PHOTO)
                (broken if is_bad else keys).append(f"{n}-{i}.jpg")
            time.sleep(chance.random() * 0.4)
            process.kill()
            process.wait()
        self.once("-j", "2", "--failed", self.failed, expect=None)
        self.assertEqual(self.outputs(), sorted(f"{k}/{size}.jpg" for k in keys for size in (24, 64)))
        with open(self.at("failed/failures.jsonl"), encoding="utf-8") as f:
            self.assertEqual(sorted(json.loads(line)["path"] for line in f), sorted(broken))
        self.assertEqual(sorted(os.listdir(self.source)), sorted(keys))
        self.assertEqual({e["event"] for e in self.once()}, {"started", "skipped", "stopped"})


class Refusal(http.server.BaseHTTPRequestHandler):
    """A bucket without objects that takes none."""

    answer = None

    def say(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self):
        self.say(404)

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, code = self.answer
        self.say(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def log_message(self, *_):
        pass


class Refused(WatchTest):
    def test_what_the_server_says_is_not_said_of_the_picture(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.environment["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.server_port}"
        self.drop("a.jpg")
        for answer, verdict in (((403, "AccessDenied"), "denied"), ((400, "EntityTooLarge"), "too_large"),
                                ((501, "NotImplemented"), "unsupported"), ((400, "InvalidArgument"), "argument"),
                                ((404, "NoSuchBucket"), "not_found")):  # fmt: skip
            Refusal.answer = answer
            log = self.once("--retries", "0", "--failed", self.failed, expect=3)
            self.assertEqual([e["verdict"] for e in log if e["event"] == "failed"], [verdict])
            self.assertEqual(os.listdir(self.source), ["a.jpg"], answer)
        self.assertEqual(os.stat(self.at("failed/failures.jsonl")).st_size, 0)


if __name__ == "__main__":
    main()
