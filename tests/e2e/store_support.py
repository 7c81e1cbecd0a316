"""What the tests of stores share: the command `scantling store`, in a surrounding of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SCANTLING = os.path.abspath(os.environ.get("SCANTLING", ""))
PATIENCE_S = 600  # only so that a hang is a failure


def check_environment():
    if not os.path.exists(SCANTLING) or not os.environ.get("SCANTLING"):
        sys.exit("SCANTLING must name the command")


class StoreRun:
    def __init__(self, done):
        self.status, self.stdout, self.err = done.returncode, done.stdout, done.stderr.decode("utf-8", "surrogateescape")

    @property
    def objects(self):
        return [json.loads(line) for line in self.stdout.decode().splitlines()]

    @property
    def keys(self):
        return [o["key"] for o in self.objects]


class StoreTest(unittest.TestCase):
    maxDiff = None
    bucket = "s3://bucket"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scantling-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
        self.environment.update(HOME=self.folder, AWS_ACCESS_KEY_ID="AKIDTEST", AWS_SECRET_ACCESS_KEY="secret+/=",
                                AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")  # fmt: skip

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def store(self, *words, data=b"", expect=0):
        run = StoreRun(
            subprocess.run([SCANTLING, "store", *words], input=data, env=self.environment, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)  # fmt: skip
        )
        if expect is not None:
            self.assertEqual(run.status, expect, f"{words}: {run.err}")
        return run

    def refuse(self, verdict, *words, says=(), data=b""):
        """It fails with this verdict, and a message with these words."""
        run = self.store(*words, data=data, expect=3)
        self.assertIn(f": {verdict}: ", run.err)
        for word in says:
            self.assertIn(word, run.err)
        return run
