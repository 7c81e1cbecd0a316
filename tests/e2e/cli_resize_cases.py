"""What is made: sizes, fits, settings, kernels."""

import os

from cli_support import CommandTest, Frame, corpus, read, size_of

PHOTO = "natural_420_640x480.jpg"


class Sizes(CommandTest):
    def one(self, *words, source=PHOTO):
        self.resize(*words, "-o", "out.jpg", corpus(source))
        return size_of(self.at("out.jpg"))

    def test_a_number_is_the_longest_side(self):
        self.assertEqual(self.one("-s", "320"), (320, 240))
        self.assertEqual(self.one("-s", "48", source="exif_orient6_le.jpg"), (48, 29))

    def test_width_and_height_and_box(self):
        self.assertEqual(self.one("--size", "100x"), (100, 75))
        self.assertEqual(self.one("--size", "x100"), (133, 100))
        self.assertEqual(self.one("--size=200x60"), (80, 60))

    def test_fits(self):
        self.assertEqual(self.one("-s", "200x60", "--fit", "inside"), (80, 60))
        self.assertEqual(self.one("-s", "200x60", "--fit", "cover"), (200, 60))
        self.assertEqual(self.one("-s", "200x60", "--fit", "fill"), (200, 60))
        self.assertEqual(self.one("-s", "64", "--fit", "cover"), (64, 64))

    def test_cover_crops_and_fill_stretches(self):
        cover, fill = "cover.jpg", "fill.jpg"
        self.resize("-s", "200x60", "--fit", "cover", "-o", cover, corpus(PHOTO))
        self.resize("-s", "200x60", "--fit", "fill", "-o", fill, corpus(PHOTO))
        self.assertNotEqual(read(self.at(cover)), read(self.at(fill)))

    def test_small_pictures_grow_only_when_asked(self):
        self.assertEqual(self.one("-s", "1000"), (640, 480))
        self.assertEqual(self.one("-s", "1000", "--enlarge"), (1000, 750))

    def test_sizes_are_those_of_the_upright_picture(self):
        for n in range(1, 9):
            self.assertEqual(self.one("-s", "80x", source=f"exif_orient{n}_be.jpg"), (80, 48), n)

    def test_several_sizes_come_from_one_decode(self):
        run = self.resize("-s", "320", "-s", "x100", "-s", "50x50", "--json", "-o", "out/",
                          corpus(PHOTO))
        outputs = run.objects[0]["outputs"]
        self.assertEqual([(o["width"], o["height"]) for o in outputs],
                         [(320, 240), (133, 100), (50, 38)])
        for o in outputs:
            self.assertEqual(size_of(self.at(o["path"])), (o["width"], o["height"]))
        # ... and are the same pictures that would have been made alone
        self.resize("-s", "x100", "-o", "alone.jpg", corpus(PHOTO))
        self.assertEqual(read(self.at("alone.jpg")), read(self.at(outputs[1]["path"])))

    def test_wrong_sizes_are_named(self):
        for word in ("", "0", "0x", "x", "x0", "-5", "+5", "5.5", "1600X", "1600xx", "10x10x10",
                     "65536", "99999999999999999999", "0x10", "010", " 10", "10 ", "big"):
            self.refuse(f"--size={word}", corpus(PHOTO), says=["--size", f"'{word}'"])
        self.refuse(corpus(PHOTO), says="--size")
        self.refuse("-s", "10", "-s", "10", corpus(PHOTO), says=["--size", "'10'", "twice"])

    def test_sixty_four_sizes_and_no_more(self):
        sizes = [word for n in range(64) for word in ("-s", str(n + 1))]
        self.resize(*sizes, "-o", "out/", corpus("natural_444_15x17.jpg"))
        self.assertEqual(len(self.files()), 64)
        self.refuse(*sizes, "-s", "65", corpus(PHOTO), says=["--size", "'65'", "64"])


class Settings(CommandTest):
    def make(self, *words, source=PHOTO):
        self.resize(*words, "-s", "200", "-o", "out.jpg", corpus(source))
        return read(self.at("out.jpg"))

    def test_quality(self):
        sizes = [len(self.make("-q", q)) for q in ("10", "50", "95")]
        self.assertEqual(sizes, sorted(set(sizes)))
        self.assertEqual(self.make(), self.make("--quality", "80"))
        for word in ("0", "101", "-1", "80%", "", "8.0"):
            self.refuse("-s", "9", f"--quality={word}", "x", says=["--quality", f"'{word}'"])

    def test_subsampling(self):
        luma = {"4:2:0": (2, 2), "4:2:2": (2, 1), "4:4:4": (1, 1)}
        for name, factors in luma.items():
            made = Frame(self.make("--subsampling", name)).factors
            self.assertEqual(made, [factors, (1, 1), (1, 1)])
        made = Frame(self.make("--subsampling", "source", source="natural_422_801x603.jpg"))
        self.assertEqual(made.factors, [(2, 1), (1, 1), (1, 1)])
        self.assertEqual(Frame(self.make()).factors[0], (2, 2))
        self.refuse("-s", "9", "--subsampling", "4:1:9", "x", says=["--subsampling", "'4:1:9'"])

    def test_quality_for_a_score(self):
        sizes = [len(self.make("-q", q)) for q in ("auto:40", "auto:60", "auto", "auto:85")]
        self.assertEqual(sizes, sorted(sizes))
        self.assertLess(sizes[0], sizes[-1])
        self.assertEqual(self.make("-q", "auto"), self.make("-q", "auto:75"))
        for word in ("auto:", "auto:0", "auto:100", "auto:x", "automatic"):
            self.refuse("-q", word, "x.jpg", says=["--quality", f"'{word}'"])

    def test_max_bytes(self):
        plain = self.make()
        for effort in ("0", "1", "2"):
            small = self.make("--effort", effort, "--max-bytes", str(len(plain) // 2))
            self.assertLessEqual(len(small), len(plain) // 2)
            self.assertGreater(len(small), len(plain) // 3)
        self.refuse("--max-bytes", "0", "x.jpg", says="--max-bytes")

    def test_progressive_and_optimize(self):
        plain = self.make("--effort", "0")
        optimized = self.make("--effort", "0", "--optimize")
        self.assertEqual(self.make(), self.make("--optimize"))  # small ones are, anyway
        self.assertEqual(Frame(plain).sof, 0xC0)
        self.assertEqual(Frame(optimized).sof, 0xC0)
        self.assertLess(len(optimized), len(plain))
        self.assertEqual(Frame(self.make("--progressive")).sof, 0xC2)

    def test_filters_differ_and_have_names(self):
        made = {name: self.make("--filter", name) for name in
                ("lanczos3", "lanczos2", "catmull-rom", "mitchell", "triangle", "area")}
        self.assertEqual(len(set(made.values())), 6)
        self.assertEqual(made["lanczos3"], self.make())
        self.refuse("-s", "9", "--filter", "cubic", "x", says=["--filter", "'cubic'", "mitchell"])

    def test_format(self):
        self.assertEqual(self.make("-f", "jpeg"), self.make("--format=jpg"))
        self.refuse("-s", "9", "-f", "gif", "x", says=["--format", "'gif'", "jpeg"])

    def test_metadata_stays_behind_and_icc_is_kept(self):
        made = self.make(source="metadata_everything_orient8.jpg")
        self.assertIn(b"SCT-ICC-PROFILE", made)
        for secret in (b"SCT-GPS-AREA", b"SCT-MAKERNOTE", b"SCT-THUMBNAIL", b"SCT-XMP",
                       b"SCT-IPTC", b"SCT-COMMENT", b"Exif"):
            self.assertIn(secret, read(corpus("metadata_everything_orient8.jpg")))
            self.assertNotIn(secret, made)


class Unchanged(CommandTest):
    """What need not shrink is what came in, without its metadata."""

    def check(self, out, source):
        made = read(self.at(out["path"]))
        self.assertEqual((out["unchanged"], out["quality"], out["bytes"]), (True, None, len(made)))
        self.assertEqual(out["saved_bytes"], len(source) - len(made))
        return made

    def test_a_small_picture(self):
        source = read(corpus("exif_gps_le.jpg"))
        run = self.resize("--json", "-s", "5000", "-o", "out.jpg", corpus("exif_gps_le.jpg"))
        o = run.objects[0]
        self.assertEqual((o["verdict"], o["bytes"]), ("unchanged", len(source)))
        made = self.check(o["outputs"][0], source)
        self.assertGreater(o["saved_bytes"], 0)
        self.assertNotIn(b"Exif", made)
        self.assertEqual(made[-1000:], source[-1000:])
        self.assertEqual(Frame(made).size, Frame(source).size)
        self.resize("-s", "5000", "-o", "again.jpg", self.at("out.jpg"))
        self.assertEqual(read(self.at("again.jpg")), made)

    def test_beside_smaller_sizes(self):
        source = read(corpus(PHOTO))
        run = self.resize("--json", "-s", "5000", "-s", "100", "-o", "out/", corpus(PHOTO))
        o = run.objects[0]
        self.assertEqual(o["verdict"], "ok")
        self.assertEqual(self.check(o["outputs"][0], source), source)
        self.assertFalse(o["outputs"][1]["unchanged"])
        self.resize("-s", "100", "-o", "alone.jpg", corpus(PHOTO))
        self.assertEqual(read(self.at("alone.jpg")), read(self.at(o["outputs"][1]["path"])))

    def test_stdin_and_lines(self):
        source = read(corpus(PHOTO))
        run = self.resize("-s", "5000", "-o", "-", "-", stdin=source)
        self.assertEqual(run.stdout, source)
        run = self.resize("-s", "5000", "-o", "x.jpg", corpus(PHOTO))
        self.assertRegex(run.lines[0], r" -> x\.jpg 640x480 \d+ kB unchanged ")

    def test_exact_quality_is_encoded_again_unless_that_is_larger(self):
        for quality, verdict in (("30", "ok"), ("100", "unchanged")):
            run = self.resize("--json", "-s", "5000", "-q", quality, "--quality-exact",
                              "-o", f"{quality}.jpg", corpus(PHOTO))
            self.assertEqual(run.objects[0]["verdict"], verdict)
        self.assertLess(len(read(self.at("30.jpg"))), len(read(corpus(PHOTO))))
        self.assertEqual(read(self.at("100.jpg")), read(corpus(PHOTO)))

    def test_other_formats(self):
        for suffix in ("png", "webp"):
            first, again = f"first.{suffix}", f"again.{suffix}"
            if self.run_command("resize", "-s", "100", "-o", first, corpus(PHOTO)).status:
                continue  # not in this build
            o = self.resize("--json", "-s", "5000", "-o", again, self.at(first)).objects[0]
            self.assertEqual(o["verdict"], "unchanged", suffix)
            self.assertEqual(read(self.at(again)), read(self.at(first)))

    def test_the_sandbox_tells_it_too(self):
        run = self.run_command("resize", "--json", "--sandbox", "-s", "5000", "-s", "50", "-o", "out/",
                               corpus(PHOTO))
        if run.status == 2 or b"sandbox" in run.stderr:
            self.skipTest("no sandbox here")
        unchanged, smaller = run.objects[0]["outputs"]
        self.check(unchanged, read(corpus(PHOTO)))
        self.assertEqual((smaller["quality"], smaller["unchanged"]), (80, False))


class Kernels(CommandTest):
    def version(self, **more):
        run = self.run_command("--version", **more)
        self.assertEqual(run.status, 0, run.err)
        lines = dict(line.split(": ") for line in run.lines if ": " in line)
        return run, lines["kernels available"].split(), lines["kernel chosen"]

    def test_version_says_what_is_there(self):
        run, available, chosen = self.version()
        text = run.stdout.decode()
        header = read(os.path.join(os.environ["SCT_SOURCE_DIR"], "driver/scantling.h")).decode()
        version = header.split('#define SCT_VERSION "')[1].split('"')[0]
        self.assertIn(f"scantling {version}\n", text)
        self.assertRegex(text, r"libjpeg-turbo \d+\.\d+")
        self.assertRegex(text, r"jansson \d+\.\d+")
        self.assertIn("c", available)
        self.assertIn(chosen, available)

    def test_kernels_can_be_forced_and_agree(self):
        _, available, _ = self.version()
        made = set()
        for name in available:
            self.assertEqual(self.version(env={"SCANTLING_CPU": name})[2], name)
            self.resize("--cpu", name, "-s", "123", "-o", "flag.jpg", corpus(PHOTO))
            self.resize("-s", "123", "-o", "env.jpg", corpus(PHOTO), env={"SCANTLING_CPU": name})
            made |= {read(self.at("flag.jpg")), read(self.at("env.jpg"))}
        self.assertEqual(len(made), 1)

    def test_unknown_kernels_are_refused(self):
        self.refuse("-s", "9", "--cpu", "z80", corpus(PHOTO), says=["--cpu", "'z80'"])
        self.refuse("-s", "9", corpus(PHOTO), env={"SCANTLING_CPU": "z80"},
                    says=["SCANTLING_CPU", "'z80'"])
        # the option takes precedence
        self.resize("-s", "9", "--cpu", "c", "-o", "x.jpg", corpus(PHOTO),
                    env={"SCANTLING_CPU": "z80"})
        _, available, _ = self.version()
        for name in {"avx2", "neon", "hwy"} - set(available):
            self.refuse("-s", "9", "--cpu", name, corpus(PHOTO), says=["--cpu", name])


class CommandLine(CommandTest):
    def test_options_are_recognised_strictly(self):
        self.refuse("--sharpen", corpus(PHOTO), says="--sharpen")
        self.refuse("-Z", corpus(PHOTO), says="-Z: unknown")
        self.refuse("--json", "-Zq", "80", corpus(PHOTO), says="-Z: unknown")
        self.refuse("--help=now", says="--help=now: this option takes no value")
        self.refuse("-s", "9", "--enlarge=yes", corpus(PHOTO), says="--enlarge=yes")
        self.refuse(corpus(PHOTO), "--size", says=["--size", "missing"])
        self.refuse("-s", "9", says="which files")
        self.refuse("-s", "9", "-j", "many", corpus(PHOTO), says=["--jobs", "'many'"])
        self.refuse("-s", "9", "--max-pixels", "1T", corpus(PHOTO), says=["--max-pixels", "'1T'"])
        self.refuse("-s", "9", "--max-scans", "0", corpus(PHOTO), says=["--max-scans", "'0'"])
        self.refuse("-s", "9", "--max-memory", "lots", corpus(PHOTO),
                    says=["--max-memory", "'lots'"])

    def test_abbreviations_order_and_double_dash(self):
        self.put(PHOTO, "-s.jpg")
        self.put(PHOTO, "b.jpg")
        self.resize("b.jpg", "--subs", "4:4:4", "--siz", "90", "--", "-s.jpg")
        self.assertEqual(self.files(), ["-s-90.jpg", "-s.jpg", "b-90.jpg", "b.jpg"])
        self.refuse("-s", "9", "--progres", "--max", "3", "b.jpg", says="--max")

    def test_without_a_command(self):
        for words in ([], ["shrink"], ["--frobnicate"], ["help", "shrink"]):
            run = self.run_command(*words)
            self.assertEqual((run.status, run.stdout), (2, b""))
            self.assertIn("scantling", run.err)
