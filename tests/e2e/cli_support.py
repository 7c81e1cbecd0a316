"""What the command's tests share: running it, looking into JPEGs, a folder for each test."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SCANTLING = os.environ.get("SCANTLING", "")
CORPUS = os.environ.get("SCT_CORPUS", "")
SOURCE_DIR = os.environ.get("SCT_SOURCE_DIR", "")
PATIENCE_S = 600  # only so that a hang is a failure; nothing here measures time


def check_environment():
    for name in ("SCANTLING", "SCT_CORPUS", "SCT_SOURCE_DIR"):
        if not os.path.exists(os.environ.get(name, "")):
            sys.exit(f"cli_test: {name} must name something that exists")


def corpus(name):
    return os.path.join(CORPUS, name)


def bad(name):
    return os.path.join(CORPUS, "bad", name)


class Frame:
    """The frame header of a JPEG, and the marker codes on the way to its first scan."""

    def __init__(self, data):
        assert data[:2] == b"\xff\xd8", "no SOI"
        assert data[-2:] == b"\xff\xd9", "no EOI: not whole"
        at, self.markers, self.sof = 2, [], None
        while True:
            assert data[at] == 0xFF, f"no marker at {at}"
            marker = data[at + 1]
            size = int.from_bytes(data[at + 2 : at + 4], "big")
            body = data[at + 4 : at + 2 + size]
            self.markers.append(marker)
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                self.sof = marker
                self.height = int.from_bytes(body[1:3], "big")
                self.width = int.from_bytes(body[3:5], "big")
                self.factors = [(body[7 + 3 * i] >> 4, body[7 + 3 * i] & 15) for i in range(body[5])]
            if marker == 0xDA:
                break
            at += 2 + size
        assert self.sof is not None, "no frame header"

    @property
    def size(self):
        return self.width, self.height


def read(path):
    with open(path, "rb") as f:
        return f.read()


def size_of(path):
    return Frame(read(path)).size


class Run:
    def __init__(self, done):
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr

    @property
    def err(self):
        return self.stderr.decode("utf-8", "surrogateescape")

    @property
    def lines(self):
        return self.stdout.decode("utf-8", "surrogateescape").splitlines()

    @property
    def objects(self):
        return [json.loads(line) for line in self.stdout.decode("utf-8").splitlines()]


class CommandTest(unittest.TestCase):
    """Each test works in a folder of its own, which is also the current one of the command."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scantling-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def at(self, *names):
        return os.path.join(self.folder, *names)

    def put(self, source, name):
        """Copies a file of the corpus into the folder, with default permissions."""
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        with open(self.at(name), "wb") as f:
            f.write(read(corpus(source)))
        return name

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as f:
            f.write(text)
        return name

    def files(self):
        """All files below the folder, hidden ones too."""
        return sorted(
            os.path.relpath(os.path.join(folder, name), self.folder)
            for folder, _, names in os.walk(self.folder)
            for name in names
        )

    def run_command(self, *words, env=None, stdin=b"", **more):
        surroundings = dict(os.environ, **(env or {}))
        if env is None or "SCANTLING_CPU" not in env:
            surroundings.pop("SCANTLING_CPU", None)
        if "stdout" not in more:
            more["stdout"] = subprocess.PIPE
        if not isinstance(stdin, bytes):
            more["stdin"] = stdin
        else:
            more["input"] = stdin
        return Run(
            subprocess.run(
                [SCANTLING, *words], cwd=self.folder, env=surroundings,
                stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False, **more,
            )
        )

    def resize(self, *words, expect=0, **more):
        run = self.run_command("resize", *words, **more)
        self.assertEqual(run.status, expect, f"{words}: {run.err}")
        return run

    def refuse(self, *words, says, **more):
        """A usage error: status 2, nothing written, and a message with all of `says`."""
        before = {name: read(self.at(name)) for name in self.files()}
        run = self.run_command("resize", *words, **more)
        self.assertEqual(run.status, 2, f"{words}: {run.err}")
        for word in says if isinstance(says, (list, tuple)) else [says]:
            self.assertIn(word, run.err)
        self.assertEqual(run.stdout, b"")
        self.assertEqual(before, {name: read(self.at(name)) for name in self.files()})
        return run
