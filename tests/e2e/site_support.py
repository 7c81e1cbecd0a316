"""What the tests of deploy/site share: a stack on 127.0.0.1, each part of it under an origin of its own, as they will be, and
Chromium without a window.

    page       deploy/site with a config.json
    function   HTTP becomes events of a function URL, for `presign` in our stub of Lambda
    store      the uploads bucket of moto_server, behind the CORS rules of deploy/terraform
    cdn        the bucket of the outputs, to be read only
    mapping    messages of the queue become events of `resize`
"""

import base64
import http.server
import json
import math
import os
import re
import shutil
import struct
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import zlib

from pipeline_support import PipelineTest, VARIANTS
from presign_support import AUDIENCE, ISSUER, Signer

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SITE = os.path.join(ROOT, "deploy", "site")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
PATIENCE_S = 120  # only so that a hang is a failure
# Whoever it is, moto only wants somebody.
SOMEBODY = "AWS4-HMAC-SHA256 Credential=k/20240101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}


def skip_without_chromium(name):
    try:
        import selenium  # noqa: F401
    except ImportError:
        sys.exit(skip(name, "no python3-selenium"))
    for path in (CHROMIUM, DRIVER):
        if not os.path.exists(path):
            sys.exit(skip(name, f"no {path} (ci/setup --browser)"))


def skip(name, why):
    print(f"{name}: SKIPPED: {why}")
    return 77


def terraform_list(name, path="buckets.tf"):
    """What deploy/terraform allows pages, from its text."""
    with open(os.path.join(ROOT, "deploy", "terraform", path), encoding="utf-8") as f:
        return json.loads(re.search(rf"^ *{name} *= *(\[.*\])$", f.read(), re.M).group(1))


# ---- a photograph that is nobody's


def draw_landscape(width=1500, height=1000):
    """An evening over hills, as PNG."""
    hills = [[int(height * (level + size * math.sin(x / width * n + phase) + size / 3 * math.sin(x / width * n * 2.7 + 2 * phase)))
              for x in range(width)]
             for level, size, n, phase in ((0.56, 0.06, 5, 0.4), (0.68, 0.07, 7, 2.1), (0.82, 0.06, 6, 4.4))]  # fmt: skip
    inks = [bytes((126, 88, 116)), bytes((74, 58, 92)), bytes((34, 32, 58))]
    sun_x, sun_y, sun_r = width * 0.66, height * 0.42, height * 0.075
    rows = []
    for y in range(height):
        t = min(1.0, y / (height * 0.62))
        sky = bytes(int(a + (b - a) * t**1.4) for a, b in zip((52, 84, 138), (252, 186, 120)))
        row = bytearray(sky * width)
        half = math.sqrt(max(0.0, sun_r**2 - (y - sun_y) ** 2))
        a, b = int(sun_x - half), int(sun_x + half)
        row[3 * a : 3 * b] = bytes((255, 238, 196)) * (b - a)
        for hill, ink in zip(hills, inks):
            for x in range(width):
                if y >= hill[x]:
                    row[3 * x : 3 * x + 3] = ink
        rows.append(b"\0" + bytes(row))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows), 6)) + chunk(b"IEND", b"")


# ---- servers


class Front(http.server.ThreadingHTTPServer):
    """An origin, which is what `answer(request, body)` says: status, headers, body."""

    daemon_threads = True

    def __init__(self, answer):
        self.answer = answer
        super().__init__(("127.0.0.1", 0), Request)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        """A browser that hangs up is no news."""


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do(self):
        status, headers, body = self.server.answer(self)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = do

    def body(self, n_bytes=None):
        return self.rfile.read(int(self.headers.get("content-length", 0)) if n_bytes is None else n_bytes)

    def log_message(self, *_):
        pass


def forward(url, method="GET", headers=(), body=None):
    request = urllib.request.Request(url, data=body, method=method, headers={"Authorization": SOMEBODY, **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


class SiteTest(PipelineTest):
    """One browser for all tests; servers, buckets and queues of its own for each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer = Signer(cls.make_folder(), "EdDSA")
        cls.browser = open_browser(cls.make_folder())
        cls.addClassCleanup(cls.browser.quit)
        cls.shots = os.path.join(os.environ.get("SCT_BUILD_DIR", os.path.join(ROOT, "build")), "site")
        os.makedirs(cls.shots, exist_ok=True)

    @classmethod
    def make_folder(cls):
        folder = tempfile.mkdtemp(prefix="scantling-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def setUp(self):
        super().setUp()
        self.gate = None  # an Event: uploads stop halfway until it is set
        self.half_read = threading.Event()
        self.refused_fronts = []  # URLs whose failures are meant to be, in the browser's log
        self.admitted = None  # the page's origin, where another is to be admitted: that
        self.config = {}
        self.page = self.serve(self.answer_page)
        self.function = self.serve(self.answer_function)
        self.uploads_front = self.serve(self.answer_store)
        self.cdn = self.serve(self.answer_cdn)
        self.presign = None
        self.browser.get("about:blank")
        for kind in ("browser", "performance"):
            self.browser.get_log(kind)

    def serve(self, answer):
        front = Front(answer)
        self.addCleanup(front.stop)
        return front

    # ---- the stack

    def start(self, variants=VARIANTS, prefix="", key=None, resizes=True, presign=(), **config):
        """Functions, and a config.json for them."""
        origin = self.admitted or self.page.url
        self.presign = self.lambda_of(
            "presign", AWS_ENDPOINT_URL=self.uploads_front.url, SCANTLING_UPLOADS=f"s3://{self.uploads}/{prefix}", SCANTLING_AUTH="jwt",
            SCANTLING_JWT_KEYS=self.signer.public, SCANTLING_JWT_ISSUER=ISSUER, SCANTLING_JWT_AUDIENCE=AUDIENCE,
            SCANTLING_CORS_ORIGINS=origin, **dict(presign),
        )  # fmt: skip
        with open(os.path.join(SITE, "config.json"), encoding="utf-8") as f:
            self.config = json.load(f)
        listed = json.loads(variants)
        usual = listed.get("defaults", {}).get("format", "source")
        self.config.update(presign=self.function.url + "/", pictures=self.cdn.url + "/", prefix=prefix, key=key or self.config["key"],
                           variants=[{"name": v["name"], "format": v.get("format", usual)} for v in listed["variants"]], **config)  # fmt: skip
        if resizes:
            settings = {"SCANTLING_VARIANTS": variants, **({"SCANTLING_KEY": key} if key else {})}
            self.resize = self.lambda_of("resize", **settings)
            self.is_over = threading.Event()
            mapping = threading.Thread(target=self.map_events)
            mapping.start()
            self.addCleanup(mapping.join)
            self.addCleanup(self.is_over.set)

    def map_events(self):
        while not self.is_over.is_set():
            found = self.moto.call("AmazonSQS.ReceiveMessage", QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = found.get("Messages", [])
            if messages:
                self.resize.invoke(self.sqs_event(messages))
            for message in messages:
                self.moto.call("AmazonSQS.DeleteMessage", QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])

    def answer_page(self, request):
        name = request.path.partition("?")[0].lstrip("/") or "index.html"
        path = os.path.join(SITE, os.path.basename(name))
        if not os.path.isfile(path):
            return 404, {}, b""
        with open(path, "rb") as f:
            body = json.dumps(self.config).encode() if name == "config.json" else f.read()
        # As the README tells to send it.
        policy = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; "
                  f"frame-ancestors 'none'; connect-src 'self' {self.function.url} {self.uploads_front.url} {self.cdn.url}")  # fmt: skip
        return 200, {"content-type": TYPES[os.path.splitext(path)[1]], "content-security-policy": policy}, body

    def answer_function(self, request):
        body = request.body()
        event = {"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": {k.lower(): v for k, v in request.headers.items()},
                 "requestContext": {"http": {"method": request.command, "path": "/"}}, "isBase64Encoded": True,
                 "body": base64.b64encode(body).decode()}  # fmt: skip
        told = json.loads(self.presign.invoke(json.dumps(event).encode()).answer)
        return told["statusCode"], told["headers"], (told.get("body") or "").encode()

    def answer_store(self, request):
        """As S3 reads the CORS rules that deploy/terraform sets."""
        method = request.headers.get("access-control-request-method", request.command)
        wanted = [h for h in request.headers.get("access-control-request-headers", "").replace(" ", "").split(",") if h]
        is_admitted = (request.headers.get("origin") == (self.admitted or self.page.url) and method in terraform_list("allowed_methods")
                       and set(wanted) <= set(terraform_list("allowed_headers")))  # fmt: skip
        cors = {"access-control-allow-origin": request.headers["origin"], "access-control-allow-methods": method,
                "access-control-allow-headers": ", ".join(wanted)} if is_admitted else {}  # fmt: skip
        if request.command == "OPTIONS":
            return (200 if is_admitted else 403), cors, b""
        n_bytes = int(request.headers["content-length"])
        body = request.body(n_bytes // 2)
        self.half_read.set()
        if self.gate:
            self.gate.wait(PATIENCE_S)
        body += request.body(n_bytes - len(body))
        if len(body) < n_bytes:
            return 400, cors, b""  # hung up
        headers = {k: v for k, v in request.headers.items() if k.lower() in ("content-type", "if-none-match")}
        status, _, text = forward(self.moto.url + request.path, "PUT", headers, body)
        return status, cors, text

    def answer_cdn(self, request):
        """403 of what is not there, since the CDN may not list the bucket."""
        status, headers, body = forward(f"{self.moto.url}/{self.resized}{request.path}")
        cors = {"access-control-allow-origin": self.admitted or self.page.url}
        if status != 200:
            return 403, cors, b""
        return 200, {**cors, "content-type": headers["content-type"]}, body

    # ---- the page

    def token(self):
        return self.signer.make_token()

    def open(self, fragment=None):
        """The page, with a good token in its address."""
        fragment = f"token={self.token()}" if fragment is None else fragment
        self.browser.get(f"{self.page.url}/" + (f"#{fragment}" if fragment else ""))
        self.wait(lambda: self.one("#files").is_enabled())

    def wait(self, condition):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, PATIENCE_S, poll_frequency=0.05).until(lambda _: condition())

    def one(self, selector, inside=None):
        return (inside or self.browser).find_element("css selector", selector)

    def all(self, selector, inside=None):
        return (inside or self.browser).find_elements("css selector", selector)

    def save(self, name, data):
        """A file that can be chosen."""
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def choose(self, *paths):
        self.one("#files").send_keys("\n".join(paths))

    def upload_of(self, name):
        return next((u for u in self.all(".upload") if self.one("h2", u).text == name), None)

    def state(self, name):
        return self.one(".state", self.upload_of(name)).text

    def wait_for(self, name, words):
        """Until an upload says so; fails at once where it says that it has failed."""
        def has_ended():
            state = self.one(".state", self.upload_of(name))
            return words in state.text or "bad" in state.get_attribute("class")
        self.wait(has_ended)
        self.assertIn(words, self.state(name))

    def figures(self, name):
        """{name: its lines}."""
        return {self.one(".name", f).text: [s.text for s in self.all(".facts > span", f)] for f in self.all("figure", self.upload_of(name))}

    def shoot(self, name):
        image = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})["data"]
        with open(os.path.join(self.shots, name), "wb") as f:
            f.write(base64.b64decode(image))

    def complaints(self):
        """What the browser has logged, but requests that are meant to fail: variants that are not there yet, and refused_fronts."""
        found = []
        for entry in self.browser.get_log("browser"):
            message = entry["message"]
            is_early = message.startswith(self.cdn.url) and "403" in message
            if not is_early and not any(url in message for url in self.refused_fronts):
                found.append(message)
        return found

    def accessible(self):
        """Role and name of all that assistive technology is told of."""
        nodes = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]


def open_browser(folder):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # everything is on this machine
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
                 "--no-first-run", "--hide-scrollbars", "--no-proxy-server", "--lang=en-US", "--window-size=1120,900", f"--user-data-dir={folder}"):  # fmt: skip
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service(DRIVER, log_path=os.devnull), options=options)


__all__ = ["PATIENCE_S", "SITE", "SiteTest", "draw_landscape", "skip_without_chromium"]
