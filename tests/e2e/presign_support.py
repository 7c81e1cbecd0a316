"""What the tests of the function `presign` share: people who sign tokens, by way of the command openssl,
and the function in our stub of Lambda."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from runtime_stub import RuntimeStub

BOOTSTRAP = os.path.abspath(os.environ.get("SCT_BOOTSTRAP", ""))
ISSUER, AUDIENCE = "https://issuer.example", "uploads"
KINDS = {"RS256": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "ES256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "EdDSA": ["ED25519"]}  # fmt: skip


def check_environment(name):
    if not os.path.isfile(BOOTSTRAP):
        sys.exit("SCT_BOOTSTRAP must name the program bootstrap")
    if not shutil.which("openssl"):
        print(f"{name}: SKIPPED: no command openssl, which signs its tokens")
        sys.exit(77)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


class Signer:
    """Somebody with a key."""

    def __init__(self, folder, algorithm):
        self.algorithm = algorithm
        self.path = os.path.join(folder, algorithm + ".pem")
        openssl("genpkey", "-algorithm", *KINDS[algorithm], "-out", self.path)
        self.public = openssl("pkey", "-in", self.path, "-pubout").decode()

    def sign_bytes(self, data):
        if self.algorithm == "EdDSA":  # which wants a file
            with tempfile.NamedTemporaryFile() as f:
                f.write(data)
                f.flush()
                return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", f.name)
        signature = openssl("dgst", "-sha256", "-sign", self.path, data=data)
        if self.algorithm == "RS256":
            return signature
        numbers, at = b"", 2  # SEQUENCE { INTEGER r, INTEGER s }
        while at < len(signature):
            n = signature[at + 1]
            numbers += signature[at + 2 : at + 2 + n].lstrip(b"\0").rjust(32, b"\0")
            at += 2 + n
        return numbers

    def make_token(self, header=None, **claims):
        now = int(time.time())
        all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now + 60, "nbf": now, **claims}
        head = header or {"alg": self.algorithm, "typ": "JWT"}
        text = ".".join(encode(json.dumps(part).encode()) for part in (head, all_claims))
        return text + "." + encode(self.sign_bytes(text.encode()))


class Answer:
    """Of the function, as HTTP."""

    def __init__(self, invocation):
        told = json.loads(invocation.answer)
        self.status, self.headers, self.text = told["statusCode"], told["headers"], told["body"]

    @property
    def body(self):
        return json.loads(self.text)


class PresignTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scantling-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SCANTLING_")) and not k.lower().endswith("_proxy")}
        self.environment.update(HOME=self.folder, AWS_ACCESS_KEY_ID="AKIDTEST", AWS_SECRET_ACCESS_KEY="secret+/=",
                                AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")  # fmt: skip
        self.stub = None

    def start(self, handler="presign", **settings):
        """With these settings beside the usual ones; None: without that one."""
        self.stop()
        usual = {"SCANTLING_UPLOADS": "s3://bucket/incoming", "SCANTLING_AUTH": "jwt", "SCANTLING_JWT_KEYS": self.keys(),
                 "SCANTLING_JWT_ISSUER": ISSUER, "SCANTLING_JWT_AUDIENCE": AUDIENCE}  # fmt: skip
        environment = {k: v for k, v in {**self.environment, **usual, **settings}.items() if v is not None}
        self.stub = RuntimeStub([BOOTSTRAP], handler=handler, environment=environment, stdout=subprocess.DEVNULL)
        self.stub.__enter__()
        self.addCleanup(self.stop)
        return self.stub

    def stop(self):
        """Every process has ended by itself: with 0, or having said why it does not start."""
        stub, self.stub = self.stub, None
        if stub:
            stub.stop()
            for process in stub.processes:
                self.assertEqual(process.status, 1 if process.init_error else 0)

    @classmethod
    def setUpClass(cls):
        cls.key_folder = tempfile.mkdtemp(prefix="scantling-")
        cls.addClassCleanup(shutil.rmtree, cls.key_folder, ignore_errors=True)
        cls.signer = {algorithm: Signer(cls.key_folder, algorithm) for algorithm in KINDS}

    @classmethod
    def keys(cls):
        return "".join(signer.public for signer in cls.signer.values())

    def ask(self, body=None, method="POST", token=None, user=None, **headers):
        """body: an object, or bytes as they are. token: None for a good one, "" for none."""
        sent = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if token is None:
            token = self.signer["EdDSA"].make_token()
        if token:
            sent.setdefault("authorization", "Bearer " + token)
        event = {"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": sent,
                 "requestContext": {"http": {"method": method, "path": "/"}}}  # fmt: skip
        if user:
            event["requestContext"]["authorizer"] = {"iam": {"userId": user}}
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            event.update(body=base64.b64encode(data).decode(), isBase64Encoded=True)
        invocation = self.stub.invoke(json.dumps(event).encode())
        self.assertEqual(invocation.outcome, "answered", invocation.error)
        return Answer(invocation)

    def upload(self, allowed, data, **changes):
        """The status that the store answers with."""
        headers = {**allowed["headers"], **{k.replace("_", "-"): v for k, v in changes.items()}}
        request = urllib.request.Request(allowed["url"], data=data, method=allowed["method"], headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
