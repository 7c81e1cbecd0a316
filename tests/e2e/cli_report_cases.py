"""What is said: lines, JSON, exit status, progress; and how the work is spread."""

import os
import pty
import subprocess
import time

from cli_support import (CommandTest, PATIENCE_S, SCANTLING, bad, corpus, read, size_of)

PHOTO = "natural_420_640x480.jpg"
OTHER = "natural_444_640x480.jpg"
BROKEN = "truncated_mid_scan_420.jpg"


class ExitStatus(CommandTest):
    def test_all_some_none(self):
        good, broken = corpus(PHOTO), bad(BROKEN)
        self.resize("-s", "9", "-o", "out/", good, expect=0)
        self.resize("-s", "9", "-o", "out/", good, broken, expect=1)
        self.resize("-s", "9", "-o", "out/", broken, "none.jpg", expect=3)
        self.resize("-s", "9", "-o", "out/", expect=2)

    def test_broken_inputs_do_not_stop_the_others(self):
        names = [bad(BROKEN), corpus(PHOTO), bad("not_an_image_text.jpg"), corpus(OTHER), "none.jpg",
                 self.folder, bad("head_heic.heic"), bad("huge_65500x65500.jpg")]
        run = self.resize("-s", "90", "-o", "out/", *names, expect=1)
        self.assertEqual(self.files(), ["out/natural_420_640x480.jpg", "out/natural_444_640x480.jpg"])
        said = run.err.splitlines()
        self.assertEqual(len(said), 6, run.err)
        for line, verdict in zip(said, ("truncated", "not_an_image", "io", "io", "unsupported",
                                        "too_large")):
            self.assertRegex(line, rf"^scantling: .*: {verdict}: .+")
        self.assertIn("No such file", said[2])
        self.assertIn("folder", said[3])
        self.assertIn("heic", said[4].lower())

    def test_every_bad_file_has_the_verdict_that_is_expected(self):
        with open(bad("EXPECTED"), encoding="utf-8") as f:
            rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
        self.assertGreater(len(rows), 50)
        run = self.run_command("resize", "--json", "-s", "20", "-o", "out/{stem}.{ext}",
                               *[bad(row[0]) for row in rows])
        self.assertEqual(run.status, 1)
        objects = run.objects
        self.assertEqual([[os.path.basename(o["input"]), o["verdict"]] for o in objects],
                         [row[:2] for row in rows])
        for o in objects:
            self.assertEqual(len(o["outputs"]), 1 if o["verdict"] == "ok" else 0, o)
            self.assertEqual(bool(o.get("message")), o["verdict"] != "ok", o)
        self.assertEqual(len(self.files()), sum(o["verdict"] == "ok" for o in objects))

    def test_salvage(self):
        run = self.resize("--json", "-s", "90", "-o", "out/", "--salvage", bad(BROKEN))
        o = run.objects[0]
        self.assertEqual((o["verdict"], o["salvaged"]), ("ok", "truncated"))
        self.assertGreater(o["damaged_row"], 0)
        self.assertTrue(o["message"])
        self.assertIn("salvaged: truncated: ", run.err)
        self.assertEqual(max(size_of(self.at(o["outputs"][0]["path"]))), 90)

    def test_limits(self):
        self.assertIn("too_large", self.resize("-s", "9", "-o", "x.jpg", "--max-pixels", "307199",
                                               corpus(PHOTO), expect=3).err)
        self.resize("-s", "9", "-o", "x.jpg", "--max-pixels", "307200", corpus(PHOTO))
        self.resize("-s", "9", "-o", "x.jpg", "--max-pixels", "308K", corpus(PHOTO))
        progressive = corpus("natural_420_257x255_progressive.jpg")
        self.assertIn("too_large", self.resize("-s", "9", "-o", "x.jpg", "--max-scans", "3",
                                               progressive, expect=3).err)
        self.assertIn("too_large", self.resize("-s", "9", "-o", "x.jpg", "--max-memory", "10K",
                                               progressive, expect=3).err)
        self.resize("-s", "9", "-o", "x.jpg", "--max-memory", "64M", progressive)


class Lines(CommandTest):
    def test_one_line_for_each_output(self):
        self.put(PHOTO, "p.jpg")
        run = self.resize("-s", "100", "-s", "50", "p.jpg")
        self.assertEqual(len(run.lines), 2)
        self.assertRegex(run.lines[0], r"^p\.jpg -> p-100\.jpg 100x75 [\d.]+ (B|kB)$")
        self.assertRegex(run.lines[1], r"^p\.jpg -> p-50\.jpg 50x38 [\d.]+ (B|kB) [\d.]+ ms$")
        self.assertEqual(run.err, "")

    def test_quiet(self):
        self.put(PHOTO, "p.jpg")
        run = self.resize("--quiet", "-s", "100", "p.jpg")
        self.assertEqual((run.stdout, run.stderr), (b"", b""))
        self.assertIn("io: ", self.resize("--quiet", "-s", "9", "none.jpg", expect=3).err)

    def test_help(self):
        for words in (["--help"], ["-h"], ["help"], ["resize", "--help"], ["resize", "-h"],
                      ["help", "resize"], ["info", "--help"], ["help", "info"], ["compare", "-h"],
                      ["help", "compare"]):
            run = self.run_command(*words)
            self.assertEqual((run.status, run.err), (0, ""), words)
            self.assertIn("Usage", run.stdout.decode())


class Json(CommandTest):
    def test_success(self):
        self.put(PHOTO, "p.jpg")
        run = self.resize("--json", "-s", "100", "-s", "50x50", "p.jpg")
        self.assertEqual(len(run.lines), 1)
        o = run.objects[0]
        self.assertEqual(list(o), ["input", "verdict", "width", "height", "bytes",
                                   "saved_bytes", "outputs", "ms"])
        self.assertEqual((o["input"], o["verdict"], o["width"], o["height"], o["bytes"]),
                         ("p.jpg", "ok", 640, 480, os.path.getsize(self.at("p.jpg"))))
        self.assertEqual([list(out) for out in o["outputs"]],
                         [["path", "name", "width", "height", "bytes", "format", "saved_bytes",
                           "quality", "unchanged"]] * 2)
        self.assertEqual(o["saved_bytes"], sum(out["saved_bytes"] for out in o["outputs"]))
        self.assertEqual([out["path"] for out in o["outputs"]], ["p-100.jpg", "p-50x50.jpg"])
        self.assertEqual([out["name"] for out in o["outputs"]], ["100", "50x50"])
        for out in o["outputs"]:
            self.assertEqual(out["bytes"], os.path.getsize(self.at(out["path"])))
            self.assertEqual(size_of(self.at(out["path"])), (out["width"], out["height"]))
            self.assertEqual(out["format"], "jpeg")
            self.assertEqual(out["saved_bytes"], o["bytes"] - out["bytes"])
            self.assertEqual((out["quality"], out["unchanged"]), (80, False))
        ms = o["ms"]
        self.assertEqual(list(ms), ["plan", "decode", "resize", "encode", "total"])
        self.assertTrue(all(value >= 0 and round(value, 3) == value for value in ms.values()), ms)
        self.assertGreater(ms["total"], 0)
        self.assertGreaterEqual(ms["total"] + 0.01,
                                ms["plan"] + ms["decode"] + ms["resize"] + ms["encode"])

    def test_orientation_counts_in_width_and_height(self):
        o = self.resize("--json", "-s", "9", "-o", "x.jpg",
                        corpus("exif_orient6_le.jpg")).objects[0]
        self.assertEqual((o["width"], o["height"]), (160, 96))

    def test_failures(self):
        run = self.resize("--json", "-s", "9", "-o", "out/", bad(BROKEN), "none.jpg", expect=3)
        broken, missing = run.objects
        self.assertEqual((broken["verdict"], broken["transient"]), ("truncated", False))
        self.assertEqual((missing["verdict"], missing["transient"]), ("io", True))
        self.assertEqual((missing["width"], missing["height"], missing["bytes"]), (0, 0, 0))
        for o in run.objects:
            self.assertEqual(o["outputs"], [])
            self.assertTrue(o["message"])
        self.assertEqual(len(run.err.splitlines()), 2)

    def test_a_message_with_a_name_in_it_is_utf8_too(self):
        self.put(PHOTO, "p.jpg")
        os.mkdir(os.path.join(os.fsencode(self.folder), b"d\xff"))
        target = os.fsdecode(b"d\xff/x/p.jpg")
        run = self.resize("--json", "-s", "9", "-o", target, "p.jpg", expect=3)
        self.assertIn("d\ufffd/x/p.jpg", run.objects[0]["message"])

    def test_of_names_only_what_is_well_formed_is_shown(self):
        r"""Sequences of UTF-8 that are too long, surrogates, or past the end are \xNN in lines and
        U+FFFD in JSON, byte by byte; controls, C1's too, are \xNN in lines."""
        for name, line, in_json in (
                (b"\xf0\x9f\x98\x80", "\U0001f600", "\U0001f600"),
                (b"\xe2\x82\xac \xed\x9f\xbf", "\u20ac \ud7ff", "\u20ac \ud7ff"),
                (b"\xe0\x9f\xbf", r"\xe0\x9f\xbf", "\ufffd" * 3),
                (b"\xed\xa0\x80", r"\xed\xa0\x80", "\ufffd" * 3),
                (b"\xf0\x8f\xbf\xbf", r"\xf0\x8f\xbf\xbf", "\ufffd" * 4),
                (b"\xf4\x90\x80\x80", r"\xf4\x90\x80\x80", "\ufffd" * 4),
                (b"\xc1\x81 \xe2\x82", r"\xc1\x81 \xe2\x82", "\ufffd\ufffd \ufffd\ufffd"),
                (b"a\x1b[1m\x7f\t\r\n", r"a\x1b[1m\x7f\t\r\n", "a\x1b[1m\x7f\t\r\n"),
                (b"\xc2\x9b \xc2\xa0", "\\xc2\\x9b \u00a0", "\u009b \u00a0")):
            run = self.resize("--json", "-s", "9", os.fsdecode(name + b".jpg"), expect=3)
            self.assertEqual(run.err, f"scantling: {line}.jpg: io: No such file or directory\n")
            self.assertEqual(run.objects[0]["input"], in_json + ".jpg")


class Work(CommandTest):
    def test_jobs_keep_the_order_and_the_bytes(self):
        names = sorted(name for name in os.listdir(corpus("")) if name.startswith("natural_4"))[:40]
        inputs = [corpus(name) for name in names]
        one = self.resize("--json", "-s", "64", "-o", "one/", *inputs)
        four = self.resize("--json", "-j", "4", "-s", "64", "-o", "four/", *inputs)
        self.assertEqual([o["input"] for o in four.objects], inputs)
        self.assertEqual([o["input"] for o in one.objects], inputs)
        for name in names:
            self.assertEqual(read(self.at("one", name)), read(self.at("four", name)), name)
        self.resize("-j", "0", "-s", "64", "-o", "{width}/{stem}.jpg", inputs[0])

    def test_jobs_run_at_the_same_time(self):
        """Each of two pipes is only filled once both are being read."""
        job = None
        for name in ("a", "b"):
            os.mkfifo(self.at(name))
        job = subprocess.Popen([SCANTLING, "resize", "-j", "2", "-s", "9", "-o", "{stem}.jpg",
                                "a", "b"], cwd=self.folder, stdout=subprocess.DEVNULL)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        ends = []
        deadline = time.monotonic() + PATIENCE_S
        for name in ("b", "a"):  # opening without blocking succeeds once there is a reader
            while True:
                try:
                    ends.append(os.open(self.at(name), os.O_WRONLY | os.O_NONBLOCK))
                    break
                except OSError:
                    self.assertLess(time.monotonic(), deadline)
                    self.assertIsNone(job.poll())
                    time.sleep(0.001)
        for end in ends:
            os.set_blocking(end, True)
            os.write(end, read(corpus("natural_420_33x31.jpg")))
            os.close(end)
        self.assertEqual(job.wait(PATIENCE_S), 0)
        self.assertEqual(size_of(self.at("a.jpg")), size_of(self.at("b.jpg")))

    def test_fail_fast(self):
        inputs = [corpus(PHOTO), bad(BROKEN), corpus(OTHER), "none.jpg"]
        run = self.resize("--json", "--fail-fast", "-s", "9", "-o", "out/", *inputs, expect=1)
        self.assertEqual([o["verdict"] for o in run.objects], ["ok", "truncated"])
        self.assertEqual(self.files(), ["out/natural_420_640x480.jpg"])
        self.assertIn("2 of 4", run.err)
        self.resize("--fail-fast", "-s", "9", "-o", "out/", *inputs[1:], expect=3)

    def test_skip_existing(self):
        self.put(PHOTO, "p.jpg")
        self.write("p-100.jpg", "mine")
        run = self.resize("--json", "--skip-existing", "-s", "100", "-s", "50", "p.jpg")
        self.assertEqual([out["path"] for out in run.objects[0]["outputs"]], ["p-50.jpg"])
        self.assertEqual(size_of(self.at("p-50.jpg")), (50, 38))
        run = self.resize("--json", "--skip-existing", "-s", "100", "-s", "50", "p.jpg")
        self.assertEqual((run.objects[0]["verdict"], run.objects[0]["outputs"]), ("skipped", []))
        self.assertEqual(read(self.at("p-100.jpg")), b"mine")
        run = self.resize("--skip-existing", "-s", "100", "p.jpg")
        self.assertEqual(run.lines, ["p.jpg: skipped, all outputs are there"])
        # names that depend on the size
        self.resize("-s", "80", "-o", "{width}.jpg", "p.jpg")
        run = self.resize("--json", "--skip-existing", "-s", "80", "-o", "{width}.jpg", "p.jpg")
        self.assertEqual(run.objects[0]["verdict"], "skipped")
        # by way of a folder that would have to be made first
        run = self.resize("--json", "--skip-existing", "-s", "7", "-o", "{stem}/../80.jpg", "p.jpg")
        self.assertEqual(run.objects[0]["verdict"], "skipped")

    def test_dry_run(self):
        self.put(PHOTO, "p.jpg")
        run = self.resize("--dry-run", "--json", "-s", "100", "-o", "out/{width}.jpg", "p.jpg")
        o = run.objects[0]
        self.assertIs(o["dry_run"], True)
        self.assertEqual([(out["path"], out["width"], out["height"]) for out in o["outputs"]],
                         [("out/100.jpg", 100, 75)])
        self.assertEqual(self.files(), ["p.jpg"])
        self.assertFalse(os.path.exists(self.at("out")))
        run = self.resize("--dry-run", "-s", "100", "p.jpg", "none.jpg", expect=1)
        self.assertEqual(run.lines, ["p.jpg -> p-100.jpg 100x75 (dry run)"])
        self.refuse("--dry-run", "-s", "9", "p.jpg", "p.jpg", says="both write")


class Progress(CommandTest):
    def watch(self, *words):
        """Runs with stderr on a terminal. The second of three inputs is a pipe of which the
        rest, behind what tells its format, comes after a while, so that the work is long."""
        self.put(PHOTO, "a.jpg")
        self.put(PHOTO, "c.jpg")
        os.mkfifo(self.at("b.jpg"))
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        job = subprocess.Popen([SCANTLING, "resize", *words, "-s", "9", "-o", "out/",
                                "a.jpg", "b.jpg", "c.jpg"], cwd=self.folder,
                               stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        with open(self.at("b.jpg"), "wb") as f:
            photo = read(corpus(PHOTO))
            f.write(photo[:4096])
            f.flush()
            time.sleep(0.7)
            f.write(photo[4096:])
        job.communicate(timeout=PATIENCE_S)
        self.assertEqual(job.returncode, 0)
        os.set_blocking(master, False)
        seen = b""
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:  # the other end is closed, or there is nothing
                break
            if not piece:
                break
            seen += piece
        return seen

    def test_a_bar_on_a_terminal_that_goes_away(self):
        seen = self.watch()
        self.assertIn(b"2 of 3", seen)
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen)

    def test_no_bar_when_quiet(self):
        self.assertEqual(self.watch("--quiet"), b"")

    def test_no_bar_without_a_terminal(self):
        run = self.resize("-s", "9", "-o", "out/", corpus(PHOTO), corpus(OTHER))
        self.assertEqual(run.err, "")


class Info(CommandTest):
    def info(self, name, *words):
        run = self.run_command("info", "--json", *words, corpus(name))
        self.assertEqual(run.status, 0, run.err)
        return run.objects[0]

    def test_what_is_in_a_file(self):
        o = self.info("metadata_everything_orient8.jpg")
        self.assertEqual((o["verdict"], o["format"], o["orientation"]), ("ok", "jpeg", 8))
        self.assertGreater(o["icc_bytes"], 0)
        for key in ("exif", "gps", "thumbnail", "xmp", "iptc", "comment", "mpf"):
            self.assertIs(o[key], True, key)
        self.assertIs(o["gain_map"], False)
        o = self.info(PHOTO)
        self.assertEqual((o["width"], o["height"], o["model"], o["sampling"], o["coding"],
                          o["restart_interval"], o["icc_bytes"], o["orientation"]),
                         (640, 480, "ycc", "4:2:0", "baseline", 0, 0, 1))
        self.assertTrue(1 <= o["quality"] <= 100)
        for key in ("exif", "gps", "thumbnail", "xmp", "iptc", "comment", "gain_map", "mpf"):
            self.assertIs(o[key], False, key)

    def test_sampling_has_names(self):
        for name, sampling in (("natural_422_801x603.jpg", "4:2:2"),
                               ("natural_444_640x480.jpg", "4:4:4"),
                               ("natural_440_17x15.jpg", "4:4:0"),
                               ("natural_411_16x16.jpg", "4:1:1"),
                               ("natural_410_255x257.jpg", "4:1:0"),
                               ("natural_gray_63x65.jpg", "4:0:0"),
                               ("natural_s12-12-12_33x31.jpg", "4:4:4"),
                               ("natural_s22-21-11_33x31.jpg", "2x2,2x1,1x1"),
                               ("natural_cmyk_33x31_s22-11-11-22.jpg", "2x2,1x1,1x1,2x2")):
            self.assertEqual(self.info(name)["sampling"], sampling, name)

    def test_models_codings_and_restarts(self):
        self.assertEqual(self.info("natural_rgb_33x31.jpg")["model"], "rgb")
        self.assertEqual(self.info("natural_cmyk_33x31.jpg")["model"], "cmyk")
        self.assertEqual(self.info("natural_gray_63x65.jpg")["model"], "gray")
        self.assertEqual(self.info("natural_420_257x255_progressive.jpg")["coding"], "progressive")
        self.assertIn("arithmetic", self.info("natural_420_257x255_arithmetic.jpg")["coding"])
        self.assertEqual(self.info("natural_420_257x255_rst4.jpg")["restart_interval"], 4)

    def test_for_people(self):
        run = self.run_command("info", corpus(PHOTO), corpus("exif_orient6_everything_be.jpg"))
        text = run.stdout.decode()
        self.assertEqual(run.status, 0)
        for word in ("640x480", "4:2:0", "baseline", "orientation  6", "upright", "thumbnail"):
            self.assertIn(word, text)

    def test_stdin_and_failures(self):
        run = self.run_command("info", "-", stdin=read(corpus(PHOTO)))
        self.assertIn("640x480", run.stdout.decode())
        words = [corpus(PHOTO), bad("not_an_image_text.jpg"), "none.jpg"]
        run = self.run_command("info", "--json", *words)
        self.assertEqual(run.status, 1)
        self.assertEqual([o["verdict"] for o in run.objects], ["ok", "not_an_image", "io"])
        self.assertTrue(all(o["message"] for o in run.objects[1:]))
        self.assertEqual(self.run_command("info", *words[1:]).status, 3)
        self.assertEqual(self.run_command("info").status, 2)
        self.assertEqual(self.run_command("info", "--nothing", words[0]).status, 2)
        self.assertEqual(self.run_command("info", "--max-pixels", "9", words[0]).status, 3)
