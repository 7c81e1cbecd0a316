"""`scantling compare`: what it decodes, what it says, and the program that it runs for Butteraugli."""

import os
import shutil
import struct
import subprocess
import unittest

from cli_formats_cases import PictureTest, slope
from cli_pictures import GRAY, RGB, RGBA
from cli_support import SCANTLING, bad, corpus, read

PHOTO = "natural_420_640x480.jpg"
OTHER = "natural_444_640x480.jpg"
KEYS = ["input", "reference", "verdict", "width", "height", "bytes", "ssimulacra2", "psnr_rgb",
        "psnr_y", "butteraugli_max", "butteraugli_3norm"]


class CompareTest(PictureTest):
    def compare(self, *words, expect=0, **more):
        run = self.run_command("compare", "--json", "--no-butteraugli", *words, **more)
        self.assertEqual(run.status, expect, f"{words}: {run.err}")
        return run

    def one(self, *words, **more):
        return self.compare(*words, **more).objects[0]

    def assert_equal_pictures(self, *words):
        o = self.one(*words)
        self.assertEqual((o["ssimulacra2"], o["psnr_rgb"], o["psnr_y"]), (100, None, None), words)


class Compare(CompareTest):
    def test_figures(self):
        o = self.one(corpus(PHOTO), corpus(OTHER))
        self.assertEqual(list(o), KEYS)
        self.assertEqual((o["input"], o["reference"], o["verdict"], o["width"], o["height"]),
                         (corpus(OTHER), corpus(PHOTO), "ok", 640, 480))
        self.assertEqual(o["bytes"], os.path.getsize(corpus(OTHER)))
        # by a plain implementation that meets all published scores, see tests/unit/test_ssimulacra2.c
        self.assertAlmostEqual(o["ssimulacra2"], 88.3834237, delta=0.02)
        self.assertAlmostEqual(o["psnr_rgb"], 41.434266, places=4)
        self.assertAlmostEqual(o["psnr_y"], 60.975717, places=4)
        self.assertIsNone(o["butteraugli_max"])

    def test_psnr_is_what_it_says(self):
        self.put_png("a.png", 20, 10, RGB, lambda x, y: (100, 100, 100))
        self.put_png("b.png", 20, 10, RGB, lambda x, y: (100, 110, 100))
        o = self.one("a.png", "b.png")
        self.assertAlmostEqual(o["psnr_rgb"], 32.902, places=3)  # 10 log10(255^2 / (10^2 / 3))
        self.assertAlmostEqual(o["psnr_y"], 32.758, places=3)  # 20 log10(255 / 5.87)

    def test_several_pictures_and_people(self):
        self.assertEqual([o["input"] for o in self.compare(corpus(PHOTO), corpus(OTHER), corpus(PHOTO)).objects],
                         [corpus(OTHER), corpus(PHOTO)])
        run = self.run_command("compare", "--no-butteraugli", corpus(PHOTO), corpus(OTHER), corpus(PHOTO))
        text = run.stdout.decode()
        for word in ("640x480", "SSIMULACRA2  88.3", "PSNR         41.43 dB, luma 60.98 dB",
                     "SSIMULACRA2  100.000", "no difference"):
            self.assertIn(word, text)
        self.assertNotIn("Butteraugli", text)

    def test_stdin(self):
        self.assertEqual(self.one("-", corpus(PHOTO), stdin=read(corpus(PHOTO)))["ssimulacra2"], 100)
        self.assertEqual(self.one(corpus(PHOTO), "-", stdin=read(corpus(PHOTO)))["ssimulacra2"], 100)

    def test_small_pictures(self):
        for width, height, is_scored in ((8, 8, True), (7, 8, False), (8, 7, False), (1, 1, False)):
            self.put_png("a.png", width, height, RGB, slope)
            self.put_png("b.png", width, height, RGB, lambda x, y: slope(x + 1, y))
            o = self.one("a.png", "b.png")
            self.assertEqual(o["ssimulacra2"] is not None, is_scored, (width, height))
            self.assertGreater(o["psnr_rgb"], 0)
        text = self.run_command("compare", "--no-butteraugli", "a.png", "b.png").stdout.decode()
        self.assertIn("not defined below 8x8", text)

    def test_sizes_have_to_be_equal(self):
        small = "natural_420_257x255.jpg"
        run = self.compare(corpus(PHOTO), corpus(small), expect=3)
        o = run.objects[0]
        self.assertEqual(list(o), ["input", "reference", "verdict", "transient", "message"])
        self.assertEqual((o["verdict"], o["transient"]), ("argument", False))
        for word in ("257x255", "640x480", "same size"):
            self.assertIn(word, o["message"])
        self.assertIn(": argument: ", run.err)
        run = self.compare(corpus(PHOTO), corpus(small), corpus(OTHER), expect=1)
        self.assertEqual([o["verdict"] for o in run.objects], ["argument", "ok"])

    def test_failures(self):
        pictures = [bad("truncated_mid_scan_420.jpg"), bad("not_an_image_text.jpg"), "none.jpg", self.folder,
                    corpus(OTHER)]
        run = self.compare(corpus(PHOTO), *pictures, expect=1)
        self.assertEqual([o["verdict"] for o in run.objects], ["truncated", "not_an_image", "io", "io", "ok"])
        self.assertEqual(len(run.err.splitlines()), 4)
        run = self.compare("none.jpg", corpus(PHOTO), corpus(OTHER), expect=3)
        self.assertEqual([o["verdict"] for o in run.objects], ["io", "io"])
        self.assertIn("the reference, none.jpg: No such file", run.objects[0]["message"])

    def test_limits(self):
        for words, says in ((["--max-pixels", "307199"], "pixels"), (["--max-side", "639"], "side"),
                            (["--max-memory", "1M"], "memory"), (["--max-input", "1K"], "bytes")):
            o = self.compare(*words, corpus(PHOTO), corpus(OTHER), expect=3).objects[0]
            self.assertEqual(o["verdict"], "too_large")
            self.assertIn(says, o["message"])
        self.assertEqual(self.compare(corpus(PHOTO), corpus(OTHER), expect=3,
                                      env={"SCANTLING_MAX_SIDE": "9"}).objects[0]["verdict"], "too_large")

    def test_usage(self):
        for words, says in (([], "which files"), ([corpus(PHOTO)], "with which picture"),
                            (["--nothing", "a", "b"], "--nothing"), (["-", "-"], "stdin can only be read once"),
                            (["--background", "mauvish", "a", "b"], "a colour"),
                            (["--max-side", "0", "a", "b"], "--max-side")):
            run = self.run_command("compare", *words)
            self.assertEqual((run.status, run.stdout), (2, b""), words)
            self.assertIn(says, run.err)


class Decoded(CompareTest):
    """Every kind of picture comes out as it should: two files of one picture do not differ."""

    @unittest.skipUnless(shutil.which("djpeg"), "needs djpeg")
    def test_jpegs_are_decoded_as_libjpeg_does(self):
        for name in ("natural_420_257x255.jpg", "natural_422_63x65.jpg", "natural_440_17x15.jpg",
                     "natural_444_255x257.jpg", "natural_411_16x16.jpg", "natural_420_33x31_adobe.jpg",
                     "natural_420_257x255_progressive.jpg", "natural_420_257x255_arithmetic.jpg",
                     "natural_gray_63x65.jpg", "natural_rgb_33x31.jpg", "natural_s22-21-11_33x31.jpg"):
            pnm = subprocess.run(["djpeg", "-dct", "int", "-pnm", corpus(name)], stdout=subprocess.PIPE,
                                 check=True).stdout
            kind, size, _, samples = pnm.split(b"\n", 3)
            width, height = map(int, size.split())
            n = {b"P5": 1, b"P6": 3}[kind]
            self.put_png("d.png", width, height, {1: GRAY, 3: RGB}[n],
                         lambda x, y, w=width, n=n, s=samples: s[(y * w + x) * n : (y * w + x + 1) * n])
            self.assert_equal_pictures("d.png", corpus(name))

    def test_formats(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        self.resize("-s", "64", "--lossless", "-o", "w.webp", "p.png")
        self.assert_equal_pictures("p.png", "w.webp")
        self.resize("-s", "64", "-q", "95", "-o", "lossy.webp", "p.png")
        self.assertLess(self.one("p.png", "lossy.webp")["ssimulacra2"], 100)

    def test_gray(self):
        self.put_png("g.png", 30, 20, GRAY, lambda x, y: (5 * x + y,))
        self.put_png("c.png", 30, 20, RGB, lambda x, y: (5 * x + y,) * 3)
        self.assert_equal_pictures("g.png", "c.png")

    def test_depth(self):
        self.put_png("8.png", 30, 20, RGB, slope)
        self.put_png("16.png", 30, 20, RGB, lambda x, y: [257 * v for v in slope(x, y)], depth=16)
        self.assert_equal_pictures("8.png", "16.png")
        self.put_png("off.png", 30, 20, RGB, lambda x, y: [257 * v ^ 1 for v in slope(x, y)], depth=16)
        self.assertAlmostEqual(self.one("8.png", "off.png")["psnr_rgb"], 96.33, places=2)

    def test_orientation(self):
        for n in range(2, 9):
            name = corpus(f"exif_orient{n}_odd.jpg")
            self.resize("-s", "10000", "-f", "png", "--quality-exact", "-o", "upright.png", name)
            o = self.one("upright.png", name)  # chroma is upsampled by another filter
            self.assertGreater(o["psnr_y"], 40, n)

    def test_transparency_is_laid_on_the_background(self):
        self.put_png("a.png", 32, 32, RGBA, lambda x, y: (200, 40, 7, 255 if x < 16 else 51))
        for colour, flat in ((None, 255), ("black", 0), ("#808080", 128)):
            words = ["--background", colour] if colour else []
            seen = [round((51 * v + 204 * flat) / 255) for v in (200, 40, 7)]
            self.put_png("f.png", 32, 32, RGB, lambda x, y, s=seen: (200, 40, 7) if x < 16 else s)
            self.assertGreater(self.one(*words, "f.png", "a.png")["psnr_rgb"], 55)
        self.put_png("opaque.png", 32, 32, RGBA, lambda x, y: (*slope(x, y), 255))
        self.put_png("plain.png", 32, 32, RGB, slope)
        self.assert_equal_pictures("--background", "lime", "opaque.png", "plain.png")

    def test_profiles_become_srgb(self):
        self.put_png("linear.png", 32, 32, GRAY, lambda x, y: (8 * x,),
                     chunks=[(b"gAMA", struct.pack(">I", 100000))])
        self.resize("-s", "32", "--quality-exact", "--icc", "srgb", "-o", "srgb.png", "linear.png")
        self.resize("-s", "32", "--icc", "drop", "-o", "dropped.png", "linear.png")
        self.assert_equal_pictures("linear.png", "srgb.png")
        self.assertLess(self.one("linear.png", "dropped.png")["psnr_rgb"], 20)

    def test_inks_become_srgb(self):
        for name in ("natural_cmyk_320x241.jpg", "natural_cmyk_320x241_noadobe.jpg", "natural_ycck_320x241.jpg"):
            self.resize("-s", "320", "-f", "png", "-o", "rgb.png", corpus(name))
            self.assertGreater(self.one("rgb.png", corpus(name))["psnr_rgb"], 50, name)


class Butteraugli(CompareTest):
    """By a stand-in for butteraugli_main, except where the real one is there."""

    def stand_in(self, script):
        os.makedirs(self.at("bin"), exist_ok=True)
        with open(self.at("bin", "butteraugli_main"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + script)
        os.chmod(self.at("bin", "butteraugli_main"), 0o755)
        return {"PATH": self.at("bin") + os.pathsep + os.environ["PATH"]}

    def run_with(self, script, *words):
        run = self.run_command("compare", "--json", *words, env=self.stand_in(script))
        self.assertEqual(run.status, 0, run.err)
        return run.objects[0]

    def test_figures(self):
        self.put_png("a.png", 3, 2, RGB, slope)
        self.put_png("b.png", 3, 2, GRAY, lambda x, y: (257 * x + y,), depth=16)
        o = self.run_with(f'cat "$1" > {self.at("1.ppm")}; cat "$2" > {self.at("2.ppm")}\n'
                          'echo 1.25; echo "3-norm: 0.5"\n', "a.png", "b.png")
        self.assertEqual((o["butteraugli_max"], o["butteraugli_3norm"]), (1.25, 0.5))
        self.assertEqual(list(o), KEYS)
        self.assertEqual(read(self.at("1.ppm")), b"P6\n3 2\n255\n" + bytes(
            v for y in range(2) for x in range(3) for v in slope(x, y)))
        self.assertEqual(read(self.at("2.ppm")), b"P6\n3 2\n65535\n" + struct.pack(
            ">18H", *(257 * x + y for y in range(2) for x in range(3) for _ in range(3))))

    def test_what_goes_wrong_is_said(self):
        for script, says in (("exit 1\n", "failed"), ("echo hello\n", "failed"), ("kill -9 $$\n", "failed"),
                             ("echo 1; echo 3-norm: 2; exit 3\n", "failed"),
                             ("yes | head -c 100000\n", "failed")):
            o = self.run_with(script, corpus(PHOTO), corpus(OTHER))
            self.assertEqual((o["verdict"], o["butteraugli_max"], o["butteraugli_3norm"]), ("ok", None, None))
            self.assertIn(says, o["message"])
        text = self.run_command("compare", corpus(PHOTO), corpus(OTHER), env=self.stand_in("exit 1\n"))
        self.assertIn("Butteraugli  not measured: butteraugli_main failed", text.stdout.decode())

    def test_time_is_limited(self):
        for script in ("exec sleep 500\n", "exec sleep 500 >&-\n"):
            o = self.run_with(script, "--timeout", "2", corpus(PHOTO), corpus(OTHER))
            self.assertIsNone(o["butteraugli_max"])
            self.assertIn("butteraugli_main", o["message"])

    @unittest.skipIf("/emulated/" in SCANTLING, "the emulator does not say why a program was not started")
    def test_it_may_be_missing(self):
        os.makedirs(self.at("empty"))
        run = self.run_command("compare", "--json", corpus(PHOTO), corpus(OTHER), env={"PATH": self.at("empty")})
        o = run.objects[0]
        self.assertEqual((run.status, o["butteraugli_max"]), (0, None))
        self.assertIn("not installed", o["message"])
        self.assertIn("libjxl-devtools", o["message"])

    def test_it_can_be_left_out(self):
        env = self.stand_in(f'touch {self.at("was-run")}\n')
        self.run_command("compare", "--no-butteraugli", corpus(PHOTO), corpus(OTHER), env=env)
        self.assertFalse(os.path.exists(self.at("was-run")))

    @unittest.skipUnless(shutil.which("butteraugli_main"), "needs butteraugli_main")
    def test_the_real_one(self):
        o = self.run_command("compare", "--json", corpus(PHOTO), corpus(PHOTO)).objects[0]
        self.assertEqual((o["butteraugli_max"], o["butteraugli_3norm"]), (0, 0))
        o = self.run_command("compare", "--json", corpus(PHOTO), corpus(OTHER)).objects[0]
        self.assertGreater(o["butteraugli_max"], o["butteraugli_3norm"])
        self.assertGreater(o["butteraugli_3norm"], 0)
