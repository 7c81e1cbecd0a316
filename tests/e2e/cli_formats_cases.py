"""Formats, colour, metadata and limits: that each option does what the manual says of it."""

import os
import struct
import subprocess

from cli_pictures import GRAY, RGB, RGBA, Png, make_animation, make_png
from cli_support import (CommandTest, Frame, PATIENCE_S, SCANTLING, SOURCE_DIR, corpus, read, size_of)

PHOTO = "natural_420_640x480.jpg"
ROTATED = "exif_orient6_everything_be.jpg"


def slope(x, y):
    return (4 * x) & 255, (5 * y) & 255, (3 * (x + y)) & 255


def make_exif(artist, software):
    """Big-endian TIFF with two texts, each longer than the four bytes of an entry."""
    texts = [(0x0131, software + b"\0"), (0x013B, artist + b"\0")]
    head, body = b"MM\0*\0\0\0\x08" + struct.pack(">H", len(texts)), b""
    first = len(head) + 12 * len(texts) + 4
    for tag, text in texts:
        head += struct.pack(">HHII", tag, 2, len(text), first + len(body))
        body += text
    return head + b"\0\0\0\0" + body


class PictureTest(CommandTest):
    def setUp(self):
        super().setUp()
        said = self.run_command("--version").stdout.decode()
        if "formats: jpeg png webp" not in said:
            self.skipTest("a build without all formats")

    def put_png(self, name, *args, **more):
        with open(self.at(name), "wb") as f:
            f.write(make_png(*args, **more))
        return name

    def png(self, name):
        return Png(read(self.at(name)))


class Formats(PictureTest):
    def test_several_from_one_input(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        o = self.resize("--json", "-s", "32", "-f", "jpeg,png,webp", "p.png").objects[0]
        self.assertEqual([out["path"] for out in o["outputs"]], ["p-32.jpg", "p-32.png", "p-32.webp"])
        self.assertEqual([out["format"] for out in o["outputs"]], ["jpeg", "png", "webp"])
        self.assertEqual(size_of(self.at("p-32.jpg")), (32, 20))
        self.assertEqual((self.png("p-32.png").width, self.png("p-32.png").height), (32, 20))
        self.assertEqual(read(self.at("p-32.webp"))[8:16], b"WEBPVP8 ")

    def test_the_input_decides_unless_told(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        self.resize("-s", "30", "-f", "webp", "-o", "w.webp", "p.png")
        for name in ("p.png", "w.webp", corpus(PHOTO)):
            o = self.resize("--json", "-s", "9", "-o", "out/", name).objects[0]
            self.assertEqual(o["outputs"][0]["format"], {"p": "png", "w": "webp"}.get(name[0], "jpeg"))
        for name in ("a.jpg", "a.png", "a.webp"):
            self.resize("-s", "9", "-o", name, "w.webp")
        self.assertEqual(size_of(self.at("a.jpg")), (9, 6))
        self.assertEqual(self.png("a.png").width, 9)
        self.assertEqual(read(self.at("a.webp"))[:4], b"RIFF")

    def test_webp_for_a_score(self):
        made = []
        for score in ("40", "60", "75", "85"):
            o = self.resize("--json", "-s", "300", "-q", f"auto:{score}", "-o", "p.webp", corpus(PHOTO)).objects[0]
            made.append(o["outputs"][0])
        self.assertEqual([m["quality"] for m in made], sorted(m["quality"] for m in made))
        self.assertLess(made[0]["bytes"], made[3]["bytes"])
        self.assertTrue(30 <= made[0]["quality"] < made[3]["quality"] < 100, made)

    def test_max_bytes(self):
        for kind in ("webp", "jpeg"):
            plain = self.resize("--json", "-s", "300", "-f", kind, "-o", f"p.{kind}", corpus(PHOTO)).objects[0]["outputs"][0]
            limit = plain["bytes"] // 2
            small = self.resize("--json", "-s", "300", "--max-bytes", str(limit), "-f", kind, "-o", f"s.{kind}",
                                corpus(PHOTO)).objects[0]["outputs"][0]
            self.assertEqual(small["bytes"], len(read(self.at(f"s.{kind}"))))
            self.assertTrue(limit // 2 < small["bytes"] <= limit, small)
            self.assertLess(small["quality"], plain["quality"])
            again = self.resize("-s", "300", "-q", str(small["quality"]), "-f", kind, "-o", f"a.{kind}", corpus(PHOTO))
            self.assertEqual(read(self.at(f"a.{kind}")), read(self.at(f"s.{kind}")), again.err)
            self.resize("--max-bytes", "99", "-s", "300", "-o", f"never.{kind}", corpus(PHOTO), expect=3)
        self.assertFalse([name for name in self.files() if "never" in name])

    def test_max_bytes_without_loss(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        for words in (["-f", "png"], ["-f", "webp", "--lossless"]):
            for size in ("32", "64"):  # 64: the file as it is, or encoded again
                made = self.resize("--json", "-s", size, *words, "-o", "fits", "p.png").objects[0]["outputs"][0]["bytes"]
                self.resize("-s", size, *words, "--max-bytes", str(made), "-o", "fits", "p.png")
                few = str(made - 1 if size == "32" else 30)
                run = self.resize("-s", size, *words, "--max-bytes", few, "-o", "long", "p.png", expect=3)
                self.assertIn("too_large", run.err)
                self.assertIn(f"{few} bytes are too few", run.err)
        self.assertNotIn("long", self.files())

    def test_lossless(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        self.resize("-s", "32", "--lossless", "-o", "w.webp", "p.png")
        self.assertEqual(read(self.at("w.webp"))[8:16], b"WEBPVP8L")
        for name, source in (("a.png", "w.webp"), ("b.png", "p.png")):
            self.resize("-s", "32", "-o", name, source)
        self.assertEqual([self.png("a.png").pixel(x, 7) for x in range(32)],
                         [self.png("b.png").pixel(x, 7) for x in range(32)])

    def test_compression(self):
        self.put_png("p.png", 200, 100, RGB, slope)
        sizes = []
        for level in ("0", "1", "9"):
            self.resize("-s", "150", "--compression", level, "-o", f"{level}.png", "p.png")
            sizes.append(os.path.getsize(self.at(f"{level}.png")))
        self.assertGreater(sizes[0], 150 * 75 * 3)
        self.assertGreater(sizes[0], sizes[1])
        self.assertGreater(sizes[1], sizes[2])

    def test_depth(self):
        self.put_png("p.png", 30, 20, GRAY, lambda x, y: (1000 * x + 3,), depth=16)
        self.resize("-s", "15", "-o", "narrow.png", "p.png")
        self.resize("-s", "15", "--depth", "16", "-o", "wide.png", "p.png")
        self.assertEqual((self.png("narrow.png").depth, self.png("wide.png").depth), (8, 16))
        self.assertAlmostEqual(self.png("wide.png").pixel(7, 5)[0], 14503, delta=2)
        self.assertEqual(self.png("narrow.png").pixel(7, 5), (56,))

    def test_background(self):
        self.put_png("p.png", 16, 16, RGBA, lambda x, y: (200, 0, 0, 255 if x < 8 else 0))
        for colour, expected in ((None, (255, 255, 255)), ("#2050a0", (32, 80, 160)), ("black", (0, 0, 0))):
            words = ["--background", colour] if colour else []
            self.resize("-s", "8", "-q", "100", "--subsampling", "4:4:4", *words, "-o", "f.jpg", "p.png")
            self.resize("-s", "8", "-o", "f.png", "f.jpg")
            flat = self.png("f.png")
            for x, want in ((1, (200, 0, 0)), (6, expected)):
                got = flat.pixel(x, 4)
                got = got * 3 if len(got) == 1 else got
                self.assertTrue(all(abs(a - b) <= 6 for a, b in zip(got, want)), (colour, x, got))
        self.resize("-s", "8", "--background", "black", "-o", "a.png", "p.png")
        self.assertEqual(self.png("a.png").pixel(6, 4)[-1], 0)  # stays what it is

    def test_icc(self):
        self.put_png("p.png", 16, 16, GRAY, lambda x, y: (55,),
                     chunks=[(b"gAMA", struct.pack(">I", 100000))])  # linear light
        for mode, has_profile, value in (("keep", True, 55), ("srgb", False, 128), ("drop", False, 55)):
            self.resize("-s", "8", "--icc", mode, "-o", "x.png", "p.png")
            out = self.png("x.png")
            self.assertEqual((b"iCCP" in out.chunks, out.pixel(3, 3)[0]), (has_profile, value), mode)

    def test_linear(self):
        self.put_png("p.png", 64, 64, GRAY, lambda x, y: (255 * ((x + y) % 2),))
        for words, value in (([], 128), (["--linear"], 188)):
            self.resize("-s", "8", *words, "-o", "x.png", "p.png")
            self.assertAlmostEqual(self.png("x.png").pixel(4, 4)[0], value, delta=2)

    def test_metadata(self):
        exif = make_exif(b"Ada Lovelace", b"Secret 1.0")
        self.put_png("p.png", 16, 16, RGB, slope, chunks=[(b"eXIf", exif)])
        for mode, artist, software in (("none", False, False), ("copyright", True, False),
                                       ("all", True, True)):
            self.resize("-s", "8", "--metadata", mode, "-f", "jpeg,png,webp", "p.png")
            for end in ("jpg", "png", "webp"):
                data = read(self.at(f"p-8.{end}"))
                self.assertEqual((b"Ada Lovelace" in data, b"Secret 1.0" in data),
                                 (artist, software), (mode, end))
        self.resize("-s", "8", "-o", "x.png", "p.png")
        self.assertNotIn(b"eXIf", self.png("x.png").kinds)

    def test_turned_pictures_are_upright_in_every_format(self):
        self.resize("-s", "40", "-f", "jpeg,png,webp", "--metadata", "all",
                    "-o", "t-{width}x{height}.{ext}", corpus(ROTATED))
        upright = size_of(self.at(*[n for n in self.files() if n.endswith(".jpg")]))
        self.assertEqual(self.files(), [f"t-{upright[0]}x{upright[1]}.{e}" for e in ("jpg", "png", "webp")])
        self.assertLess(*upright)

    def test_quality_is_a_ceiling(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        self.resize("-q", "60", "-s", "48", "-o", "q.jpg", "p.png")
        for words, quality in ((["-q", "90"], 60), (["-q", "30"], 30),
                               (["-q", "90", "--quality-exact"], 90)):
            o = self.resize("--json", *words, "-s", "24", "-o", "x.jpg", "q.jpg").objects[0]
            self.assertEqual(o["outputs"][0]["quality"], quality)
        o = self.resize("--json", "-q", "90", "-s", "24", "-o", "x.webp", "q.jpg").objects[0]
        self.assertEqual(o["outputs"][0]["quality"], 90)  # another format's numbers

    def test_what_need_not_shrink_is_copied(self):
        self.put_png("p.png", 64, 40, RGB, slope, chunks=[(b"tEXt", b"Comment\0secret")])
        o = self.resize("--json", "-s", "100", "-o", "x.png", "p.png").objects[0]
        self.assertEqual((o["verdict"], o["outputs"][0]["unchanged"]), ("unchanged", True))
        self.assertEqual(self.png("x.png").kinds, [b"IHDR", b"IDAT", b"IEND"])
        before, after = (os.path.getsize(self.at(name)) for name in ("p.png", "x.png"))
        self.assertEqual(o["saved_bytes"], before - after)
        o = self.resize("--json", "-s", "100", "--quality-exact", "-o", "y.png", "p.png").objects[0]
        self.assertEqual((o["verdict"], o["outputs"][0]["unchanged"]), ("ok", False))

    def test_of_animations_the_first_frame_is_used_unless_they_are_copied(self):
        with open(self.at("a.png"), "wb") as f:
            f.write(make_animation(20, 10, slope))
        with open(self.at("a.webp"), "wb") as f:
            f.write(read(os.path.join(SOURCE_DIR, "tests", "fuzz", "seeds", "webp_animated.webp")))
        for name, mark in (("a.png", b"acTL"), ("a.webp", b"ANIM")):
            for words in ([], ["--salvage"], ["--dry-run"]):
                o = self.resize("--json", "-s", "1000", *words, "-o", "out/", name).objects[0]
                self.assertEqual((o["verdict"], o.get("warning")), ("unchanged", None), words)
            self.assertIn(mark, read(self.at("out", name)))
            o = self.resize("--json", "-s", "1000", "--quality-exact", "-o", "exact", name).objects[0]
            self.assertNotEqual("warning" in o, o["outputs"][0]["unchanged"])
            self.assertNotEqual("warning" in o, mark in read(self.at("exact")))
            for words in (["-s", "8"], ["-s", "1000", "-s", "8"], ["-s", "1000", "-f", "jpeg"]):
                o = self.resize("--json", *words, "-o", "{name}.{ext}", name).objects[0]
                self.assertEqual((o["verdict"], o["warnings"], o["warning"]),
                                 ("ok", 1, "animated: only the first frame is used"))
            self.assertIn(mark, read(self.at("1000." + name[2:])))
            self.assertNotIn(mark, read(self.at("8." + name[2:])))
            run = self.run_command("info", name)
            self.assertIn("animated: only the first frame is used", run.stdout.decode())

    def test_values_that_make_no_sense(self):
        self.put_png("p.png", 8, 8, RGB, slope)
        for option, value, says in (
                ("--compression", "10", "from 0 to 9"), ("--compression", "-1", "from 0 to 9"),
                ("--depth", "12", "8 or 16"), ("--background", "#12345", "a colour"),
                ("--background", "mauvish", "a colour"), ("--icc", "p3", "keep srgb drop"),
                ("--metadata", "gps", "none copyright all"), ("--format", "gif", "jpeg png webp"),
                ("--format", "png,png", "every format once"), ("--timeout", "0", "seconds"),
                ("--timeout", "1e9", "seconds"), ("--timeout", "soon", "seconds"),
                ("--max-side", "0", "--max-side"), ("--max-input", "big", "bytes"),
                ("--max-metadata", "-1", "bytes"), ("--max-whole-pixels", "9x9", "pixels")):
            self.refuse("-s", "4", option, value, "p.png", says=[option, says])


class Limits(PictureTest):
    """Each by its option and by its variable; the option has the last word."""

    def refuse_picture(self, limit, value, name, verdict="too_large", says="limit"):
        variable = "SCANTLING_" + limit.upper().replace("-", "_")
        for words, env in ((["--" + limit, value], None), ([], {variable: value})):
            run = self.resize("--json", "-s", "4", "-o", "x.jpg", *words, name, expect=3, env=env)
            o = run.objects[0]
            self.assertEqual(o["verdict"], verdict, (words, env, run.err))
            self.assertIn(says, o["message"])
        self.assertFalse(os.path.exists(self.at("x.jpg")))

    def test_each(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        self.put_png("i.png", 64, 40, GRAY, lambda x, y: (9,), is_interlaced=True)
        self.refuse_picture("max-pixels", "2559", "p.png", says="pixels")
        self.refuse_picture("max-side", "63", "p.png", says="side")
        self.refuse_picture("max-input", "64", "p.png", says="64 bytes")
        self.refuse_picture("max-whole-pixels", "2559", "i.png")
        self.refuse_picture("max-memory", "20K", corpus("natural_420_257x255_progressive.jpg"))
        self.refuse_picture("max-scans", "3", corpus("natural_420_257x255_progressive.jpg"), says="scans")
        self.resize("-s", "4", "--max-pixels", "2560", "--max-side", "64", "--max-whole-pixels", "1",
                    "-o", "fits.jpg", "p.png")
        self.resize("-s", "4", "--max-whole-pixels", "2560", "-o", "fits.jpg", "i.png")

    def test_the_option_has_the_last_word(self):
        self.put_png("p.png", 64, 40, RGB, slope)
        self.resize("-s", "4", "--max-side", "64", "-o", "x.png", "p.png", env={"SCANTLING_MAX_SIDE": "9"})
        self.resize("-s", "4", "-o", "x.png", "p.png", env={"SCANTLING_MAX_SIDE": ""})
        self.refuse("-s", "4", "p.png", says="SCANTLING_MAX_SIDE", env={"SCANTLING_MAX_SIDE": "wide"})
        run = self.run_command("info", "p.png", env={"SCANTLING_MAX_PIXELS": "9"})
        self.assertEqual(run.status, 3)
        self.assertIn("too_large", run.err)

    def test_metadata(self):
        exif = make_exif(b"A" * 3000, b"B" * 3000)
        self.put_png("p.png", 16, 16, RGB, slope, chunks=[(b"eXIf", exif)])
        self.refuse_picture("max-metadata", "5K", "p.png")
        self.resize("-s", "4", "--max-metadata", "6K", "-o", "x.png", "p.png")

    def wait_for_input(self, *words):
        """What the command does with an input that comes in two pieces, or half, and late."""
        photo = read(corpus(PHOTO))
        with subprocess.Popen(
                [SCANTLING, "resize", "--json", "--timeout", "0.2", *words, "-s", "50", "-o", "x.jpg", "-"],
                cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as job:
            job.stdin.write(photo[:9000])
            job.stdin.flush()
            if "--sandbox" in words:  # does not depend on anything that comes
                out = job.stdout.read()
                job.stdin.close()
            else:
                try:
                    job.wait(0.5)
                except subprocess.TimeoutExpired:
                    pass
                out = job.communicate(photo[9000:], timeout=PATIENCE_S)[0]
        self.assertEqual(job.returncode, 3, out)
        self.assertIn(b'"verdict":"timeout"', out.replace(b" ", b""))
        self.assertIn(b"0.2 seconds", out)
        self.assertIn(b'"transient":true', out.replace(b" ", b""))
        self.assertEqual(self.files(), [])

    def test_time(self):
        self.wait_for_input()

    def test_time_in_the_sandbox(self):
        if b"sandbox: not built in" in self.run_command("--version").stdout:
            self.skipTest("a build without the sandbox")
        if self.run_command("resize", "--sandbox", "-s", "9", "-o", "probe.jpg", corpus(PHOTO)).status == 2:
            self.skipTest("no sandbox here")
        os.unlink(self.at("probe.jpg"))
        self.wait_for_input("--sandbox")

    def test_time_that_suffices(self):
        self.resize("-s", "50", "--timeout", "1000", "-o", "x.jpg", corpus(PHOTO))
        self.assertEqual(Frame(read(self.at("x.jpg"))).size, (50, 38))
