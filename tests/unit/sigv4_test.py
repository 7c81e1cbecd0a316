#!/usr/bin/env python3
"""Our signatures beside those of botocore (Debian's python3-botocore), on some hundred odd
keys, queries and headers. Exit status 77 where botocore is not there.

    SCT_SIGN_CASES=build/release/tests/sign_cases python3 tests/unit/sigv4_test.py [SEED]
"""

import datetime
import os
import random
import subprocess
import sys
from unittest import mock

try:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.utils import percent_encode, percent_encode_sequence
except ImportError:
    print("sigv4_test: skipped: no botocore here (Debian: python3-botocore)")
    sys.exit(77)

N_CASES = 400
NOW = datetime.datetime(2026, 2, 28, 23, 59, 59)
PIECES = [
    "a", "Z", "0", "photo.jpg", " ", "  ", "+", "%", "%2F", "%zz", "&", "=", "?", "#", "~", "-", "_", "*", "'", "(", ")", "!",
    "$", ",", ":", ";", "@", '"', "<", ">", "\\", "^", "`", "{", "|", "}", "[", "]", "/", "//", "/./", "/../", ".", "\t", "\x7f",
    "ä", "漢字", "\u00a0", "e\u0301", "\U0001f600",
]  # fmt: skip


def odd_text(rng, most):
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(1, most)))


class Case:
    def __init__(self, rng):
        self.is_s3 = rng.random() < 0.8
        self.method = rng.choice(["GET", "PUT", "HEAD", "DELETE", "POST"])
        self.host = rng.choice(["b.s3.eu-central-1.amazonaws.com", "127.0.0.1:5000"])
        self.path = "/" + odd_text(rng, 12) if self.is_s3 else "/2015-03-31/functions/a b:ä/x"
        # No name twice: botocore presigns only one of them.
        self.query = list({odd_text(rng, 3): odd_text(rng, 4) for _ in range(rng.randint(0, 4))}.items())
        names = rng.sample(["Range", "x-amz-meta-source", "Content-Type", "If-None-Match", "x-amz-acl"], rng.randint(0, 3))
        self.headers = [(n, rng.choice(["v", "two  spaces", " around ", "a=b; c", "*"])) for n in names]
        self.token = rng.choice(["", "token/with+odd=chars=="])
        body = rng.randbytes(rng.randint(0, 100))
        self.request = AWSRequest(method=self.method, data=body if self.method in ("PUT", "POST") else b"")
        self.hash = None

    @property
    def target(self):
        path = percent_encode(self.path, safe="/~")
        return path + ("?" + percent_encode_sequence(self.query) if self.query else "")

    def sign(self):
        """What botocore makes of it: the header, and the URL."""
        keys = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", self.token or None)
        service = "s3" if self.is_s3 else "lambda"
        self.request.url = f"https://{self.host}{self.target}"
        self.request.headers["Host"] = self.host
        for name, value in self.headers:
            self.request.headers[name] = value
        plain, presigned = (
            (botocore.auth.S3SigV4Auth, botocore.auth.S3SigV4QueryAuth)
            if self.is_s3
            else (botocore.auth.SigV4Auth, None)
        )
        signer = plain(keys, service, "eu-central-1")
        signer.add_auth(self.request)
        self.hash = signer.payload(self.request)
        authorization = self.request.headers["Authorization"].replace(", ", ",")
        if not presigned:
            return authorization, None
        again = AWSRequest(method=self.method, url=self.request.url)
        again.headers["Host"] = self.host
        for name, value in self.headers:
            again.headers[name] = value
        presigned(keys, service, "eu-central-1", expires=3600).add_auth(again)
        return authorization, again.url

    def line(self):
        def pack(pairs):
            return "".join(f"{n}\0{v}\0" for n, v in pairs)

        time_s = int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp())
        fields = [
            self.method, self.host, self.path, pack(self.query), pack(self.headers), self.hash, "eu-central-1",
            "s3" if self.is_s3 else "lambda", str(time_s), "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", self.token,
        ]  # fmt: skip
        return " ".join(f.encode().hex() or "-" for f in fields) + "\n"


def split_url(url):
    """Parameters in any order: botocore does not sort those of the URL."""
    head, _, query = url.partition("?")
    return head, sorted(query.split("&"))


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    cases = [Case(rng) for _ in range(N_CASES)]
    with mock.patch("botocore.auth.datetime") as clock:
        clock.datetime.utcnow.return_value = NOW
        expected = [case.sign() for case in cases]
    done = subprocess.run(
        [os.environ["SCT_SIGN_CASES"]], input="".join(case.line() for case in cases).encode(),
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 3 * N_CASES, f"{len(lines)} lines for {N_CASES} cases"
    bad = n_urls = 0
    for i, (authorization, url) in enumerate(expected):
        case, ours = cases[i], lines[3 * i : 3 * i + 3]
        same = split_url(ours[0]) == split_url(case.target) and ours[1] == authorization
        if url:
            n_urls += 1
            same = same and split_url(ours[2]) == split_url(url)
        if not same:
            bad += 1
            print(f"{case.method} {case.target!r} {case.headers}:\n  ours {ours}\n  botocore {authorization}\n  {url}")
    print(f"{N_CASES} headers and {n_urls} URLs compared, {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
