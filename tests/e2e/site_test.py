#!/usr/bin/env python3
"""deploy/site in Chromium without a window, before a stack on 127.0.0.1: uploads by pointer, drop and keyboard, what is refused, and
who has to be able to use it. Pictures of it go to site/ in the build folder. Exit status 77, and a line that says so, without moto_server,
openssl, Chromium, its driver or python3-selenium.

    SCT_BOOTSTRAP=build/release/driver/lambda/bootstrap SCANTLING=build/release/driver/scantling SCT_BUILD_DIR=build/release \\
        SCT_CORPUS=build/release/corpus python3 tests/e2e/site_test.py [-v] [Class[.test]]
"""

import json
import os
import re
import subprocess
import sys
import threading
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import skip_without_moto  # noqa: E402

skip_without_moto("site_test")

from pipeline_support import BROKEN, check_programs, picture  # noqa: E402
from presign_support import check_environment  # noqa: E402
from site_support import SITE, SiteTest, draw_landscape, skip_without_chromium  # noqa: E402
from store_support import SCANTLING  # noqa: E402

check_programs()
check_environment("site_test")
skip_without_chromium("site_test")

from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

FOUR = json.dumps({"defaults": {"format": "webp"}, "variants": [
    {"name": "large", "size": 1200}, {"name": "medium", "size": 600}, {"name": "small", "size": 300},
    {"name": "square", "width": 200, "height": 200, "fit": "cover", "format": "jpeg"}]})  # fmt: skip
CONTROLS = {"button", "link", "textbox", "progressbar", "ProgressIndicator", "checkbox", "image", "img", "heading", "list", "region"}


class Uploads(SiteTest):
    """What goes well."""

    def tearDown(self):
        self.assertEqual(self.complaints(), [])

    def expect_variants(self, name, data):
        """Both are shown as they are in the bucket, and beside the original."""
        figures = self.figures(name)
        self.assertEqual(list(figures), ["original", "large", "small"])
        self.assertEqual(figures["original"], ["640 × 480", f"{len(data) / 1e3:.1f} kB"])
        sizes = {key.rpartition("/")[2].partition(".")[0]: len(self.get(self.resized, key)) for key in self.outputs()}
        for variant, pixels in (("large", "300 × 225"), ("small", "100 × 75")):
            saved = f"{100 * (1 - sizes[variant] / len(data)):.1f} % smaller"
            self.assertEqual(figures[variant][:3], [pixels, f"{sizes[variant] / 1e3:.1f} kB", saved])
            self.assertRegex(figures[variant][3], r"^after \d+\.\d s$")

    def test_a_chosen_file_becomes_its_variants(self):
        self.start()
        self.open()
        self.choose(self.save("a photo.jpg", picture()))
        self.wait_for("a photo.jpg", "Done: 2 variants.")
        self.expect_variants("a photo.jpg", picture())
        self.assertEqual(self.one("#status").get_property("textContent"), "a photo.jpg: all 2 variants are there.")
        links = [a.get_attribute("href") for a in self.all(".frame a")]
        self.assertEqual(len(links), 2)
        for link in links:
            self.assertRegex(link, rf"^{self.cdn.url}/alice/[0-9a-f]{{32}}\.jpg/(large|small)\.jpg$")

    def test_several_files_at_once(self):
        self.start()
        self.open()
        names = [f"{i}.jpg" for i in range(5)]  # more than are uploaded at a time
        self.choose(*[self.save(name, picture()) for name in names])
        for name in names:
            self.wait_for(name, "Done: 2 variants.")
        self.assertEqual(len(self.outputs()), 10)

    def test_those_that_are_looked_for_hold_nobody_up(self):
        self.start(resizes=False)
        self.open()
        names = [f"{i}.jpg" for i in range(5)]
        self.choose(*[self.save(name, picture()) for name in names])
        for name in names:
            self.wait_for(name, "Looking for 2 variants")

    def test_dropped_files_become_variants_and_others_are_refused(self):
        self.start()
        self.open()
        paths = [self.save("b.jpg", picture()), self.save("notes.txt", b"words")]
        data = {"items": [], "files": paths, "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver"):
            self.browser.execute_cdp_cmd("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 60, "data": data})
        self.assertIn("over", self.one("#zone").get_attribute("class"))
        self.browser.execute_cdp_cmd("Input.dispatchDragEvent", {"type": "drop", "x": 300, "y": 60, "data": data})
        self.wait(lambda: self.upload_of("b.jpg") and self.upload_of("notes.txt"))
        self.assertNotIn("over", self.one("#zone").get_attribute("class"))
        self.wait_for("b.jpg", "Done: 2 variants.")
        self.expect_variants("b.jpg", picture())
        self.assertEqual(self.state("notes.txt"), "Files of this type are not taken: JPEG, PNG, WEBP are.")
        self.assertEqual(self.browser.current_url, self.page.url + "/")

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def focus(self):
        return self.browser.switch_to.active_element

    def test_the_keyboard_is_enough(self):
        self.start()
        self.open("")
        self.browser.execute_cdp_cmd("Page.enable", {})
        self.browser.execute_cdp_cmd("Page.setInterceptFileChooserDialog", {"enabled": True})
        self.addCleanup(self.browser.execute_cdp_cmd, "Page.setInterceptFileChooserDialog", {"enabled": False})
        self.press(Keys.TAB)
        self.assertEqual(self.focus().get_attribute("id"), "token")
        self.press(self.token(), Keys.TAB)
        self.assertEqual(self.focus().get_attribute("id"), "files")
        outline = self.one("#zone").value_of_css_property("outline-style"), self.one("#zone").value_of_css_property("outline-width")
        self.assertEqual(outline, ("solid", "3px"))
        self.press(Keys.ENTER)
        asked = self.wait(self.asked_for_files)
        self.assertEqual(asked["mode"], "selectMultiple")
        self.browser.execute_cdp_cmd("DOM.setFileInputFiles",
                                     {"files": [self.save("c.jpg", picture())], "backendNodeId": asked["backendNodeId"]})  # fmt: skip
        self.wait(lambda: self.upload_of("c.jpg"))
        self.wait_for("c.jpg", "Done: 2 variants.")
        self.press(Keys.TAB)
        self.assertEqual(self.focus().get_attribute("aria-label"), "Remove: c.jpg")
        for variant in ("large", "small"):
            self.press(Keys.TAB)
            self.assertRegex(self.focus().get_attribute("href"), rf"/{variant}\.jpg$")
        with_shift = ActionChains(self.browser).key_down(Keys.SHIFT).send_keys(Keys.TAB, Keys.TAB).key_up(Keys.SHIFT)
        with_shift.perform()
        self.press(Keys.ENTER)
        self.wait(lambda: not self.all(".upload"))
        self.assertEqual(self.focus().get_attribute("id"), "files")

    def asked_for_files(self):
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Page.fileChooserOpened":
                return message["params"]
        return None

    def test_progress_is_shown_and_an_upload_can_be_cancelled(self):
        self.gate = threading.Event()
        self.addCleanup(self.gate.set)
        self.start()
        self.open()
        self.choose(self.save("long.jpg", os.urandom(40_000_000)))  # more than sockets hold
        self.assertTrue(self.half_read.wait(60))
        bar = self.one("progress")
        self.wait(lambda: 0 < float(bar.get_property("value")) < 100)
        self.assertEqual(bar.accessible_name, "Upload of long.jpg")
        self.assertEqual(self.state("long.jpg"), "Uploading …")
        self.one(".remove").click()
        self.wait(lambda: not self.all(".upload"))
        self.gate.set()
        self.assertEqual(self.store("ls", f"s3://{self.uploads}").keys, [])
        # The next one is not held up by it.
        self.choose(self.save("short.jpg", picture()))
        self.wait_for("short.jpg", "Done: 2 variants.")
        self.assertEqual(len(self.store("ls", f"s3://{self.uploads}").keys), 1)

    def test_prefix_key_and_format_are_as_configured(self):
        self.start(variants='{"variants": [{"name": "w", "size": 64, "format": "webp"}, {"name": "s", "size": 32}]}', prefix="photos/",
                   key="{{x}}/{folder}{stem} +%-{name}.{ext}")  # fmt: skip
        self.open()
        self.choose(self.save("d.jpg", picture()))
        self.wait_for("d.jpg", "Done: 2 variants.")
        self.assertEqual([re.sub("[0-9a-f]{32}", "RANDOM", key) for key in self.outputs()],
                         ["{x}/photos/alice/RANDOM +%-s.jpg", "{x}/photos/alice/RANDOM +%-w.webp"])  # fmt: skip

    def test_the_token_is_nowhere_but_in_its_input(self):
        self.start()
        self.open("")
        self.assertEqual(self.one("#token").get_property("value"), "")
        token = self.token()
        self.open(f"token={token}")
        self.assertEqual(self.one("#token").get_property("value"), token)
        self.assertEqual(self.browser.current_url, self.page.url + "/")
        kept = self.browser.execute_script("return [localStorage.length, sessionStorage.length, document.cookie, history.state]")
        self.assertEqual(kept, [0, 0, "", None])

    def test_pictures_of_the_page(self):
        """And names for all that it consists of, and room for it on a telephone."""
        png = self.save("landscape.png", draw_landscape())
        photo = os.path.join(self.folder, "evening over the hills.jpg")
        subprocess.run([SCANTLING, "resize", png, "--size", "1500", "--format", "jpeg", "--quality", "92", "-o", photo],
                       stdout=subprocess.DEVNULL, check=True)  # fmt: skip
        self.start(variants=FOUR)
        self.open()
        self.shoot("site-empty.png")
        self.choose(photo)
        self.wait_for("evening over the hills.jpg", "Done: 4 variants.")
        self.choose(self.save("letter.pdf", b"%PDF-1.4"))
        self.wait_for("letter.pdf", "Files of this type are not taken")
        self.shoot("site.png")
        self.expect_names()
        emulate = self.browser.execute_cdp_cmd
        emulate("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"},
                                                            {"name": "prefers-reduced-motion", "value": "reduce"}]})  # fmt: skip
        self.addCleanup(emulate, "Emulation.setEmulatedMedia", {"features": []})
        self.shoot("site-dark.png")
        emulate("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
        self.addCleanup(emulate, "Emulation.clearDeviceMetricsOverride", {})
        self.shoot("site-narrow.png")
        wide = self.browser.execute_script(
            "return [...document.querySelectorAll('body *')].filter(e => { const r = e.getBoundingClientRect();"
            " return r.right > 360 || r.left < 0 }).map(e => e.outerHTML.slice(0, 80))")  # fmt: skip
        self.assertEqual(wide, [])
        self.assertEqual(self.browser.execute_script("return [innerWidth, document.documentElement.scrollWidth]"), [360, 360])

    def expect_names(self):
        found = [(role, name) for role, name in self.accessible() if role in CONTROLS]
        self.assertEqual([role for role, name in found if not name.strip()], [])
        names = dict((name, role) for role, name in found)
        self.assertEqual(names["Token"], "textbox")
        self.assertEqual([names[n] for n in names if n.startswith("Choose photographs")], ["button"])
        for name in ("Remove: evening over the hills.jpg", "Remove: letter.pdf"):
            self.assertEqual(names[name], "button")
        pictures = [name for role, name in found if role in ("image", "img")]
        self.assertEqual(pictures, ["evening over the hills.jpg, as it was chosen",
                                    *[f"evening over the hills.jpg, variant {v}" for v in ("large", "medium", "small", "square")]])  # fmt: skip

    def test_nothing_moves_for_those_who_do_not_want_it(self):
        self.start(resizes=False)
        self.open()
        self.choose(self.save("e.jpg", picture()))
        self.wait_for("e.jpg", "Looking for 2 variants")
        frame = self.one(".frame.waiting")
        self.assertEqual(frame.value_of_css_property("animation-name"), "breathe")
        emulate = self.browser.execute_cdp_cmd
        emulate("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]})
        self.addCleanup(emulate, "Emulation.setEmulatedMedia", {"features": []})
        self.assertEqual(frame.value_of_css_property("animation-name"), "none")


class Refusals(SiteTest):
    """What does not go well, and what is said then."""

    def tearDown(self):
        self.assertEqual(self.complaints(), [])

    def spoken(self):
        """Of the live region, which cannot be seen."""
        return self.one("#status").get_property("textContent")

    def expect_failure(self, name, *words, can_retry=True):
        self.wait(lambda: "bad" in self.one(".state", self.upload_of(name)).get_attribute("class"))
        for word in words:
            self.assertIn(word, self.state(name))
        self.assertEqual(self.spoken(), f"{name}: {self.state(name)}")
        self.assertEqual(self.one(".retry", self.upload_of(name)).is_displayed(), can_retry)

    def test_a_broken_picture_never_has_variants(self):
        self.start(patience_s=2)
        self.open()
        self.choose(self.save("broken.jpg", picture(BROKEN)))
        self.expect_failure("broken.jpg", "no variant after 2 s", "broken")
        self.shoot("site-broken.png")
        self.assertEqual(self.outputs(), [])
        self.wait(lambda: self.depth(self.failed) == 1)

    def test_only_some_variants(self):
        self.start(patience_s=1)
        self.config["variants"].append({"name": "another", "format": "source"})
        self.open()
        self.choose(self.save("f.jpg", picture()))
        self.expect_failure("f.jpg", "only 2 of 3 variants after 1 s")
        self.assertEqual([len(lines) for lines in self.figures("f.jpg").values()], [2, 4, 4, 0])

    def test_a_refused_token_can_be_replaced(self):
        self.refused_fronts = [self.function.url]
        self.start()
        self.open("token=" + self.signer.make_token(exp=1))
        self.choose(self.save("g.jpg", picture()))
        self.expect_failure("g.jpg", "The token was refused: ")
        field = self.one("#token")
        self.assertEqual(field.get_attribute("aria-invalid"), "true")
        self.assertEqual(self.one("#token-error").text, "It was refused.")
        self.shoot("site-refused.png")
        self.assertEqual(self.store("ls", f"s3://{self.uploads}").keys, [])
        field.clear()
        field.send_keys(self.token())
        self.assertIsNone(field.get_attribute("aria-invalid"))
        self.one(".retry").click()
        self.wait(lambda: "Done: 2 variants." in self.state("g.jpg"))
        self.assertFalse(self.one(".retry").is_displayed())

    def test_without_a_token_nothing_is_asked(self):
        self.start()
        self.open("")
        self.choose(self.save("h.jpg", picture()))
        self.expect_failure("h.jpg", "A token is needed")
        self.one("#token").send_keys("päss word")
        self.one(".retry").click()
        self.expect_failure("h.jpg", "What was entered as a token is none")
        self.assertEqual(self.presign.processes, [])

    def test_a_file_that_is_gone(self):
        self.refused_fronts = [self.uploads_front.url, "blob:"]
        self.start()
        self.open("")
        path = self.save("n.jpg", picture())
        self.choose(path)
        self.expect_failure("n.jpg", "A token is needed")
        os.remove(path)
        self.one("#token").send_keys(self.token())
        self.one(".retry").click()
        self.wait(lambda: "bad" in self.one(".state", self.upload_of("n.jpg")).get_attribute("class"))
        self.assertIn("cannot be read any more", self.state("n.jpg"))

    def test_what_is_too_large(self):
        self.refused_fronts = [self.function.url]
        self.start(presign={"SCANTLING_UPLOAD_MAX_BYTES": "1000"}, max_bytes=2_000_000)
        self.open()
        self.choose(self.save("small.jpg", picture()), self.save("large.jpg", bytes(2_000_001)), self.save("empty.jpg", b""))
        self.wait(lambda: len(self.all(".state.bad")) == 3)
        self.assertEqual(self.state("small.jpg"), "The file is too large: a file has at most 1000 bytes.")
        self.assertEqual(self.state("large.jpg"), "The file is too large: it has 2.00 MB, and at most 2.00 MB are taken.")
        self.assertEqual(self.state("empty.jpg"), "The file is empty.")
        self.assertFalse(any(button.is_displayed() for button in self.all(".retry")))

    def test_a_page_that_is_not_admitted(self):
        self.refused_fronts = [self.function.url]
        self.admitted = "https://www.example.com"
        self.start()
        self.open()
        self.choose(self.save("i.jpg", picture()))
        self.expect_failure("i.jpg", f"({self.function.url}) cannot be reached", "CORS")

    def test_a_store_that_does_not_admit_the_page(self):
        self.refused_fronts = [self.uploads_front.url]
        self.start()
        self.admitted = "https://www.example.com"
        self.open()
        self.choose(self.save("j.jpg", picture()))
        self.expect_failure("j.jpg", f"The store ({self.uploads_front.url}) cannot be reached", "CORS")

    def test_a_store_that_refuses(self):
        self.refused_fronts = [self.uploads_front.url]
        self.uploads_front.answer = lambda request: (
            self.answer_store(request) if request.command == "OPTIONS" else
            (request.body() and 403, {"access-control-allow-origin": self.page.url}, b"<Error><Code>AccessDenied</Code></Error>"))  # fmt: skip
        self.start()
        self.open()
        self.choose(self.save("k.jpg", picture()))
        self.expect_failure("k.jpg", "The store refused the file: the URL has expired", "(AccessDenied)")

    def test_a_cdn_that_does_not_admit_the_page(self):
        self.refused_fronts = [self.cdn.url]
        self.cdn.answer = lambda request: (200, {}, picture())
        self.start(patience_s=1)
        self.open()
        self.choose(self.save("l.jpg", picture()))
        self.expect_failure("l.jpg", "has been uploaded", f"({self.cdn.url}) cannot be reached", "CORS")

    def test_a_cdn_that_knows_the_picture_is_broken(self):
        self.refused_fronts = [self.cdn.url]
        self.cdn.answer = lambda request: (422, {"access-control-allow-origin": self.page.url}, b"")
        self.start()
        self.open()
        self.choose(self.save("m.jpg", picture()))
        self.expect_failure("m.jpg", "The picture is broken", can_retry=False)

    def test_a_configuration_that_lacks_something(self):
        self.start()
        del self.config["pictures"]
        self.browser.get(self.page.url + "/")
        self.wait(lambda: self.one("#status").text == "config.json lacks pictures.")
        self.assertFalse(self.one("#files").is_enabled())


def light_of(colour):
    """Relative luminance, as WCAG 2 defines it."""
    channels = [int(2 * c if len(colour) == 3 else c, 16) / 255 for c in (colour if len(colour) == 3 else re.findall("..", colour))]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Files(unittest.TestCase):
    def test_words_can_be_read_in_both_schemes(self):
        """4.5 to 1 for text and 3 to 1 for what is drawn: WCAG 2.1, 1.4.3 and 1.4.11."""
        with open(os.path.join(SITE, "site.css"), encoding="utf-8") as f:
            schemes = re.findall(r":root \{(.*?)\}", f.read(), re.S)
        self.assertEqual(len(schemes), 2)
        for scheme in schemes:
            light = {name: light_of(colour) for name, colour in re.findall(r"--([\w-]+): #([0-9a-f]+);", scheme)}
            pairs = [(ink, paper, 4.5) for ink in ("text", "soft", "mark", "good", "bad") for paper in ("page", "card")]
            pairs += [("soft", "empty", 4.5), ("soft", "mark-soft", 4.5), ("mark", "mark-soft", 4.5), ("on-mark", "mark", 4.5)]
            for ink, paper, least in pairs + [("line", "page", 3), ("line", "card", 3)]:
                a, b = sorted((light[ink], light[paper]))
                self.assertGreaterEqual((b + 0.05) / (a + 0.05), least, f"{ink} on {paper}:{scheme}")

    def test_the_example_has_what_terraform_writes(self):
        with open(os.path.join(SITE, "config.json"), encoding="utf-8") as f:
            example = json.load(f)
        with open(os.path.join(SITE, "..", "terraform", "outputs.tf"), encoding="utf-8") as f:
            written = re.search(r"jsonencode\(\{\n(.*?)\n  \}\)", f.read(), re.S).group(1)
        self.assertEqual(list(example), re.findall(r"^    (\w+) +=", written, re.M))

    def test_nothing_comes_from_elsewhere(self):
        for name in os.listdir(SITE):
            if name.endswith((".html", ".css", ".js")):
                with open(os.path.join(SITE, name), encoding="utf-8") as f:
                    self.assertEqual(re.findall(r"(?:https?:)?//[a-z][\w.-]+\.[a-z]+|@import|\beval\b|innerHTML", f.read()), [], name)


if __name__ == "__main__":
    unittest.main()
