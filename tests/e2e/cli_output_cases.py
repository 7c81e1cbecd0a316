"""Where it goes: names, collisions, atomic files, permissions, stdin and stdout."""

import os
import resource
import shutil
import signal
import subprocess
import time
import unittest

from cli_support import (CommandTest, Frame, PATIENCE_S, SCANTLING, bad, corpus, read, size_of)

PHOTO = "natural_420_640x480.jpg"
OTHER = "natural_444_640x480.jpg"
SMALL = "natural_420_33x31.jpg"


class Names(CommandTest):
    def test_default_is_next_to_the_input(self):
        self.put(PHOTO, "in/a.photo.JPG")
        self.resize("-s", "100", "-s", "60x60", "in/a.photo.JPG")
        self.assertEqual(self.files(),
                         ["in/a.photo-100.jpg", "in/a.photo-60x60.jpg", "in/a.photo.JPG"])

    def test_small_pictures_among_several_sizes_do_not_collide(self):
        self.put(SMALL, "icon.jpg")
        self.resize("-s", "2000", "-s", "1000", "icon.jpg")
        self.assertEqual(size_of(self.at("icon-2000.jpg")), (33, 31))
        self.assertEqual(size_of(self.at("icon-1000.jpg")), (33, 31))

    def test_folders(self):
        self.put(PHOTO, "photo.JPG")
        os.mkdir(self.at("there"))
        self.resize("-s", "100", "-o", "new/deep/", "photo.JPG")
        self.resize("-s", "100", "-o", "there", "photo.JPG")
        self.resize("-s", "100", "-s", "50", "-o", "two/", "photo.JPG")
        self.assertEqual(self.files(), ["new/deep/photo.jpg", "photo.JPG", "there/photo.jpg",
                                        "two/photo-100.jpg", "two/photo-50.jpg"])

    def test_patterns(self):
        self.put(PHOTO, "p.jpg")
        self.resize("-s", "100", "-s", "x40", "-o", "{name}/{stem}_{width}x{height}.{ext}", "p.jpg")
        self.resize("-s", "100", "-o", "{{{stem}}}.jpg", "p.jpg")
        self.resize("-s", "100", "-o", "by/{width}/", "p.jpg")
        self.assertEqual(self.files(), ["100/p_100x75.jpg", "by/100/p.jpg", "p.jpg",
                                        "x40/p_53x40.jpg", "{p}.jpg"])

    def test_wrong_patterns(self):
        self.put(PHOTO, "p.jpg")
        for pattern, word in (("{size}.jpg", "{size}"), ("{}.jpg", "{}"), ("{stem.jpg", "brace"),
                              ("{stem}-{name", "brace"), ("stem}.jpg", "brace"), ("", "empty"), ("{stem}.gif", "gif")):
            self.refuse("-s", "9", "-o", pattern, "p.jpg", says=["--output", word])

    def test_one_file_for_many_is_refused(self):
        self.put(PHOTO, "p.jpg")
        self.put(PHOTO, "q.jpg")
        self.refuse("-s", "9", "-s", "8", "-o", "out.jpg", "p.jpg", says=["out.jpg", "2 sizes"])
        self.refuse("-s", "9", "-o", "out.jpg", "p.jpg", "q.jpg", says=["out.jpg", "2 inputs"])
        self.refuse("-s", "9", "-o", "{name}.jpg", "p.jpg", "q.jpg", says="{stem}")
        self.refuse("-s", "9", "-s", "8", "-o", "{stem}.jpg", "p.jpg", says="{name}")
        self.refuse("-s", "9", "-o", "-", "p.jpg", "q.jpg", says="stdout")
        self.refuse("-s", "9", "-s", "8", "-o", "-", "p.jpg", says="stdout")

    def test_a_missing_folder_of_a_plain_file_is_an_error(self):
        self.put(PHOTO, "p.jpg")
        run = self.resize("-s", "9", "-o", "typo/out.jpg", "p.jpg", expect=3)
        self.assertIn("p.jpg: io: ", run.err)
        self.assertEqual(self.files(), ["p.jpg"])

    def test_odd_names(self):
        names = ["with space.jpg", "ümläut-写真.jpg", "new\nline.jpg", "-dash.jpg", "per%cent %s.jpg",
                 ".hidden", "quote'\".jpg", "back\\slash.jpg"]
        for name in names:
            self.put(PHOTO, name)
        run = self.resize("-s", "20", "-o", "out/", "--", *names)
        expected = [os.path.splitext(name)[0] + ".jpg" for name in names]
        self.assertEqual(sorted(os.listdir(self.at("out"))), sorted(expected))
        self.assertEqual(len(run.lines), len(names) + 1)  # a newline in a name breaks no line
        self.assertRegex(run.lines[-1], r"^8 of 8 inputs, 8 outputs: .* in, .* out, .* saved$")
        self.assertIn("new\\nline.jpg -> ", run.stdout.decode())

    def test_names_that_are_not_utf8(self):
        name = b"caf\xe9.jpg"
        with open(os.path.join(os.fsencode(self.folder), name), "wb") as f:
            f.write(read(corpus(PHOTO)))
        run = self.resize("--json", "-s", "20", os.fsdecode(name))
        self.assertEqual(run.objects[0]["input"], "caf\ufffd.jpg")
        self.assertEqual(run.objects[0]["outputs"][0]["path"], "caf\ufffd-20.jpg")
        self.assertIn(b"caf\xe9-20.jpg", os.listdir(os.fsencode(self.folder)))

    def test_names_send_nothing_to_a_terminal(self):
        names = [b"c0\x1b[31m.jpg", b"c1\xc2\x9b31m.jpg", b"raw\x9b31m.jpg", b"caf\xc3\xa9\xc2\xa0.jpg"]
        for name in names:
            with open(os.path.join(os.fsencode(self.folder), name), "wb") as f:
                f.write(read(corpus(PHOTO)))
        run = self.resize("-s", "9", "-o", "out/", *map(os.fsdecode, names))
        for shown, line in zip([rb"c0\x1b[31m", rb"c1\xc2\x9b31m", rb"raw\x9b31m", b"caf\xc3\xa9\xc2\xa0"],
                               run.stdout.splitlines()):
            self.assertTrue(line.startswith(shown + b".jpg -> out/" + shown + b".jpg 9x7 "), line)
        gone = self.resize("-s", "9", b"\x9b\xc2\x9b\xe2\x82.jpg", expect=3).stderr
        self.assertIn(rb"scantling: \x9b\xc2\x9b\xe2\x82.jpg: io: ", gone)

    def test_a_long_name_can_still_be_written(self):
        name = "n" * 248 + ".jpg"
        self.put(PHOTO, name)
        self.resize("-s", "20", "-o", "out/", name)
        self.assertEqual(os.listdir(self.at("out")), [name])


class Collisions(CommandTest):
    def test_two_inputs_one_output(self):
        self.put(PHOTO, "a/x.jpg")
        self.put(OTHER, "b/x.jpeg")
        self.refuse("-s", "9", "-o", "out/", "a/x.jpg", "b/x.jpeg",
                    says=["a/x.jpg", "b/x.jpeg", "out/x.jpg"])
        self.assertFalse(os.path.exists(self.at("out")))

    def test_the_same_place_by_another_name(self):
        self.put(PHOTO, "a/x.jpg")
        os.symlink("a", self.at("link"))
        for twin in ("a/x.jpg", "./a//x.jpg", "link/x.jpg", self.at("a/x.jpg")):
            self.refuse("-s", "9", "a/x.jpg", twin, says=["a/x.jpg", twin])

    def test_names_that_depend_on_the_size(self):
        self.put(PHOTO, "a.jpg")
        self.put(OTHER, "b.jpg")
        self.put(SMALL, "c.jpg")
        pattern = "{width}x{height}.jpg"
        self.refuse("-s", "100", "-o", pattern, "a.jpg", "b.jpg", says=["a.jpg", "b.jpg", "100x75"])
        self.refuse("-s", "100", "-o", pattern, "-", "b.jpg", stdin=read(corpus(PHOTO)),
                    says=["b.jpg", "100x75"])
        self.refuse("-s", "200", "-s", "100", "-o", "{stem}-{width}.jpg", "c.jpg",
                    says=["size 200", "size 100", "c-33.jpg"])
        self.resize("-s", "100", "-o", pattern, "a.jpg", "c.jpg")
        self.assertEqual(size_of(self.at("33x31.jpg")), (33, 31))
        self.assertEqual(size_of(self.at("100x75.jpg")), (100, 75))

    def test_unreadable_inputs_do_not_hide_or_make_collisions(self):
        self.put(PHOTO, "a.jpg")
        run = self.resize("-s", "90", "-o", "{width}.jpg", "none.jpg", bad("soi_only.jpg"), "a.jpg",
                          expect=1)
        self.assertIn("none.jpg: io: ", run.err)
        self.assertIn("soi_only.jpg: truncated: ", run.err)
        self.assertEqual(self.files(), ["90.jpg", "a.jpg"])

    def test_an_output_that_is_an_input_is_refused(self):
        self.put(PHOTO, "a.jpg")
        self.put(OTHER, "b.jpg")
        os.link(self.at("a.jpg"), self.at("hard.jpg"))
        os.symlink("a.jpg", self.at("soft.jpg"))
        for target in ("a.jpg", "./a.jpg", "{stem}.jpg", "hard.jpg", "soft.jpg", "./"):
            self.refuse("-s", "9", "-o", target, "a.jpg", says="overwrite the input a.jpg")
        self.refuse("-s", "9", "-o", "{stem}/../b.jpg", "a.jpg", "b.jpg", says="b.jpg")
        # by way of a folder that would have to be made first
        self.refuse("-s", "9", "-o", "new/../{stem}.jpg", "a.jpg", says="overwrite the input a.jpg")
        with open(self.at("a.jpg"), "rb") as stdin:
            self.refuse("-s", "9", "-o", "a.jpg", "-", stdin=stdin, says="overwrite the input -")

    def test_stdin_twice(self):
        self.refuse("-s", "9", "-o", "{stem}.jpg", "-", "-", says="stdin")


class Files(CommandTest):
    def test_permissions_are_the_sources_and_the_umask(self):
        self.put(PHOTO, "a.jpg")
        for mode, umask, expected in ((0o644, 0o022, 0o644), (0o666, 0o022, 0o644),
                                      (0o640, 0o022, 0o640), (0o600, 0o000, 0o600),
                                      (0o666, 0o077, 0o600), (0o444, 0o022, 0o444)):
            os.chmod(self.at("a.jpg"), mode)
            self.resize("-s", "9", "a.jpg", preexec_fn=lambda u=umask: os.umask(u))
            self.assertEqual(os.stat(self.at("a-9.jpg")).st_mode & 0o7777, expected,
                             f"{mode:o} {umask:o}")
        self.resize("-s", "9", "-o", "in.jpg", "-", stdin=read(corpus(PHOTO)),
                    preexec_fn=lambda: os.umask(0o027))
        self.assertEqual(os.stat(self.at("in.jpg")).st_mode & 0o7777, 0o640)

    def test_existing_outputs_are_replaced_not_written_into(self):
        self.put(PHOTO, "a.jpg")
        self.write("a-9.jpg", "old")
        os.link(self.at("a-9.jpg"), self.at("keep"))
        self.resize("-s", "9", "a.jpg")
        self.assertEqual(read(self.at("keep")), b"old")
        self.assertEqual(size_of(self.at("a-9.jpg")), (9, 7))

    def test_a_failure_leaves_the_old_file_and_nothing_else(self):
        self.write("out.jpg", "old")
        self.resize("-s", "90", "-o", "out.jpg", bad("truncated_mid_scan_420.jpg"), expect=3)
        self.assertEqual(self.files(), ["out.jpg"])
        self.assertEqual(read(self.at("out.jpg")), b"old")

    def start_long_job(self):
        """A job of many large pictures, returned once its temporary files are there."""
        self.put("natural_420_1024x768.jpg", "a.jpg")
        sizes = [word for n in range(40) for word in ("-s", str(3000 + n))]
        job = subprocess.Popen([SCANTLING, "resize", "--enlarge", *sizes, "-o", "out/", "a.jpg"],
                               cwd=self.folder, stdout=subprocess.DEVNULL)
        self.addCleanup(job.wait)
        self.addCleanup(job.kill)
        deadline = time.monotonic() + PATIENCE_S
        while not any(name.endswith(".part") for name in self.files()):
            self.assertIsNone(job.poll(), "the job is over before it was seen at work")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)
        return job

    def test_killed_in_the_middle_there_is_no_part_under_a_final_name(self):
        job = self.start_long_job()
        job.send_signal(signal.SIGKILL)
        self.assertEqual(job.wait(), -signal.SIGKILL)
        left = os.listdir(self.at("out"))
        self.assertTrue([name for name in left if name.endswith(".part")])
        for name in left:
            if not name.endswith(".part"):
                Frame(read(self.at("out", name)))

    def test_signals_remove_temporary_files(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            job = self.start_long_job()
            job.send_signal(number)
            self.assertEqual(job.wait(), -number)
            left = os.listdir(self.at("out"))
            self.assertEqual([name for name in left if name.endswith(".part")], [])
            for name in left:
                Frame(read(self.at("out", name)))
            for name in left:
                os.remove(self.at("out", name))

    def test_a_full_disk(self):
        """A limit on the size of files stands in for the disk: write fails in the same place."""
        self.put(PHOTO, "a.jpg")
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        run = self.resize("-s", "400", "--json", "-o", "out/", "a.jpg", expect=3,
                          preexec_fn=limit)
        self.assertEqual(run.objects[0]["verdict"], "io")
        self.assertTrue(run.objects[0]["transient"])
        self.assertEqual(run.objects[0]["outputs"], [])
        self.assertEqual(self.files(), ["a.jpg"])

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_a_device_as_output(self):
        """Through links in the test's folder: a command that gets this wrong replaces the link,
        and not, when it is run by root, the device of the whole machine."""
        for name in ("full", "null"):
            os.symlink(f"/dev/{name}", self.at(name))
        run = self.resize("-s", "100", "-o", "full", corpus(PHOTO), expect=3)
        self.assertIn("No space left on device", run.err)
        self.resize("-s", "100", "-o", "null", corpus(PHOTO))
        for name in ("full", "null"):
            self.assertTrue(os.path.islink(self.at(name)), name)
        self.assertEqual(sorted(os.listdir(self.folder)), ["full", "null"])

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_a_full_disk_behind_stdout(self):
        with open("/dev/full", "wb") as full:
            run = self.resize("-s", "100", "-o", "-", corpus(PHOTO), stdout=full, expect=3)
            self.assertIn("No space left on device", run.err)
            run = self.resize("-s", "100", "-o", "x.jpg", corpus(PHOTO), stdout=full,
                              expect=1)  # the picture is fine, the line about it is lost
            self.assertIn("stdout", run.err)
        self.assertEqual(size_of(self.at("x.jpg")), (100, 75))

    def test_a_folder_that_is_read_only(self):
        self.put(PHOTO, "a.jpg")
        os.mkdir(self.at("locked"))
        os.chmod(self.folder, 0o755)
        os.chmod(self.at("a.jpg"), 0o644)
        os.chmod(self.at("locked"), 0o555)
        become_somebody = None
        if os.geteuid() == 0:  # root may write anywhere
            def become_somebody():
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            try:
                probe = subprocess.run([SCANTLING, "help"], preexec_fn=become_somebody,
                                       stdout=subprocess.DEVNULL, check=False)
            except (PermissionError, subprocess.SubprocessError):
                self.skipTest("nobody may not run the command here")
            self.assertEqual(probe.returncode, 0)
        run = self.resize("-s", "9", "-o", "locked/", "a.jpg", expect=3,
                          preexec_fn=become_somebody)
        self.assertIn("a.jpg: io: ", run.err)
        self.assertIn("Permission denied", run.err)
        self.assertEqual(self.files(), ["a.jpg"])

    def test_a_folder_as_output_file(self):
        self.put(PHOTO, "a.jpg")
        os.makedirs(self.at("a-9.jpg"))
        run = self.resize("-s", "9", "a.jpg", expect=3)
        self.assertIn("a-9.jpg is a folder", run.err)


class Streams(CommandTest):
    def test_stdin_to_stdout(self):
        photo = read(corpus(PHOTO))
        self.resize("-s", "100", "-o", "file.jpg", corpus(PHOTO))
        for words in (["-"], ["-", "-o", "-"], ["-o-", "--", "-"]):
            run = self.resize("-s", "100", *words, stdin=photo)
            self.assertEqual(run.stdout, read(self.at("file.jpg")))
        run = self.resize("-s", "100", "-o", "-", corpus(PHOTO))
        self.assertEqual(run.stdout, read(self.at("file.jpg")))

    def test_stdin_has_a_stem(self):
        photo = read(corpus(PHOTO))
        self.resize("-s", "100", "-o", "out/", "-", stdin=photo)
        self.resize("-s", "100", "-o", "{stem}_{width}.jpg", "-", stdin=photo)
        self.assertEqual(self.files(), ["out/stdin.jpg", "stdin_100.jpg"])
        self.assertEqual(read(self.at("stdin_100.jpg")), read(self.at("out/stdin.jpg")))

    def test_stdin_that_is_needed_twice_fits_in_memory(self):
        """With a size in the name the picture is looked at before it is resized."""
        photo = read(corpus(PHOTO))
        words = ("-s", "100", "-o", "{width}.jpg")
        run = self.resize("--max-memory", str(len(photo)), *words, "-", stdin=photo, expect=3)
        self.assertRegex(run.err, r"^scantling: stdin: too_large: .*can only be read once\n$")
        self.resize("--max-memory", "64M", *words, "-", stdin=photo + b"x" * 300000)
        self.assertEqual(self.files(), ["100.jpg"])

    def test_stdin_that_cannot_be_read(self):
        """The end of a pipe that is for writing, say."""
        ends = os.pipe()
        for words in (["-o", "x.jpg"], ["-o", "{width}.jpg"], ["-f", "source", "-o", "x.{ext}"]):
            run = self.resize("-s", "100", *words, "-", stdin=ends[1], expect=3)
            self.assertRegex(run.err, r"^scantling: stdin: io: reading failed: .+\n$")
        for end in ends:
            os.close(end)
        self.assertEqual(self.files(), [])

    def test_a_failure_writes_nothing_to_stdout(self):
        broken = read(bad("truncated_mid_scan_420.jpg"))
        run = self.resize("-s", "100", "-", stdin=broken, expect=3)
        self.assertEqual(run.stdout, b"")
        self.assertIn("stdin: truncated: ", run.err)
        self.assertIn("empty", self.resize("-s", "100", "-", stdin=b"", expect=3).err)

    def test_stdin_and_stdout_that_do_not_work(self):
        self.refuse("-s", "9", "-", corpus(PHOTO), says="--output is needed")
        self.refuse("-s", "9", "--json", "-o", "-", corpus(PHOTO), says="--json")
        self.refuse("-s", "9", "--json", "-", stdin=read(corpus(PHOTO)), says="--json")

    def test_closed_streams_are_not_taken_by_pictures(self):
        """With -j 2 a report is printed while the other output is open."""
        self.put(PHOTO, "a.jpg")
        for i in range(8):
            os.link(self.at("a.jpg"), self.at(f"b{i}.jpg"))
        words = ["resize", "--json", "-j", "2", "-s", "600", "-o", "out/", "a.jpg", "none.jpg"]
        words += [f"b{i}.jpg" for i in range(8)]
        for closed in ("<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
            done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", SCANTLING, *words],
                                  cwd=self.folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)
            self.assertEqual(done.returncode, 1, closed)
            made = {read(self.at("out", name)) for name in os.listdir(self.at("out"))}
            self.assertEqual(len(made), 1, closed)
            self.assertNotIn(b"verdict", made.pop())
            shutil.rmtree(self.at("out"))
        with open(self.at("a.jpg"), "rb") as stdin:
            done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", SCANTLING, "resize",
                                   "-s", "9", "-o", "-", "-"], cwd=self.folder, stdin=stdin,
                                  stderr=subprocess.PIPE, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"stdout failed", done.stderr)

    def test_a_terminal_gets_no_picture(self):
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        run = self.run_command("resize", "-s", "9", "-o", "-", corpus(PHOTO), stdout=slave)
        self.assertEqual(run.status, 2)
        self.assertIn("terminal", run.err)

    def test_a_reader_that_goes_away(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as gone:
            run = self.resize("-s", "100", "-o", "-", corpus(PHOTO), stdout=gone, expect=3)
            self.assertIn("io: ", run.err)
            self.assertIn("Broken pipe", run.err)

    def test_pipes_as_inputs(self):
        for pattern in ("a.jpg", "b-{width}.jpg"):  # read once, and planned from memory
            os.mkfifo(self.at("fifo"))
            job = subprocess.Popen([SCANTLING, "resize", "-s", "100", "-o", pattern, "fifo"],
                                   cwd=self.folder, stdout=subprocess.DEVNULL)
            with open(self.at("fifo"), "wb") as f:
                f.write(read(corpus(PHOTO)))
            self.assertEqual(job.wait(PATIENCE_S), 0)
            os.remove(self.at("fifo"))
        self.assertEqual(read(self.at("a.jpg")), read(self.at("b-100.jpg")))
