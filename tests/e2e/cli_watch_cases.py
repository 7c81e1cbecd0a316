"""scantling watch: what appears in a folder becomes its variants, once, whatever happens."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from cli_support import CommandTest, PATIENCE_S, SCANTLING, bad, corpus, read, size_of

PHOTO = "natural_420_640x480.jpg"
SMALL = "natural_gray_33x31_progressive.jpg"
BROKEN = "truncated_mid_scan_420.jpg"
QUICK = bool(os.environ.get("SCT_TEST_QUICK"))


class WatchTest(CommandTest):
    sandbox = None

    def setUp(self):
        super().setUp()
        for name in ("in", "out"):
            os.mkdir(self.at(name))
        if "stores:" not in self.run_command("--version").stdout.decode():
            self.skipTest("built without stores")
        if WatchTest.sandbox is None: # not to be had in an emulator
            probe = self.run_command("resize", "--sandbox", "-s", "9", "-o", "probe.jpg", corpus(PHOTO))
            WatchTest.sandbox = [] if probe.status == 0 else ["--no-sandbox"]
            if probe.status == 0:
                os.remove(self.at("probe.jpg"))

    def words(self, *more):
        return ["watch", "in", "out", "--settle", "0.1", *self.sandbox, *more]

    def once(self, *more, expect=0):
        more = more or ("-s", "100")
        run = self.run_command(*self.words("--once", *more))
        self.assertEqual(run.status, expect, run.err)
        return run

    def start(self, *more, **how):
        process = subprocess.Popen([SCANTLING, *self.words(*more)], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def stop(self, process, with_signal=signal.SIGTERM):
        process.send_signal(with_signal)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(process.returncode, 0, err)
        return out.decode(), err.decode()

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def wait_for_file(self, name):
        self.wait_for(lambda: os.path.exists(self.at(name)))

    def drop(self, source, name):
        """As upload servers do: written elsewhere, then moved."""
        temporary = self.at(name + ".part")
        os.makedirs(os.path.dirname(temporary), exist_ok=True)
        shutil.copyfile(source, temporary)
        os.rename(temporary, self.at(name))

    def as_nobody(self):
        """For subprocess: root may read everything."""
        if os.getuid() != 0:
            return {}
        for folder, _, names in os.walk(self.folder):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                os.chown(path, 65534, 65534)
        return {"preexec_fn": lambda: os.setuid(65534)}

    def files(self):
        """Without the folders that a store and the failed folder keep for themselves."""
        return [f for f in super().files() if "/.scantling/" not in f and "/.held/" not in f]

    def outputs(self):
        """What there is on top of the target."""
        return sorted(n for n in os.listdir(self.at("out")) if n != ".scantling")

    def failures(self):
        return [json.loads(line) for line in read(self.at("failed/failures.jsonl")).splitlines()]


class Watch(WatchTest):
    def test_once_works_off_what_is_there(self):
        self.put(PHOTO, "in/a.jpg")
        self.put(PHOTO, "in/2024/b c.jpg")
        run = self.once("-s", "100", "-s", "50", "-j", "2")
        self.assertEqual([f for f in self.files() if f.startswith("out")],
                         ["out/2024/b c.jpg/100.jpg", "out/2024/b c.jpg/50.jpg",
                          "out/a.jpg/100.jpg", "out/a.jpg/50.jpg"])
        self.assertEqual(size_of(self.at("out/a.jpg/100.jpg")), (100, 75))
        self.assertEqual(run.lines[-1], "stopped: 2 fine, 0 failed")

    def identity(self):
        return {f: os.stat(self.at(f)).st_ino for f in self.files() if f.startswith("out")}

    def test_what_is_there_is_not_made_again(self):
        self.put(PHOTO, "in/a.jpg")
        self.once("-s", "100", "-s", "50")
        before = self.identity()
        run = self.once("-s", "100", "-s", "50", "--json")
        self.assertEqual([o["event"] for o in run.objects], ["started", "skipped", "stopped"])
        self.assertEqual(before, self.identity())

    def test_other_settings_or_another_file_are_made_again(self):
        self.put(PHOTO, "in/a.jpg")
        self.once("-s", "100")
        before = self.identity()
        self.once("-s", "100", "-q", "50")
        again = self.identity()
        self.assertNotEqual(before, again)
        os.utime(self.at("in/a.jpg"), (1000, 1000))
        self.once("-s", "100", "-q", "50")
        self.assertNotEqual(again, self.identity())

    def test_what_is_missing_is_made_alone(self):
        self.put(PHOTO, "in/a.jpg")
        self.once("-s", "100", "-s", "50")
        before = self.identity()
        os.remove(self.at("out/a.jpg/50.jpg"))
        self.once("-s", "100", "-s", "50")
        self.assertEqual(before["out/a.jpg/100.jpg"], self.identity()["out/a.jpg/100.jpg"])
        self.assertIn("out/a.jpg/50.jpg", self.identity())

    def test_the_format_is_that_of_the_file_and_not_of_its_name(self):
        self.put(PHOTO, "in/a.png")
        self.once()
        self.assertIn("out/a.png/100.jpg", self.files())

    def test_keys_come_from_the_option_or_from_variants_json(self):
        self.put(PHOTO, "in/2024/a.jpg")
        self.write("v.json", json.dumps({"key": "x/{folder}{stem}_{name}.{ext}",
                                         "variants": [{"name": "s", "size": 50}]}))
        self.once("--variants", "v.json")
        self.assertIn("out/x/2024/a_s.jpg", self.files())
        self.once("--variants", "v.json", "--key", "{folder}{file}.{name}")
        self.assertIn("out/2024/a.jpg.s", self.files())

    def test_keys_that_cannot_be_are_refused(self):
        for key, says in (("{stem}", "several variants"), ("{name}", "all sources"),
                          ("/{stem}-{name}", "no key"), ("../{stem}-{name}", "no key"),
                          ("a//{stem}-{name}", "no key"), ("{stem}-{name}/", "no key"),
                          ("{folder}/{stem}-{name}", "slash"), ("{stem}-{width}", "in braces"),
                          ("{stem}-{name", "in braces")):
            run = self.run_command(*self.words("-s", "9", "-s", "8", "--key", key))
            self.assertEqual(run.status, 2, key)
            self.assertIn(says, run.err)

    def test_nobody_overwrites_the_outputs_of_another(self):
        self.put(PHOTO, "in/a.jpg")
        self.once("-s", "100", "--key", "{stem}.{ext}")
        first = read(self.at("out/a.jpg"))
        self.put(SMALL, "in/a.jpeg")
        run = self.once("-s", "100", "--key", "{stem}.{ext}", "--failed", "failed", expect=1)
        self.assertIn("a.jpg is there already, and not made of this source", run.err)
        self.assertEqual(first, read(self.at("out/a.jpg")))
        self.assertEqual(self.failures()[0]["verdict"], "precondition")

    def test_outputs_of_what_is_gone_may_be_taken_over(self):
        self.put(PHOTO, "in/a.jpg")
        self.once("-s", "100", "--key", "{stem}.{ext}")
        os.remove(self.at("in/a.jpg"))
        self.put(SMALL, "in/a.jpeg")
        self.once("-s", "100", "--key", "{stem}.{ext}")
        self.assertEqual(size_of(self.at("out/a.jpg")), (33, 31))

    def test_a_source_folder_may_move(self):
        self.put(PHOTO, "in/a.jpg")
        self.once("-s", "100")
        os.rename(self.at("in"), self.at("in2"))
        for event in ("done", "skipped"):
            run = self.run_command("watch", "in2", "out", "-s", "100", "--once", "--json", *self.sandbox)
            self.assertEqual([o["event"] for o in run.objects], ["started", event, "stopped"], run.err)

    def test_stores_may_be_given_as_urls(self):
        self.put(PHOTO, "in/a b.jpg")
        os.rename(self.at("in"), self.at("in %"))
        for source, event in (("file://" + self.at("in %25"), "done"), ("in %", "skipped")):
            run = self.run_command("watch", source, "file://" + self.at("o%20t"), "-s", "100", "--once", "--json", *self.sandbox)
            self.assertEqual(run.objects[1]["event"], event)
        self.assertEqual(run.status, 0)
        self.assertIn("o t/a b.jpg/100.jpg", self.files())

    def test_failures_are_moved_and_logged(self):
        os.makedirs(self.at("in/x"))
        for _ in range(3):
            shutil.copyfile(bad(BROKEN), self.at("in/x/b.jpg"))
            run = self.once("-s", "100", "--failed", "failed", expect=3)
            self.assertIn("x/b.jpg: truncated: ", run.err)
        self.assertEqual([f for f in self.files() if not f.startswith("out")],
                         ["failed/failures.jsonl", "failed/x/b.1.jpg", "failed/x/b.2.jpg",
                          "failed/x/b.jpg"])
        self.assertEqual([line["failed"] for line in self.failures()],
                         ["x/b.jpg", "x/b.1.jpg", "x/b.2.jpg"])
        for line in self.failures():
            self.assertEqual((line["path"], line["verdict"], line["permanent"]),
                             ("x/b.jpg", "truncated", True))
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertIn("row", line["message"])
        self.assertEqual(read(self.at("failed/x/b.2.jpg")), read(bad(BROKEN)))

    def test_without_a_folder_for_them_failures_stay(self):
        shutil.copyfile(bad(BROKEN), self.at("in/b.jpg"))
        self.once(expect=3)
        self.assertEqual(self.files(), ["in/b.jpg"])

    def test_failures_go_to_another_file_system(self):
        elsewhere = next((folder for folder in ("/dev/shm", "/run", "/tmp")
                          if os.access(folder, os.W_OK) and
                          os.stat(folder).st_dev != os.stat(self.folder).st_dev), None)
        if not elsewhere:
            self.skipTest("there is one file system only")
        failed = tempfile.mkdtemp(dir=elsewhere)
        self.addCleanup(shutil.rmtree, failed)
        shutil.copyfile(bad(BROKEN), self.at("in/b.jpg"))
        os.utime(self.at("in/b.jpg"), (5000, 5000))
        self.once("-s", "100", "--failed", failed, expect=3)
        self.assertEqual(self.files(), [])
        self.assertEqual(sorted(os.listdir(failed)), [".held", ".intents", "b.jpg", "failures.jsonl"])
        self.assertEqual(os.listdir(failed + "/.intents"), [])
        self.assertEqual(read(failed + "/b.jpg"), read(bad(BROKEN)))
        self.assertEqual(os.stat(failed + "/b.jpg").st_mtime, 5000)

    def test_trouble_of_the_target_leaves_sources_where_they_are(self):
        for name in ("a.jpg", "b.jpg"):
            self.put(PHOTO, "in/" + name)
        os.makedirs(self.at("elsewhere"))
        for name in ("a.jpg", "b.jpg"):
            os.symlink(self.at("elsewhere"), self.at("out/" + name))
        run = self.once("-s", "100", "--failed", "failed", "--retries", "1", "--json", expect=3)
        self.assertEqual([o["event"] for o in run.objects], # said once, and of each what became of it
                         ["started", "retry", "failed", "failed", "stopped"])
        self.assertEqual((run.objects[1]["verdict"], run.objects[1]["delay_ms"]), ("denied", 1000))
        self.assertNotIn("failed", run.objects[2])
        self.assertEqual(run.objects[-1]["text"], "0 fine, 2 failed, of which 2 stay where they are")
        self.assertEqual([f for f in self.files() if not f.startswith("out/")],
                         ["failed/failures.jsonl", "in/a.jpg", "in/b.jpg"])
        self.assertEqual(self.failures(), [])

    def test_trouble_of_the_failed_folder_is_waited_for(self):
        os.mkdir(self.at("in/x"))
        shutil.copyfile(bad(BROKEN), self.at("in/x/b.jpg"))
        os.mkdir(self.at("failed"))
        self.write("failed/x", "in the way")
        run = self.once("-s", "100", "--failed", "failed", "--retries", "1", "--json", expect=3)
        self.assertEqual([o["event"] for o in run.objects], ["started", "retry", "failed", "stopped"])
        self.assertIn("in/x/b.jpg", self.files())
        self.assertFalse(os.listdir(self.at("failed/.held")))
        os.remove(self.at("failed/x"))
        self.once("-s", "100", "--failed", "failed", expect=3)
        self.assertEqual(self.failures()[0]["verdict"], "truncated")

    def test_what_takes_too_long_is_tried_again_and_then_a_failure(self):
        self.put(PHOTO, "in/a.jpg")
        words = ("-s", "100", "--failed", "failed", "--timeout", "0.001", "--retries", "1", "--json")
        run = self.once(*words, "--enlarge", "-s", "9000", "--effort", "2", expect=3)
        self.assertEqual([o["event"] for o in run.objects], ["started", "retry", "failed", "stopped"])
        self.assertEqual((self.failures()[0]["verdict"], self.failures()[0]["permanent"]), ("timeout", False))

    def test_what_is_in_the_way_is_waited_for(self):
        self.put(PHOTO, "in/a.jpg")
        os.makedirs(self.at("out/a.jpg/100.jpg/in the way"))
        self.once("-s", "100", "--failed", "failed", "--retries", "0", expect=3)
        self.assertEqual((self.failures(), os.listdir(self.at("in"))), ([], ["a.jpg"]))

    def test_what_the_watch_moves_away_removes_no_outputs(self):
        mirror = ("-s", "100", "--mirror-deletes", "--failed", "failed")
        for name in ("a.jpg", "b.jpg"):
            self.put(PHOTO, "in/" + name)
        self.once(*mirror)
        shutil.copyfile(bad(BROKEN), self.at("in/a.jpg"))
        self.once(*mirror, expect=1)
        os.remove(self.at("failed/a.jpg")) # it has been looked at
        self.once(*mirror)
        self.assertEqual(self.outputs(), ["a.jpg", "b.jpg"])
        self.put(PHOTO, "in/a.jpg") # it is fine again
        self.once(*mirror)
        os.remove(self.at("in/a.jpg")) # and now it is removed
        self.once(*mirror)
        self.assertEqual(self.outputs(), ["b.jpg"])

    def test_a_source_without_any_file_is_not_taken_for_removed(self):
        self.put(PHOTO, "in/a.jpg")
        self.once("-s", "100", "--mirror-deletes")
        os.remove(self.at("in/a.jpg"))
        for more in ([], ["--once"]):
            run = self.run_command(*self.words("-s", "100", "--mirror-deletes", *more))
            self.assertEqual(run.status, 3, run.err)
            self.assertIn("in has no file at all, and out has outputs of it", run.err)
        self.assertEqual(self.outputs(), ["a.jpg"])
        self.once("-s", "100", "--mirror-deletes=all")
        self.assertEqual(self.outputs(), [])
        self.once("-s", "100", "--mirror-deletes") # nothing is there, and nothing is in doubt
        run = self.run_command(*self.words("-s", "100", "--mirror-deletes=some"))
        self.assertEqual((run.status, "--mirror-deletes" in run.err), (2, True))

    def test_another_folder_in_the_place_of_the_source_is_noticed(self):
        mirror = ("-s", "100", "--failed", "failed", "--mirror-deletes")
        for name in ("a.jpg", "b.jpg"):
            self.put(PHOTO, "in/" + name)
        self.once(*mirror)
        os.rename(self.at("in"), self.at("share")) # as when it is not mounted
        self.put(PHOTO, "in/b.jpg")
        run = self.once(*mirror, expect=3)
        self.assertIn("in is not the folder that it was", run.err)
        self.assertEqual(self.outputs(), ["a.jpg", "b.jpg"])
        self.once(*mirror[:-1], "--mirror-deletes=all")
        self.assertEqual(self.outputs(), ["b.jpg"])
        self.once(*mirror)

    @unittest.skipIf("/emulated/" in SCANTLING, "it may not be readable for everybody")
    def test_what_cannot_be_read_is_no_success(self):
        self.put(PHOTO, "in/a.jpg")
        self.put(PHOTO, "in/x/b.jpg")
        words = self.words("-s", "100", "--once", "--failed", "failed", "--retries", "0")
        os.chmod(self.at("in/x"), 0)
        run = self.run_command(*words, **self.as_nobody())
        self.assertEqual(run.status, 1, run.err)
        self.assertIn("in/x cannot be read", run.err)
        os.chmod(self.at("in/x"), 0o755)
        os.chmod(self.at("in/x/b.jpg"), 0)
        run = self.run_command(*words, **self.as_nobody())
        self.assertEqual(run.status, 1, run.err)
        self.assertIn("x/b.jpg: io: Permission denied", run.err)
        self.assertEqual(self.failures(), [])
        self.assertIn("in/x/b.jpg", self.files())

    def test_what_somebody_is_writing_is_left_to_the_next_run(self):
        with open(self.at("in/a.jpg"), "wb", buffering=0) as f:
            f.write(read(corpus(PHOTO))[:4000])
            os.utime(self.at("in/a.jpg"), (1000, 1000)) # it has been quiet for long
            run = self.once("-s", "100", "--failed", "failed", "--retries", "0", expect=3)
            self.assertIn("a.jpg: io: somebody has it open for writing", run.err)
            f.write(read(corpus(PHOTO))[4000:])
        self.once("-s", "100", "--failed", "failed")
        self.assertEqual((self.failures(), self.outputs()), ([], ["a.jpg"]))

    def test_names_that_are_not_utf8_are_kept(self):
        name = b"in/\xe4 b.jpg"
        shutil.copyfile(bad(BROKEN), os.path.join(os.fsencode(self.folder), name))
        self.once("-s", "100", "--failed", "failed", expect=3)
        line = self.failures()[0]
        self.assertEqual((line["path"], line["path_encoded"], line["failed_encoded"]),
                         ("\ufffd b.jpg", "%E4%20b.jpg", "%E4%20b.jpg"))
        shutil.copyfile(bad(BROKEN), self.at("in/b.jpg"))
        self.once("-s", "100", "--failed", "failed", expect=3)
        self.assertNotIn("path_encoded", self.failures()[1])

    @unittest.skipIf("/emulated/" in SCANTLING, "the emulator itself needs files for a thread")
    def test_a_watch_without_threads_ends(self):
        """There is a number of open files with which it starts, and its threads cannot."""
        self.put(PHOTO, "in/a.jpg")

        def run(n_files, *more):
            return self.run_command(
                "watch", "in", "out", "-s", "100", "-j", "2", "--no-sandbox", *more,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n_files, n_files)))

        def has_no_threads(run):
            return "no thread works" in run.err

        n_files = next(n for n in range(6, 64) if has_no_threads(run(n, "--once")))
        for more in ([], ["--once"]):
            idle = run(n_files, *more)
            self.assertEqual(idle.err.count("a thread does not work"), 2)
            self.assertEqual(idle.status, 3, idle.err)

    def test_names_of_unfinished_files_are_ignored(self):
        for name in ("a.jpg.part", "a.tmp", "a.TMP", "a.jpg~", ".a.jpg", ".folder/a.jpg"):
            self.put(PHOTO, "in/" + name)
        self.once()
        self.assertFalse([f for f in self.files() if f.startswith("out")])

    def test_links_are_not_followed(self):
        self.put(PHOTO, "secret/a.jpg")
        os.symlink(self.at("secret/a.jpg"), self.at("in/a.jpg"))
        os.symlink(self.at("secret"), self.at("in/folder"))
        self.once()
        self.assertFalse([f for f in self.files() if f.startswith("out")])

    def test_links_out_of_the_target_are_not_followed(self):
        self.put(PHOTO, "in/a.jpg")
        os.mkdir(self.at("elsewhere"))
        os.symlink(self.at("elsewhere"), self.at("out/a.jpg"))
        run = self.once("-s", "100", "--retries", "0", expect=3)
        self.assertIn("leads out of the store", run.err)
        self.assertEqual(os.listdir(self.at("elsewhere")), [])

    def test_folders_that_overlap_are_refused(self):
        os.makedirs(self.at("in/sub"))
        os.symlink("in", self.at("link"))
        os.symlink("in/sub", self.at("sublink"))
        for source, target, *more in (("in", "in"), ("in", "in/sub"), ("in/sub", "in"),
                                      ("in", "link"), ("in", "sublink/new"), ("link", "in/new/er"),
                                      ("sublink", "in"), ("in", "file://" + self.at("in/sub")),
                                      ("in", "out", "--failed", "in/failed"),
                                      ("in", "out", "--failed", "out/failed"),
                                      ("in", "out", "--failed", ".")):
            run = self.run_command("watch", source, target, "-s", "9", "--once", *self.sandbox, *more)
            self.assertEqual(run.status, 2, (source, target, *more))
            self.assertIn("overlap", run.err)
            self.assertEqual("failed inputs belong" in run.err, bool(more), run.err)
        self.assertEqual(os.listdir(self.at("in/sub")), [])
        self.assertEqual(os.listdir(self.at("out")), [])
        run = self.run_command("watch", "nowhere", "out", "-s", "9")
        self.assertEqual((run.status, run.err), (2, "scantling: nowhere is no folder\n"))

    def test_what_is_missing_on_the_command_line_is_said(self):
        for words, says in (((), "which size"), (("in", "-s", "9"), "which folders"),
                            (("a", "b", "c", "-s", "9"), "which folders"),
                            (("in", "out", "-s", "9", "--retries", "-1"), "--retries"),
                            (("in", "out", "-s", "9", "--settle", "0"), "--settle"),
                            (("in", "out", "-s", "9", "--sandbox", "--no-sandbox"), "exclude"),
                            (("in", "out", "-s", "9", "--output", "x"), "--output")):
            run = self.run_command("watch", *words)
            self.assertEqual(run.status, 2, words)
            self.assertIn(says, run.err)


class WatchLive(WatchTest):
    def test_files_that_appear_are_made(self):
        watch = self.start("-s", "100", "--json", "-j", "2")
        self.drop(corpus(PHOTO), "in/a.jpg")
        self.put(PHOTO, "in/b.jpg")
        self.put(PHOTO, "in/new/deep/er/c.jpg")
        self.put(PHOTO, "elsewhere/d.jpg")
        os.rename(self.at("elsewhere"), self.at("in/moved"))
        for name in ("a.jpg", "b.jpg", "new/deep/er/c.jpg", "moved/d.jpg"):
            self.wait_for_file(f"out/{name}/100.jpg")
        self.put(PHOTO, "in/moved/e.jpg")
        self.wait_for_file("out/moved/e.jpg/100.jpg")
        out, err = self.stop(watch)
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual((events[0]["event"], events[-1]["event"]), ("started", "stopped"))
        self.assertEqual(sorted(e["input"] for e in events if e["event"] == "done"),
                         ["a.jpg", "b.jpg", "moved/d.jpg", "moved/e.jpg", "new/deep/er/c.jpg"])
        self.assertEqual(err, "")

    def test_a_file_that_is_being_written_is_waited_for(self):
        watch = self.start("-s", "100", "--failed", "failed", "--json")
        data = read(corpus(PHOTO))
        with open(self.at("in/a.jpg"), "wb", buffering=0) as f:
            for at in range(0, len(data), len(data) // 8):
                f.write(data[at : at + len(data) // 8])
                time.sleep(0.03)
        self.wait_for_file("out/a.jpg/100.jpg")
        out, _ = self.stop(watch, signal.SIGINT)
        self.assertNotIn('"failed"', out)
        self.assertFalse(os.path.exists(self.at("failed/a.jpg")))

    def begin(self, name, n_bytes):
        """An open file with that much of a picture in it."""
        f = open(self.at(name), "wb", buffering=0)
        self.addCleanup(f.close)
        f.write(read(corpus(PHOTO))[:n_bytes])
        return f

    def test_a_file_that_is_open_is_not_judged(self):
        """However long its writer does nothing: what has been quiet for shorter has been judged."""
        early = self.begin("in/early.jpg", 4000) # found by the scan
        watch = self.start("-s", "100", "--failed", "failed")
        self.drop(corpus(PHOTO), "in/begun.jpg")
        self.wait_for_file("out/begun.jpg/100.jpg")
        late = self.begin("in/late.jpg", 4000)
        for n in range(2):
            shutil.copyfile(bad(BROKEN), self.at(f"in/{n}.jpg"))
            self.wait_for_file(f"failed/{n}.jpg")
        for name, f in (("early", early), ("late", late)):
            f.write(read(corpus(PHOTO))[4000:])
            f.close()
            self.wait_for_file(f"out/{name}.jpg/100.jpg")
        self.stop(watch)
        self.assertEqual([line["path"] for line in self.failures()], ["0.jpg", "1.jpg"])

    @unittest.skipIf(os.getuid() != 0 or "/emulated/" in SCANTLING, "it takes a file of somebody else")
    def test_a_file_of_somebody_else_that_is_open_is_not_judged(self):
        """Nobody says whether it is open, but it was created and has not been closed."""
        watch = self.start("-s", "100", "--failed", "failed", "--settle", "0.5", **self.as_nobody())
        self.drop(corpus(PHOTO), "in/begun.jpg")
        self.wait_for_file("out/begun.jpg/100.jpg")
        f = self.begin("in/a.jpg", 4000)
        self.drop(bad(BROKEN), "in/b.jpg")
        self.wait_for_file("failed/b.jpg")
        f.write(read(corpus(PHOTO))[4000:])
        f.close()
        self.wait_for_file("out/a.jpg/100.jpg")
        self.stop(watch)
        self.assertEqual([line["path"] for line in self.failures()], ["b.jpg"])

    def test_a_closed_file_that_another_one_writes_is_not_judged(self):
        watch = self.start("-s", "100", "--failed", "failed")
        f = self.begin("in/a.jpg", 4000)
        with open(self.at("in/a.jpg"), "ab"):
            pass # seen as complete
        shutil.copyfile(bad(BROKEN), self.at("in/b.jpg"))
        self.wait_for_file("failed/b.jpg") # it has been quiet for shorter
        f.write(read(corpus(PHOTO))[4000:])
        f.close()
        self.wait_for_file("out/a.jpg/100.jpg")
        self.stop(watch)
        self.assertEqual([line["path"] for line in self.failures()], ["b.jpg"])

    def test_a_hard_link_is_complete(self):
        watch = self.start("-s", "100", "--failed", "failed")
        self.drop(corpus(PHOTO), "in/a.jpg")
        self.wait_for_file("out/a.jpg/100.jpg")
        for source, name in ((corpus(PHOTO), "b.jpg"), (bad(BROKEN), "c.jpg")):
            shutil.copyfile(source, self.at(name))
            os.link(self.at(name), self.at("in/" + name))
        self.wait_for_file("out/b.jpg/100.jpg")
        self.wait_for_file("failed/c.jpg")
        self.stop(watch)

    def test_a_target_that_is_gone_is_waited_for(self):
        watch = self.start("-s", "100", "--failed", "failed", "--retries", "0", "--json")
        self.drop(corpus(PHOTO), "in/a.jpg")
        self.wait_for_file("out/a.jpg/100.jpg")
        shutil.rmtree(self.at("out"))
        for name in ("b.jpg", "c.jpg"):
            self.drop(corpus(PHOTO), "in/" + name)
        lines = iter(lambda: json.loads(watch.stdout.readline()), None)
        seen = []
        while "retry" not in seen:
            seen.append(next(lines)["event"])
        os.mkdir(self.at("out"))
        while "recovered" not in seen:
            seen.append(next(lines)["event"])
        for name in ("b.jpg", "c.jpg"):
            self.wait_for_file(f"out/{name}/100.jpg")
        self.stop(watch)
        self.assertNotIn("failed", seen)
        self.assertEqual(self.failures(), [])

    def test_trouble_is_said_when_nothing_else_is(self):
        os.symlink(self.at("in"), self.at("out/a.jpg"))
        watch = self.start("-s", "100", "--quiet")
        self.drop(corpus(PHOTO), "in/a.jpg")
        self.assertIn("a.jpg: denied: ", watch.stderr.readline().decode())
        self.assertEqual(self.stop(watch), ("", ""))

    def test_a_picture_that_becomes_junk_keeps_its_outputs(self):
        watch = self.start("-s", "100", "--mirror-deletes", "--failed", "failed")
        for name in ("a.jpg", "b.jpg"):
            self.drop(corpus(PHOTO), "in/" + name)
            self.wait_for_file(f"out/{name}/100.jpg")
        self.drop(bad(BROKEN), "in/a.jpg")
        self.wait_for_file("failed/a.jpg")
        os.remove(self.at("in/b.jpg")) # the one worker comes to this afterwards
        self.wait_for(lambda: self.outputs() == ["a.jpg"])
        self.stop(watch)

    def test_an_early_close_is_no_failure(self):
        """Some programs make an empty file first, and write it then."""
        watch = self.start("-s", "100", "--failed", "failed", "--settle", "2")
        for n in (0, 1000, None):
            with open(self.at("in/a.jpg"), "wb") as f:
                f.write(read(corpus(PHOTO))[:n])
            time.sleep(0.1)
        self.wait_for_file("out/a.jpg/100.jpg")
        self.stop(watch)
        self.assertEqual(read(self.at("failed/failures.jsonl")), b"")

    def test_a_replaced_file_is_made_again(self):
        watch = self.start("-s", "100")
        self.drop(corpus(PHOTO), "in/a.jpg")
        self.wait_for_file("out/a.jpg/100.jpg")
        self.drop(corpus(SMALL), "in/a.jpg")
        self.wait_for(lambda: size_of(self.at("out/a.jpg/100.jpg")) == (33, 31))
        self.stop(watch)

    def test_one_at_a_time_works_on_a_target(self):
        watch = self.start("-s", "100")
        self.drop(corpus(PHOTO), "in/a.jpg")
        self.wait_for_file("out/a.jpg/100.jpg")
        run = self.run_command(*self.words("-s", "100", "--once"))
        self.assertEqual(run.status, 2)
        self.assertIn("another watch is at work there", run.err)
        self.stop(watch)

    def test_removed_files_take_their_outputs_along_if_asked(self):
        for mirror in ([], ["--mirror-deletes"]):
            for name in ("a.jpg", "x/b.jpg", "y/c.jpg", "d.jpg"):
                self.drop(corpus(PHOTO), "in/" + name)
            self.once("-s", "100", *mirror)
            self.write("out/foreign.jpg", "not ours")
            os.remove(self.at("in/d.jpg"))
            watch = self.start("-s", "100", *mirror)
            self.drop(corpus(PHOTO), "in/e.jpg") # it is at work
            self.wait_for_file("out/e.jpg/100.jpg")
            os.remove(self.at("in/a.jpg"))
            os.rename(self.at("in/y"), self.at("gone"))
            os.remove(self.at("in/e.jpg"))
            left = ["foreign.jpg", "kept.jpg", "x"] if mirror else ["a.jpg", "d.jpg", "e.jpg", "foreign.jpg", "x", "y"]
            self.wait_for(lambda: self.outputs() == left)
            self.stop(watch)
            shutil.rmtree(self.at("gone"))
            self.put(SMALL, "in/kept.jpg")
            shutil.rmtree(self.at("in/x"))
            self.once("-s", "100", *mirror)
            self.assertEqual(os.path.exists(self.at("out/x")), not mirror)

    def test_what_was_removed_in_an_overflow_is_noticed(self):
        limit = int(read("/proc/sys/fs/inotify/max_queued_events"))
        if limit > 100000:
            self.skipTest("it takes too many events")
        for name in ("a.jpg", "x/b.jpg", "c.jpg"):
            self.put(SMALL, "in/" + name)
        watch = self.start("-s", "10", "--mirror-deletes", "--json")
        for name in ("a.jpg", "x/b.jpg", "c.jpg"):
            self.wait_for_file(f"out/{name}/10.jpg")
        watch.send_signal(signal.SIGSTOP)
        for i in range(limit // 2 + 1): # each two events, of ignored names
            os.mkdir(self.at(f"in/.{i}"))
            os.rmdir(self.at(f"in/.{i}"))
        os.remove(self.at("in/a.jpg"))
        shutil.rmtree(self.at("in/x"))
        watch.send_signal(signal.SIGCONT)
        self.wait_for(lambda: self.outputs() == ["c.jpg"])
        out, _ = self.stop(watch)
        self.assertEqual(out.count('"overflow"'), 1)

    def test_folders_that_go_together_are_swept_together(self):
        names = [f"{n}/a.jpg" for n in range(8)]
        for name in names:
            self.put(SMALL, "in/" + name)
        self.put(SMALL, "in/b.jpg")
        watch = self.start("-s", "10", "--mirror-deletes")
        for name in names:
            self.wait_for_file(f"out/{name}/10.jpg")
        for n in range(8):
            os.rename(self.at(f"in/{n}"), self.at(f"gone{n}"))
        self.wait_for(lambda: self.outputs() == ["b.jpg"])
        self.stop(watch)

    def test_the_source_may_go_away(self):
        watch = self.start("-s", "100")
        self.drop(corpus(PHOTO), "in/a.jpg")
        self.wait_for_file("out/a.jpg/100.jpg")
        shutil.rmtree(self.at("in"))
        _, err = watch.communicate(timeout=PATIENCE_S)
        self.assertEqual(watch.returncode, 1)
        self.assertIn("in is gone", err.decode())


class WatchKilled(WatchTest):
    """SIGKILL at any time: every source ends as all its variants or as one failure with one line."""

    def test_nothing_is_lost_and_nothing_is_half_written(self):
        rounds, per_round = (4, 4) if QUICK else (40, 6)
        words = ("-s", "400", "-s", "100", "-s", "50", "-j", "2", "--failed", "failed", "--json")
        chance = random.Random(int(os.environ.get("SCT_TEST_SEED", "1")))
        good, broken, n_killed = [], [], 0
        for n in range(rounds):
            watch = self.start(*words)
            for i in range(per_round):
                is_bad = chance.random() < 0.4
                name = f"{n % 3}/{n}-{i}.jpg"
                self.drop(bad(BROKEN) if is_bad else corpus(PHOTO), "in/" + name)
                (broken if is_bad else good).append(name)
                time.sleep(chance.random() * 0.01)
            time.sleep(chance.random() * (0.5 if QUICK else 0.15))
            n_killed += watch.poll() is None
            watch.kill()
            watch.communicate()
            for name in self.files():
                if name.startswith("out/"):
                    size_of(self.at(name)) # whole, from SOI to EOI
        self.assertEqual(n_killed, rounds)
        self.run_command(*self.words("--once", *words))

        sizes = {"400": (400, 300), "100": (100, 75), "50": (50, 38)}
        expected = sorted(f"out/{name}/{size}.jpg" for name in good for size in sizes)
        self.assertEqual(sorted(f for f in self.files() if f.startswith("out/")), expected)
        for path in expected:
            self.assertEqual(size_of(self.at(path)), sizes[os.path.basename(path)[:-4]])
        self.assertEqual(sorted(line["path"] for line in self.failures()), sorted(broken))
        self.assertEqual(sorted(f for f in self.files() if f.startswith("failed/")),
                         sorted(["failed/failures.jsonl", *("failed/" + name for name in broken)]))
        for name in broken:
            self.assertEqual(read(self.at("failed/" + name)), read(bad(BROKEN)))
        self.assertEqual(sorted(f for f in self.files() if f.startswith("in/")),
                         sorted("in/" + name for name in good))
        before = {f: os.stat(self.at(f)).st_mtime_ns for f in expected}
        run = self.run_command(*self.words("--once", *words)) # and nothing is left to be done
        self.assertEqual({o["event"] for o in run.objects}, {"started", "skipped", "stopped"})
        self.assertEqual(before, {f: os.stat(self.at(f)).st_mtime_ns for f in expected})
