"""variants.json and its schema; the manual and --help."""

import copy
import json
import os
import re
import shutil
import subprocess
import unittest

import jsonschema

from cli_support import CommandTest, Frame, SOURCE_DIR, corpus, read, size_of

PHOTO = "natural_420_640x480.jpg"
DRIVER = os.path.join(SOURCE_DIR, "driver")

GOOD = {"defaults": {"quality": 50}, "variants": [{"name": "a", "size": 100}]}


def changed(**keys):
    """GOOD with other keys in its variant; None takes a key away."""
    document = copy.deepcopy(GOOD)
    variant = document["variants"][0]
    for key, value in keys.items():
        variant[key] = value
        if value is None:
            del variant[key]
    return document


# Each document is judged by the schema and by the command; both must say the same.
RIGHT = [
    GOOD,
    {"variants": [{"name": "a", "width": 1}]},
    {"$schema": "anything", "variants": [{"name": "a", "height": 65535}]},
    {**GOOD, "key": "{folder}{stem}-{name}.{ext}"}, {**GOOD, "key": "x/{file}"},
    {"defaults": {}, "variants": [{"name": "a", "width": 5, "height": 6}]},
    {"defaults": {"fit": "fill", "enlarge": True, "format": "jpg", "quality": 1, "filter": "area",
                  "subsampling": "source", "progressive": False, "optimize": True},
     "variants": [{"name": str(n), "size": n + 1} for n in range(64)]},
    changed(size=65535), changed(size="65535"), changed(size="100x"), changed(size="x7"),
    changed(size="12x34"), changed(size=100.0), changed(quality=100), changed(quality=80.0),
    changed(name="A.b_c-9"), changed(name="n" * 63), changed(fit="cover", enlarge=True),
    *[changed(filter=name) for name in ("lanczos3", "lanczos2", "catmull-rom", "mitchell",
                                        "triangle", "area")],
    *[changed(subsampling=name) for name in ("4:2:0", "4:2:2", "4:4:4", "source")],
    *[changed(format=name) for name in ("jpeg", "jpg", "source")],
    changed(progressive=True, optimize=False),
    changed(lossless=True, compression=0, depth=16), changed(compression=9.0, depth=8),
    changed(effort=0), changed(effort=2.0), changed(max_bytes=1), changed(quality="auto"), changed(quality="auto:99"), changed(max_bytes=2**31 - 1),
    *[changed(icc=name) for name in ("keep", "srgb", "drop")],
    *[changed(metadata=name) for name in ("none", "copyright", "all")], changed(quality_exact=True),
    *[changed(background=colour) for colour in ("white", "#fff", "C0FFEE", "#00aAfF", "aqua")],
]
WRONG = [
    [], "variants", 7, None, {}, {"variants": []}, {"variants": {}}, {"variants": [7]},
    {"variants": [{"name": f"n{n}", "size": 9} for n in range(65)]},
    {**GOOD, "extra": 1}, {**GOOD, "defaults": []}, {**GOOD, "defaults": {"name": "x"}},
    {**GOOD, "defaults": {"size": 9}}, {**GOOD, "$schema": 1}, {**GOOD, "defaults": {"q": 1}},
    {**GOOD, "defaults": {"quality": 0}}, {**GOOD, "defaults": None},
    {**GOOD, "key": 1}, {**GOOD, "key": ""}, {**GOOD, "key": "{name}"}, {**GOOD, "key": "/{file}"},
    {**GOOD, "key": "{file}/../x"}, {**GOOD, "key": "{file}{width}"}, {**GOOD, "key": "{file"},
    {**GOOD, "key": "{file}}"}, {**GOOD, "key": "{file}//x"}, {**GOOD, "key": "{folder}/{file}"},
    {**GOOD, "key": "{file}{folder}"}, {**GOOD, "key": "./{file}"}, {**GOOD, "key": "{file}/"},
    changed(name=None), changed(name=""), changed(name="a/b"), changed(name=".a"),
    changed(name="-a"), changed(name="a b"), changed(name="ä"), changed(name="n" * 64),
    changed(name=5), changed(size=None), changed(size=0), changed(size=-1), changed(size=65536),
    changed(size=1.5), changed(size=""), changed(size="x"), changed(size="0x"),
    changed(size="012"), changed(size="65536"), changed(size="70000x"), changed(size="9x99999"),
    changed(size="10X10"), changed(size=True), changed(size=[100, 100]), changed(width=100),
    changed(height=100), changed(size=None, width=0), changed(size=None, width="100"),
    changed(size=None, height=1e9), changed(size=None, height=2.5), changed(fit="contain"),
    changed(fit="Cover"), changed(fit=1), changed(enlarge=1), changed(enlarge="true"),
    changed(format="JPEG"), changed(format="gif"), changed(format="jpeg,webp"),
    changed(lossless=1), changed(compression=-1), changed(compression=10),
    changed(compression=1.5), changed(max_bytes=0), changed(quality="auto:"), changed(quality="auto:100"),
    changed(quality="automatic"), changed(quality="auto:07"), changed(max_bytes="9K"), changed(max_bytes=2**31), changed(effort=3), changed(effort=-1), changed(effort="1"),
    changed(depth=10), changed(depth="16"), changed(icc="none"),
    changed(metadata="gps"), changed(metadata=True), changed(quality_exact="yes"),
    changed(background=""), changed(background="#ffff"), changed(background="#gggggg"),
    changed(background="pink"), changed(background=0), changed(quality=0), changed(quality=101),
    changed(quality="80"), changed(quality=79.5), changed(quality=True),
    changed(subsampling="420"), changed(subsampling=420), changed(filter="lanczos"),
    changed(filter=3), changed(progressive=0), changed(optimize="yes"), changed(qualty=80),
    changed(Name="x"),
]


class Variants(CommandTest):
    def judge(self, document):
        name = self.write("v.json", json.dumps(document))
        return self.run_command("resize", "--dry-run", "--variants", name, "-o", "out/",
                                corpus(PHOTO))

    def schema(self):
        with open(os.path.join(DRIVER, "variants.schema.json"), encoding="utf-8") as f:
            schema = json.load(f)
        jsonschema.Draft7Validator.check_schema(schema)
        return jsonschema.Draft7Validator(schema)

    def test_the_command_and_the_schema_agree(self):
        schema = self.schema()
        for documents, is_right in ((RIGHT, True), (WRONG, False)):
            for document in documents:
                text = json.dumps(document)[:200]
                run = self.judge(document)
                self.assertEqual(schema.is_valid(document), is_right, f"schema: {text}")
                self.assertEqual(run.status, 0 if is_right else 2, f"command: {text}: {run.err}")

    def test_the_example_is_right_and_does_what_it_says(self):
        path = os.path.join(DRIVER, "variants.example.json")
        with open(path, encoding="utf-8") as f:
            example = json.load(f)
        self.schema().validate(example)
        self.put(PHOTO, "p.jpg")
        run = self.resize("--json", "--variants", path, "p.jpg")
        self.assertEqual([out["name"] for out in run.objects[0]["outputs"]],
                         [v["name"] for v in example["variants"]])
        self.assertEqual(size_of(self.at("p-square.jpg")), (200, 200))
        self.assertEqual(size_of(self.at("p-large.jpg")), (640, 480))

    def test_defaults_and_settings_take_effect(self):
        variants = [{"name": "d", "size": 200}, {"name": "own", "size": 200, "quality": 90,
                                                 "subsampling": "4:4:4", "progressive": False},
                    {"name": "boxed", "width": 50, "height": 50, "fit": "cover"}]
        self.write("v.json", json.dumps({"defaults": {"quality": 30, "progressive": True},
                                         "variants": variants}))
        self.put(PHOTO, "p.jpg")
        self.resize("--variants", "v.json", "-o", "o/", "p.jpg")
        self.resize("-s", "200", "-q", "30", "--progressive", "-o", "d.jpg", "p.jpg")
        self.resize("-s", "200", "-q", "90", "--subsampling", "4:4:4", "-o", "own.jpg", "p.jpg")
        self.assertEqual(read(self.at("o/p-d.jpg")), read(self.at("d.jpg")))
        self.assertEqual(read(self.at("o/p-own.jpg")), read(self.at("own.jpg")))
        self.assertEqual(size_of(self.at("o/p-boxed.jpg")), (50, 50))
        self.assertEqual(Frame(read(self.at("o/p-boxed.jpg"))).sof, 0xC2)

    def test_mistakes_are_named(self):
        run = self.judge(changed(qualty=80))
        for word in ("v.json", '"a"', '"qualty"'):
            self.assertIn(word, run.err)
        self.assertIn('"fit"', self.judge(changed(fit="contain")).err)
        self.assertIn("variant 1", self.judge(changed(name=None)).err)
        self.write("broken.json", '{\n  "variants": [}\n')
        self.refuse("--variants", "broken.json", "x", says="broken.json:2:")
        self.refuse("--variants", "missing.json", "x", says="missing.json")

    def test_what_a_schema_cannot_say(self):
        self.write("twice.json", '{"variants": [{"name": "a", "size": 1}, {"name": "a", "size": 2}]}')
        self.refuse("--variants", "twice.json", "x", says=['"a"', "twice"])
        self.write("keys.json", '{"variants": [{"name": "a", "size": 1, "size": 2}]}')
        self.refuse("--variants", "keys.json", "x", says="keys.json:1:")

    def test_options_that_belong_into_the_file(self):
        self.write("v.json", json.dumps(GOOD))
        for words in (["-s", "9"], ["-q", "9"], ["--fit", "fill"], ["--enlarge"], ["-f", "jpeg"],
                      ["--filter", "area"], ["--progressive"], ["--optimize"], ["--effort", "1"], ["--max-bytes", "9K"],
                      ["--subsampling", "4:4:4"]):
            self.refuse("--variants", "v.json", *words, "x", says="--variants")


class Manual(CommandTest):
    def help_options(self, *words):
        run = self.run_command(*words, "--help")
        text = "\n".join(line for line in run.lines if line.lstrip().startswith("-"))
        return set(re.findall(r"(?<![\w-])(--?[a-zA-Z][\w-]*)", re.sub(r"  \w.*", "", text)))

    def page(self):
        return read(os.path.join(DRIVER, "scantling.1")).decode()

    def page_options(self, section):
        text = self.page().split(f".Ss {section}\n")[1]
        text = re.split(r"\n\.S[hs] ", text)[0]
        found = set()
        for line in re.findall(r"^\.It (Fl .*)$", text, re.M):
            found |= {"-" + name for name in re.findall(r"Fl (-?[\w-]+)", line)}
        return found

    def test_help_and_the_manual_have_the_same_options(self):
        for words, section, some in ((["resize"], "scantling resize", "--max-memory"),
                                     (["info"], "scantling info", "--json"),
                                     (["compare"], "scantling compare", "--no-butteraugli"),
                                     (["worker"], "scantling worker", "--drain"),
                                     (["backfill"], "scantling backfill", "--since"),
                                     (["verify"], "scantling verify", "--state"),
                                     (["redrive"], "scantling redrive", "--verdict"),
                                     (["store"], "scantling store", "--if-match")):
            if words[0] in ("store", "worker", "backfill", "verify", "redrive") and self.run_command(*words, "--help").status == 2:
                continue  # not built in
            in_help, in_page = self.help_options(*words), self.page_options(section)
            self.assertIn(some, in_help)
            self.assertEqual(in_help, in_page)
        self.assertGreater(len(self.help_options("resize")), 25)

    def test_every_option_that_is_accepted_is_in_help(self):
        source = read(os.path.join(DRIVER, "options.c")).decode()
        limits = read(os.path.join(DRIVER, "option_parts.h")).decode().split("#define LIMIT_OPTIONS")[1].split("\n\n")[0]
        for table, words in (("resize_options", "resize"), ("info_options", "info"),
                             ("compare_options", "compare"), ("watch_options", "watch")):
            body = source.split(f"{table}[] = {{")[1].split("};")[0]
            self.assertIn("LIMIT_OPTIONS", body)
            if "JOB_OPTIONS" in body:
                body += source.split("#define JOB_OPTIONS")[1].split("\n\n")[0]
            body += limits
            names = {"--" + name for name in re.findall(r'"([a-z][\w-]+)", \w+_argument', body)}
            self.assertGreater(len(names), 3)
            in_help = {name for name in self.help_options(words) if name.startswith("--")}
            self.assertEqual(names, in_help)

    def test_the_comparison_can_fail(self):
        self.assertNotEqual(self.help_options("resize"), self.page_options("scantling info"))

    def test_every_kernel_is_in_help_and_in_the_manual(self):
        refused = self.run_command("resize", "--cpu", "z80", "-s", "9", "x").err
        kernels = refused.split("one of: ")[1].split()
        self.assertGreater(len(kernels), 4)
        option = " ".join(self.run_command("resize", "--help").stdout.decode().split())
        option = option.split("--cpu NAME ")[1].split(" --")[0]
        page = self.page().split(".It Fl -cpu ")[1].split("\n.It ")[0]
        for name in kernels:
            self.assertRegex(option, rf"\b{name}\b")
            self.assertRegex(page, rf"\b{name}\b")

    def test_every_field_of_info_is_in_the_manual(self):
        run = self.run_command("info", "--json", corpus("natural_420_640x480.jpg"))
        page = self.page().split(".Cm info\nprints\n")[1].split("\n.Sh ")[0]
        for field in run.objects[0]:
            self.assertRegex(page, rf"\b{field}\b")

    def test_every_field_of_compare_is_in_the_manual(self):
        photo = corpus("natural_420_640x480.jpg")
        run = self.run_command("compare", "--json", "--no-butteraugli", photo, photo)
        page = self.page().split(".Cm compare\nprints\n")[1].split("\n.Sh ")[0]
        for field in run.objects[0]:
            self.assertRegex(page, rf"\b{field}\b")

    @unittest.skipUnless(shutil.which("mandoc"), "needs mandoc")
    def test_the_manual_is_clean(self):
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "style",
                               os.path.join(DRIVER, "scantling.1")],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        # Which other manuals a machine has is not the page's doing.
        found = [line for line in lint.stdout.decode().splitlines()
                 if "referenced manual not found" not in line]
        self.assertEqual(found, [])
        bare = self.write("bad.1", ".Dd x\n.Xx\n")  # the check can fail
        lint = subprocess.run(["mandoc", "-T", "lint", self.at(bare)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        self.assertNotEqual(lint.stdout, b"")

    def test_verdicts_are_in_the_manual(self):
        words = re.findall(r'return "(\w+)";',
                           read(os.path.join(SOURCE_DIR, "kernel/status.c")).decode())
        for word in set(words) - {"need_input", "pull_first", "done", "unknown"}:
            self.assertIn(f"Ql {word}", self.page())
