"""--sandbox: the same from outside, whatever happens inside."""

import ctypes
import ctypes.util
import json
import os
import signal
import subprocess
import time

from cli_support import CommandTest, Frame, PATIENCE_S, SCANTLING, bad, corpus, read, size_of

PHOTO = "natural_420_640x480.jpg"
BROKEN = "truncated_mid_scan_420.jpg"


def list_children(pid):
    """Of a process's first thread."""
    try:
        return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]
    except OSError:
        return []


def is_running(pid):
    try:
        return read(f"/proc/{pid}/stat").rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def forbid_seccomp():
    """Makes this process one that may not have filters of its own, as under an old kernel."""
    lib = ctypes.CDLL(ctypes.util.find_library("seccomp"))
    lib.seccomp_init.restype = ctypes.c_void_p
    allow, refuse = 0x7FFF0000, 0x00050000 | 22

    class Compare(ctypes.Structure):
        _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                    ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

    lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int,
                                           ctypes.c_uint, ctypes.POINTER(Compare)]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    context = lib.seccomp_init(allow)
    number = lib.seccomp_syscall_resolve_name
    is_set_seccomp = Compare(0, 4, 22, 0)  # equal to PR_SET_SECCOMP
    bad_news = lib.seccomp_rule_add_array(context, refuse, number(b"prctl"), 1,
                                          ctypes.byref(is_set_seccomp))
    if bad_news or lib.seccomp_load(context):
        os._exit(99)


def is_sanitized():
    """The sanitizers' own signal handler calls what the sandbox does not allow."""
    with open(os.path.join(os.environ["SCT_BUILD_DIR"], "CMakeCache.txt"), encoding="utf-8") as f:
        return "SCT_SANITIZE:STRING=address" in f.read()


class Sandbox(CommandTest):
    def setUp(self):
        super().setUp()
        run = self.run_command("resize", "--sandbox", "-s", "9", "-o", "probe.jpg", corpus(PHOTO))
        if run.status != 0:
            # Not available, as in an emulator: then it says so and does nothing.
            self.assertEqual(run.status, 2, run.err)
            self.assertRegex(run.err, r"^scantling: --sandbox: .+\n$")
            self.assertEqual((run.stdout, self.files()), (b"", []))
            self.skipTest(run.err.strip())
        os.remove(self.at("probe.jpg"))

    def compare(self, *words, inputs, names=None):
        """The same files and reports, but for the time; returns the reports."""
        without = self.run_command("resize", "--json", *words, "-o", names or "without/", *inputs)
        files = {name: read(self.at(name)) for name in self.files()}
        for name in files:
            os.remove(self.at(name))
        for extra in ([], ["-j", "2"]):
            run = self.run_command("resize", "--sandbox", "--json", *extra, *words,
                                   "-o", names or "without/", *inputs)
            self.assertEqual((run.status, run.err), (without.status, without.err))
            for mine, other in zip(run.objects, without.objects, strict=True):
                mine.pop("ms"), other.pop("ms")
                self.assertEqual(mine, other)
            self.assertEqual(sorted(files), self.files())
            for name, content in files.items():
                self.assertTrue(read(self.at(name)) == content, name)
                os.remove(self.at(name))
        return run.objects

    def test_sound_pictures(self):
        names = sorted(n for n in os.listdir(corpus("")) if n.endswith((".jpg", ".png", ".webp")))
        self.assertGreater(len(names), 100)
        self.compare("-s", "40x30", "-s", "300", inputs=[corpus(n) for n in names],
                     names="{stem}.{name}.{ext}")
        self.compare("-s", "100", "--enlarge", "--linear", inputs=[corpus(n) for n in names[::8]],
                     names="{stem}{width}.{ext}")

    def test_damaged_pictures(self):
        with open(bad("EXPECTED"), encoding="utf-8") as f:
            rows = [line.split("\t") for line in f if not line.startswith("#")]
        inputs = [bad(row[0]) for row in rows]
        objects = self.compare("-s", "20", inputs=inputs, names="{stem}.{ext}")
        self.assertEqual([o["verdict"] for o in objects], [row[1] for row in rows])
        self.compare("-s", "20", "--salvage", inputs=inputs, names="{stem}.{ext}")
        self.compare("-s", "20", inputs=inputs, names="{stem}{width}.{ext}")
        self.compare("-s", "20", "--max-memory", "10K", inputs=inputs, names="{stem}.{ext}")

    def test_other_inputs(self):
        self.compare("-s", "90", inputs=["none.jpg", self.folder, corpus(PHOTO)])
        self.compare("-s", "90", "--dry-run", inputs=[corpus(PHOTO), bad(BROKEN), bad("soi_only.jpg")])
        self.write("old.jpg", "old")
        self.resize("--sandbox", "-s", "90", "-o", "old.jpg", bad(BROKEN), expect=3)
        self.assertEqual(read(self.at("old.jpg")), b"old")
        self.resize("--sandbox", "-s", "90", "-o", "new/", bad("soi_only.jpg"), expect=3)
        self.assertFalse(os.path.exists(self.at("new")))
        self.assertEqual(self.files(), ["old.jpg"])

    def test_streams(self):
        photo = read(corpus(PHOTO))
        self.resize("-s", "100", "-o", "file.jpg", corpus(PHOTO))
        expected = read(self.at("file.jpg"))
        self.assertEqual(self.resize("--sandbox", "-s", "100", "-", stdin=photo).stdout, expected)
        with open(corpus(PHOTO), "rb") as f:
            self.assertEqual(self.resize("--sandbox", "-s", "100", "-", stdin=f).stdout, expected)
        for name in ("{width}.jpg", "x/"):  # planned from memory; read once
            self.resize("--sandbox", "-s", "100", "-o", name, "-", stdin=photo)
        self.resize("--sandbox", "-s", "100", "-f", "source", "-o", "{stem}.{ext}", "-", stdin=photo)
        for name in ("100.jpg", "x/stdin.jpg", "stdin.jpg"):
            self.assertEqual(read(self.at(name)), expected, name)
        run = self.resize("--sandbox", "-s", "100", "-", stdin=read(bad(BROKEN)), expect=3)
        self.assertEqual(run.stdout, b"")
        self.assertIn("stdin: truncated: ", run.err)
        with open("/dev/full", "wb") as full:
            run = self.resize("--sandbox", "-s", "100", "-o", "-", corpus(PHOTO), stdout=full, expect=3)
            self.assertIn("No space left on device", run.err)
        done = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", SCANTLING, "resize", "--sandbox",
                               "-s", "100", "-o", "closed.jpg", corpus(PHOTO)], cwd=self.folder,
                              timeout=PATIENCE_S, check=False)
        self.assertEqual((done.returncode, read(self.at("closed.jpg"))), (1, expected))

    def test_who_starts_it_may_ignore_children(self):
        self.resize("--sandbox", "-s", "100", "-o", "x.jpg", corpus(PHOTO),
                    preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))

    def test_without_seccomp_it_is_refused(self):
        run = self.refuse("--sandbox", "-s", "9", corpus(PHOTO), preexec_fn=forbid_seccomp,
                          says=["--sandbox", "does not work here"])
        self.assertEqual(len(run.err.splitlines()), 1)
        self.resize("-s", "9", "-o", "x.jpg", corpus(PHOTO), preexec_fn=forbid_seccomp)

    def test_the_version_says_whether_it_is_there(self):
        self.assertRegex(self.run_command("--version").stdout.decode(),
                         r"\nsandbox: seccomp \(libseccomp \d+\.\d+\.\d+\)\n")

    # ---- death ----

    def start_long_job(self, *words):
        """Returned at work, with its forkers and their children."""
        self.put("natural_420_1024x768.jpg", "a.jpg")
        sizes = [word for n in range(40) for word in ("-s", str(3000 + n))]
        job = subprocess.Popen([SCANTLING, "resize", "--sandbox", "--json", "--enlarge", *sizes, *words,
                                "-o", "out/", "a.jpg", corpus(PHOTO)], cwd=self.folder,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(job.communicate)
        self.addCleanup(job.kill)
        deadline = time.monotonic() + PATIENCE_S
        while not any(name.endswith(".part") for name in self.files()):
            self.assertIsNone(job.poll(), "the job is over before it was seen at work")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)
        forkers = list_children(job.pid)
        children = [child for pid in forkers for child in list_children(pid)]
        if not children:
            self.skipTest("/proc does not list children here")
        return job, forkers, children

    def wait_for_the_end_of(self, processes):
        deadline = time.monotonic() + PATIENCE_S
        while any(is_running(pid) for pid in processes):
            self.assertLess(time.monotonic(), deadline, f"still there: {processes}")
            time.sleep(0.001)

    def check_what_is_left(self):
        left = os.listdir(self.at("out"))
        self.assertEqual([name for name in left if name.endswith(".part")], [])
        for name in left:
            Frame(read(self.at("out", name)))
            os.remove(self.at("out", name))

    def test_a_decoder_that_crashes_is_a_verdict(self):
        for number in (signal.SIGSEGV, signal.SIGKILL):
            job, _, children = self.start_long_job()
            os.kill(children[0], number)
            said, complaints = job.communicate()
            self.assertEqual(job.returncode, 1)
            first, second = [json.loads(line) for line in said.splitlines()]
            # Whoever is killed may not have deserved it: the kernel does that when memory is short.
            was_killed = number == signal.SIGKILL
            verdict = "no_memory" if was_killed else "crashed"
            self.assertEqual((first["verdict"], first["transient"]), (verdict, was_killed))
            self.assertEqual(first["outputs"], [])
            end = "the decoder was killed" if was_killed else f"the decoder crashed (signal {int(number)})"
            if number == signal.SIGSEGV and is_sanitized():
                end = "the decoder was stopped by the sandbox"
            self.assertIn(end, first["message"])
            self.assertEqual(second["verdict"], "ok")
            self.assertIn(f"scantling: a.jpg: {verdict}: {end}", complaints.decode())
            self.assertEqual(len(second["outputs"]), len(os.listdir(self.at("out"))))
            self.check_what_is_left()

    def test_signals_remove_temporary_files_and_processes(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            job, forkers, children = self.start_long_job("-j", "2")
            job.send_signal(number)
            said, complaints = job.communicate()
            self.assertEqual((job.returncode, complaints), (-number, b""))
            self.wait_for_the_end_of(forkers + children)
            self.check_what_is_left()

    def test_a_terminal_s_signal_to_all_of_them(self):
        job, forkers, children = self.start_long_job("-j", "2")
        for pid in children + forkers + [job.pid]:  # the worst order
            os.kill(pid, signal.SIGINT)
        said, complaints = job.communicate()
        self.assertEqual((job.returncode, said, complaints), (-signal.SIGINT, b"", b""))
        self.wait_for_the_end_of(forkers + children)
        self.check_what_is_left()

    def test_killed_it_takes_all_of_them_along(self):
        job, forkers, children = self.start_long_job("-j", "2")
        job.kill()
        job.communicate()
        self.wait_for_the_end_of(forkers + children)

    def test_stopped_and_continued(self):
        self.resize("-s", "300", "-o", "there.jpg", corpus(PHOTO))
        job, forkers, children = self.start_long_job("-s", "300")
        for pid in [job.pid] + forkers + children:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.05)
        for pid in [job.pid] + forkers + children:
            os.kill(pid, signal.SIGCONT)
        job.communicate()
        self.assertEqual(job.returncode, 0)
        self.assertEqual(size_of(self.at("out", "natural_420_640x480-300.jpg")), (300, 225))
