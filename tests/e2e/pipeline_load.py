"""Uploads for tests of the whole pipeline, and what has to have become of them in the end.

    load = Load(folder, server, n_events, seed)
    load.start()         # uploads, their events, and some of those twice: a thread
    ...                  # somebody works
    load.wait()
    load.check(test)     # every source has all of its outputs, or a failure; nothing else is there

Pictures are small. One in thirty is broken; one event in ten comes twice, somewhat later; one source in
twenty is replaced by another picture while its events are on their way.
"""

import collections
import glob
import hashlib
import json
import os
import random
import re
import subprocess
import threading
import time
import urllib.parse

from store_support import SCANTLING

CORPUS = os.environ.get("SCT_CORPUS", "")
BAD = os.path.join(os.environ.get("SCT_SOURCE_DIR", ""), "corpus", "bad")
VARIANTS = '{"variants": [{"name": "large", "size": "48"}, {"name": "small", "size": "16x16", "fit": "cover", "format": "png"}]}'
MOST_BYTES = 6000  # of a picture
SHARE_BROKEN, SHARE_TWICE, SHARE_REPLACED = 1 / 30, 1 / 10, 1 / 20
SOURCE, TARGET = "s3://bucket/uploads", "s3://bucket/thumbs"
PATIENCE_S = 3600  # only so that a hang is a failure


class Picture:
    def __init__(self, data, outputs=None, verdict="ok"):
        self.data, self.etag, self.verdict = data, hashlib.md5(data).hexdigest(), verdict
        self.outputs = outputs  # by the end of their keys


def read(path):
    with open(path, "rb") as f:
        return f.read()


def list_good(folder):
    """Small pictures of the corpus and, as `scantling resize` makes them, their outputs."""
    paths = [p for p in sorted(glob.glob(os.path.join(CORPUS, "*.jpg"))) if os.path.getsize(p) < MOST_BYTES]
    variants = os.path.join(folder, "variants.json")
    with open(variants, "w", encoding="utf-8") as f:
        f.write(VARIANTS)
    out = os.path.join(folder, "expected")
    subprocess.run([SCANTLING, "resize", "--quiet", "--variants", variants, "-o", out + "/{stem}/{name}.{ext}", "--", *paths],
                   stderr=subprocess.DEVNULL, check=False)  # fmt: skip
    found = []
    for path in paths:
        stem = os.path.join(out, os.path.splitext(os.path.basename(path))[0])
        outputs = {name: read(os.path.join(stem, name)) for name in (os.listdir(stem) if os.path.isdir(stem) else [])}
        if len(outputs) == 2:
            found.append(Picture(read(path), outputs))
    return list({p.etag: p for p in found}.values())


def list_broken():
    found = []
    with open(os.path.join(BAD, "EXPECTED"), encoding="utf-8") as f:
        for name, verdict, *_ in (line.split("\t") for line in f if not line.startswith("#")):
            path = os.path.join(BAD, name)
            if verdict != "ok" and os.path.getsize(path) < MOST_BYTES:
                found.append(Picture(read(path), verdict=verdict))
    return found


class Load:
    def __init__(self, folder, server, n_events, seed):
        self.server, self.n_events = server, n_events
        self.random = random.Random(seed)
        self.good, self.broken = list_good(folder), list_broken()
        self.versions = collections.defaultdict(list)  # by key: the pictures that it has been
        self.n_sent = 0
        self.thread = threading.Thread(target=self.upload_all, daemon=True)

    # ---- uploads

    def start(self):
        self.thread.start()

    def pick(self, key):
        pool = self.broken if self.random.random() < SHARE_BROKEN else self.good
        while True:
            picture = self.random.choice(pool)
            if picture not in self.versions[key]:
                return picture

    def upload(self, key):
        """Puts a picture there; its event."""
        picture = self.pick(key)
        self.versions[key].append(picture)
        self.server.put(key, picture.data)
        self.n_sent += 1
        thing = {"key": urllib.parse.quote_plus(key), "eTag": picture.etag, "size": len(picture.data), "sequencer": f"{self.n_sent:016X}"}
        record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                  "s3": {"bucket": {"name": "bucket"}, "object": thing}}  # fmt: skip
        return json.dumps({"Records": [record]})

    def upload_all(self):
        """Half of it is there before anybody begins, as far as that is a matter of speed."""
        later = collections.deque()  # (when, event; or key of what is to be replaced)
        n = 0
        while n < self.n_events:
            if later and later[0][0] <= n:
                what = later.popleft()[1]
                event = self.upload(what) if what.startswith("uploads/") else what
            else:
                key = f"uploads/{len(self.versions) % 89}/ä {len(self.versions)}.jpg"
                event = self.upload(key)
                if self.random.random() < SHARE_TWICE:
                    later.append((n + self.random.randrange(1, 40), event))
                elif self.random.random() < SHARE_REPLACED:
                    later.append((n + self.random.randrange(1, 40), key))
            self.server.send("work", event)
            n += 1
            if n > self.n_events // 2:
                time.sleep(0.002)

    def is_done(self):
        return not self.thread.is_alive() and not self.server.queues["work"].messages

    def wait(self, watch=lambda: None):
        """Until everything has been uploaded and worked off. `watch` may raise."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.is_done():
            watch()
            if time.monotonic() > deadline:
                raise TimeoutError("the queue does not become empty")
            time.sleep(0.05)

    # ---- what has become of them

    def failures(self):
        """By key: the verdicts; and how many messages those are."""
        found = collections.defaultdict(set)
        messages = self.server.queues["failed"].messages.values()
        for body, *_ in messages:
            failure = json.loads(body)["failure"]
            found[failure["key"]].add(failure["verdict"])
        return found, len(messages)

    def output_key(self, key, name):
        return f"thumbs/{key}/{name}"

    def check(self, test):
        server, failures = self.server, self.failures()[0]
        queue = server.queues["work"]
        test.assertEqual((queue.n_sent, queue.n_deleted), (self.n_events, self.n_events))
        for key, versions in self.versions.items():
            last = versions[-1]
            if last.outputs is None:
                test.assertIn(last.verdict, failures[key], key)
                continue
            for name, data in last.outputs.items():
                there = server.objects.get(self.output_key(key, name))
                test.assertIsNotNone(there, f"{key}: {name} is missing")
                test.assertTrue(there["data"] == data, f"{key}: {name} is not what resize makes of it")
                test.assertEqual(dict(there["headers"])["x-amz-meta-scantling-etag"], last.etag)
        self.check_nothing_else(test, failures)

    def check_nothing_else(self, test, failures):
        """Each output was written once for each content, and no sound picture has failed."""
        server = self.server
        allowed = {(self.output_key(key, name), v.etag): v.outputs[name]
                   for key, versions in self.versions.items() for v in versions if v.outputs for name in v.outputs}  # fmt: skip
        for effect, n in server.effects.items():
            test.assertIn(effect, allowed)
            test.assertEqual(n, 1, f"written {n} times: {effect}")
        test.assertEqual({k for k in server.objects if not k.startswith("uploads/")}, {k for k, _ in server.effects})
        for key, verdicts in failures.items():
            test.assertLessEqual(verdicts, {v.verdict for v in self.versions[key]}, key)

    def describe(self, log):
        """Lines of a table: what was done to requests, and what came of it."""
        server = self.server
        operations = sorted({what for _, what in server.injected})
        short = [re.sub("Message|Batch|Change|GetQueue", "", o)[:10] for o in operations]
        lines = [f"{'fault':14}" + "".join(f"{name:>12}" for name in short) + f"{'all':>8}"]
        for kind in sorted({k for k, _ in server.injected}):
            row = [server.injected[kind, o] for o in operations]
            lines.append(f"{kind:14}" + "".join(f"{n:12}" for n in row) + f"{sum(row):8}")
        queue, (failures, n_failures) = server.queues["work"], self.failures()
        n_outputs = sum(k.startswith("thumbs/") for k in server.objects)
        lines += [
            f"requests {server.n_requests}, of them spoilt {sum(server.injected.values())}; outages {server.n_outages}",
            f"sources {len(self.versions)}, contents {sum(map(len, self.versions.values()))}, messages {queue.n_sent}, "
            f"delivered {queue.n_received} times, handed back {log['again']}",
            f"outputs {n_outputs}, written {sum(server.effects.values())} times, of the same content at most "
            f"{max(server.effects.values(), default=0)} times",
            f"sources with a failure {len(failures)}, messages about them {n_failures}",
            "records: " + ", ".join(f"{name} {n}" for name, n in sorted(log.items())),
        ]
        return lines
