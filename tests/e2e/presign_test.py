#!/usr/bin/env python3
"""The function `presign` in our stub of Lambda, its URLs tried on a store of ours that checks signatures.

    SCT_BOOTSTRAP=build/release/driver/lambda/bootstrap python3 tests/e2e/presign_test.py [-v] [Class[.test]]
"""

import datetime
import json
import os
import re
import sys
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True  # nothing appears in the source folder

from presign_support import AUDIENCE, PresignTest, check_environment, encode  # noqa: E402
from store_server import StoreServer  # noqa: E402

check_environment("presign_test")

JPEG = {"type": "image/jpeg", "bytes": 5}


class Settings(PresignTest):
    def refuse(self, kind, *words, **settings):
        """It does not start, and says these words; its process ends with status 1."""
        self.start(**settings)
        failed = self.stub.invoke(b"{}")
        self.assertEqual((failed.outcome, failed.error_type), ("init_failed", kind), failed.answer)
        message = json.loads(failed.error)["errorMessage"]
        for word in words:
            self.assertIn(word, message)
        self.assertEqual(self.stub.processes[0].status, 1)

    def test_unknown_handlers_are_named(self):
        self.refuse("Runtime.HandlerNotFound", '"resizer"', "presign", handler="resizer")

    def test_names_with_a_dot_are_names(self):
        self.start(handler="bootstrap.presign")
        self.assertEqual(self.ask(JPEG).status, 200)

    def test_what_is_missing_is_named(self):
        for name in ("UPLOADS", "AUTH", "JWT_KEYS", "JWT_ISSUER", "JWT_AUDIENCE"):
            self.refuse("Function.InitError", "SCANTLING_" + name, **{"SCANTLING_" + name: None})

    def test_what_makes_no_sense_is_named(self):
        for name, value, words in (
            ("AUTH", "none", '"jwt" or "iam"'), ("UPLOADS", "s3:/bucket", ""), ("UPLOADS", self.folder, "SCANTLING_UPLOADS"),
            ("UPLOAD_MAX_BYTES", "-1", "number from 1"), ("UPLOAD_MAX_BYTES", "1e9", "number"),
            ("UPLOAD_MIN_BYTES", "50000001", "number from 0 to 50000000"), ("UPLOAD_EXPIRES", "604801", "604800"),
            ("UPLOAD_TYPES", "image/jpeg,IMAGE/PNG", "IMAGE/PNG"), ("UPLOAD_TYPES", "jpeg", "content type"),
            ("JWT_LEEWAY", "301", "300"), ("JWT_KEYS", "secret", "no public key"),
            ("JWT_KEYS_FILE", "/nonexistent", "one of"),
        ):  # fmt: skip
            with self.subTest(name=name, value=value):
                self.refuse("Function.InitError", words, **{"SCANTLING_" + name: value})

    def test_keys_may_be_in_a_file(self):
        path = os.path.join(self.folder, "keys.pem")
        with open(path, "w", encoding="ascii") as f:
            f.write(self.signer["ES256"].public)
        self.start(SCANTLING_JWT_KEYS=None, SCANTLING_JWT_KEYS_FILE=path)
        self.assertEqual(self.ask(JPEG, token=self.signer["ES256"].make_token()).status, 200)
        self.assertEqual(self.ask(JPEG, token=self.signer["RS256"].make_token()).status, 401)
        self.refuse("Function.InitError", "JWT_KEYS_FILE: /nonexistent: No such file",
                    SCANTLING_JWT_KEYS=None, SCANTLING_JWT_KEYS_FILE="/nonexistent")  # fmt: skip


class Requests(PresignTest):
    def setUp(self):
        super().setUp()
        self.server = StoreServer()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        self.environment["AWS_ENDPOINT_URL"] = self.server.url

    def refuse(self, status, word, *says, answer):
        self.assertEqual(answer.status, status, answer.text)
        self.assertEqual(answer.body["error"], word)
        for text in says:
            self.assertIn(text, answer.body["message"])
        self.assertEqual(answer.headers["cache-control"], "no-store")

    def test_a_url_is_good_for_what_was_wished_for(self):
        self.start(SCANTLING_UPLOAD_EXPIRES="120")
        answer = self.ask(JPEG)
        allowed = answer.body
        self.assertEqual(answer.status, 200)
        self.assertEqual((allowed["method"], answer.headers["cache-control"]), ("PUT", "no-store"))
        self.assertEqual(allowed["headers"], {"content-type": "image/jpeg", "content-length": "5", "if-none-match": "*"})
        self.assertRegex(allowed["key"], r"^alice/[0-9a-f]{32}\.jpg$")
        until = datetime.datetime.strptime(allowed["expires"], "%Y-%m-%dT%H:%M:%SZ")
        left_s = until.replace(tzinfo=datetime.timezone.utc).timestamp() - time.time()
        self.assertTrue(60 < left_s <= 120, left_s)
        self.assertIn("X-Amz-Expires=120", allowed["url"])
        self.assertIn("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match", allowed["url"])
        self.assertEqual(self.upload(allowed, b"12345"), 200)
        self.assertEqual(self.server.objects["incoming/" + allowed["key"]]["data"], b"12345")

    def test_a_url_is_good_for_nothing_else(self):
        self.start()
        allowed = self.ask(JPEG).body
        self.assertEqual(self.upload(allowed, b"123456", content_length="6"), 403)
        self.assertEqual(self.upload(allowed, b"12345", content_type="text/html"), 403)
        self.assertEqual(self.upload(allowed, b"12345", if_none_match="x"), 403)
        self.assertEqual(self.upload({**allowed, "method": "DELETE"}, b"12345"), 403)
        other = allowed["url"].replace("/alice/", "/bob/")
        self.assertEqual(self.upload({**allowed, "url": other}, b"12345"), 403)
        later = allowed["url"].replace("X-Amz-Expires=300", "X-Amz-Expires=3000")
        self.assertEqual(self.upload({**allowed, "url": later}, b"12345"), 403)
        self.assertEqual(self.upload(allowed, b"12345"), 200)
        self.assertEqual(self.upload(allowed, b"54321"), 412)
        self.assertEqual(list(self.server.objects), ["incoming/" + allowed["key"]])

    def test_all_kinds_of_tokens(self):
        self.start()
        for algorithm, signer in self.signer.items():
            with self.subTest(algorithm=algorithm):
                self.assertEqual(self.ask(JPEG, token=signer.make_token()).status, 200)
                self.assertEqual(self.ask(JPEG, authorization="bearer " + signer.make_token()).status, 200)

    def test_tokens_of_nobody(self):
        self.start()
        good = self.signer["EdDSA"].make_token()
        bare = ".".join([encode(b'{"alg":"none"}'), good.split(".")[1], ""])
        past = int(time.time()) - 100
        for token, says in ((bare, "alg"), (good[:-2], "signature"), (good + ".", "three parts"), ("x" * 9000, "too long"),
                            (self.signer["RS256"].make_token(exp=past), "expired"),
                            (self.signer["RS256"].make_token(nbf=past + 1000), "not valid yet"),
                            (self.signer["ES256"].make_token(iss="me"), "issuer"),
                            (self.signer["ES256"].make_token(aud=["me", AUDIENCE + "s"]), "audience"),
                            (self.signer["RS256"].make_token(header={"alg": "HS256"}), "alg"),
                            (self.signer["RS256"].make_token(header={"alg": "ES256"}), "signature")):  # fmt: skip
            with self.subTest(says=says):
                answer = self.ask(JPEG, token=token)
                self.refuse(401, "unauthorized", says, answer=answer)
                self.assertEqual(answer.headers["www-authenticate"], "Bearer")
        for authorization in ("", "Basic YTpi", "Bearer", "Bearer ", "Bearer  " + good):
            self.refuse(401, "unauthorized", answer=self.ask(JPEG, token="", authorization=authorization))
        self.refuse(401, "unauthorized", answer=self.ask(JPEG, token=""))

    def test_who_is_not_known_learns_nothing_of_the_body(self):
        self.start()
        for body in (b"", b"{", {"type": "text/html", "bytes": 1}, {"type": "image/png", "bytes": 10**12}):
            self.assertEqual(self.ask(body, token="").status, 401)

    def test_iam_takes_lambda_at_its_word(self):
        self.start(SCANTLING_AUTH="iam", SCANTLING_JWT_KEYS=None, SCANTLING_JWT_ISSUER=None, SCANTLING_JWT_AUDIENCE=None)
        answer = self.ask(JPEG, token="", user="AIDACOSQ72HNF7EXAMPLE2")
        self.assertRegex(answer.body["key"], r"^AIDACOSQ72HNF7EXAMPLE2/")
        answer = self.ask(JPEG, token="", user="AROAEXAMPLE:session/../x")
        self.assertRegex(answer.body["key"], r"^~[0-9a-f]{32}/[0-9a-f]{32}\.jpg$")
        self.refuse(403, "forbidden", "AWS_IAM", answer=self.ask(JPEG))

    def test_subjects_do_not_choose_folders(self):
        self.start()
        for subject in ("../../x", "a/b", "a b", "a@example.org", "ä", "~", ".", "x" * 200):
            key = self.ask(JPEG, token=self.signer["EdDSA"].make_token(sub=subject)).body["key"]
            self.assertRegex(key, r"^~[0-9a-f]{32}/[0-9a-f]{32}\.jpg$")

    def test_types_and_lengths_are_bounded(self):
        self.start(SCANTLING_UPLOAD_TYPES="image/jpeg, image/x-odd+thing", SCANTLING_UPLOAD_MIN_BYTES="100",
                   SCANTLING_UPLOAD_MAX_BYTES="1000")  # fmt: skip
        answer = self.ask({"type": "Image/X-Odd+Thing", "bytes": 1000})
        self.assertEqual(answer.body["headers"]["content-type"], "image/x-odd+thing")
        self.assertTrue(answer.body["key"].endswith(".xoddthin"))
        self.assertEqual(self.ask({"type": "image/jpeg", "bytes": 100}).status, 200)
        self.refuse(413, "too_large", "1000", answer=self.ask({"type": "image/jpeg", "bytes": 1001}))
        self.refuse(400, "bad_request", "100", answer=self.ask({"type": "image/jpeg", "bytes": 99}))
        self.refuse(415, "unsupported_type", answer=self.ask({"type": "image/png", "bytes": 100}))

    def test_bodies_that_make_no_sense(self):
        self.start()
        for body in (None, b"", b"{", b"[]", b"7", {}, {"type": "image/jpeg"}, {"bytes": 5}, {"type": 5, "bytes": 5},
                     {"type": "image/jpeg", "bytes": "5"}, {"type": "image/jpeg", "bytes": 5.0}, {"type": "image/jpeg", "bytes": None},
                     b'{"type": "image/jpeg", "bytes": 99999999999999999999}', b'{"type": "image/jpeg", "bytes": 5, "bytes": 6}',
                     b'{"type": "image/jpeg\\u0000", "bytes": 5}', b"\xff\xfe"):  # fmt: skip
            with self.subTest(body=body):
                self.refuse(400, "bad_request", answer=self.ask(body))
        self.refuse(400, "bad_request", answer=self.ask({"type": "image/jpeg", "bytes": -5}))
        self.refuse(413, "too_large", answer=self.ask(b" " * 5000))
        self.refuse(415, "unsupported_type", "application/json", answer=self.ask(JPEG, content_type="text/plain"))
        self.assertEqual(self.ask(JPEG, content_type="application/json; charset=utf-8").status, 200)

    def test_other_methods_are_refused(self):
        self.start()
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "post"):
            answer = self.ask(JPEG, method=method)
            self.refuse(405, "method_not_allowed", answer=answer)
            self.assertEqual(answer.headers["allow"], "POST")

    def test_browsers_are_told_who_may_ask(self):
        self.start(SCANTLING_CORS_ORIGINS="https://a.example,https://b.example")
        answer = self.ask(method="OPTIONS", token="", origin="https://b.example")
        self.assertEqual((answer.status, answer.text), (204, ""))
        self.assertEqual(answer.headers["access-control-allow-origin"], "https://b.example")
        self.assertEqual(answer.headers["access-control-allow-methods"], "POST")
        self.assertIn("authorization", answer.headers["access-control-allow-headers"])
        self.assertEqual(answer.headers["vary"], "origin")
        for origin in ("https://c.example", "https://a.example.org", "null", ""):
            answer = self.ask(method="OPTIONS", token="", origin=origin)
            self.refuse(403, "forbidden", answer=answer)
            self.assertNotIn("access-control-allow-origin", answer.headers)
        answer = self.ask(JPEG, origin="https://a.example")
        self.assertEqual((answer.status, answer.headers["access-control-allow-origin"]), (200, "https://a.example"))
        self.assertEqual(self.ask(JPEG, token="", origin="https://a.example").headers["access-control-allow-origin"], "https://a.example")
        self.start(SCANTLING_CORS_ORIGINS="*")
        self.assertEqual(self.ask(method="OPTIONS", origin="null").headers["access-control-allow-origin"], "*")

    def test_events_of_another_kind(self):
        self.start()
        for payload in (b"", b"null", b"[]", b'{"Records": []}', b'{"version": "1.0"}', b'{"version": "2.0"}',
                        b'{"version": "2.0", "requestContext": {"http": {"method": "POST"}}, "body": "?", "isBase64Encoded": true}'):  # fmt: skip
            invocation = self.stub.invoke(payload)
            self.assertEqual(json.loads(invocation.answer)["statusCode"], 400, payload)

    def test_lines_of_the_log_have_no_secrets(self):
        path = os.path.join(self.folder, "log")
        self.environment.update(AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL="TRACE")
        self.start()
        self.stub.stdout = open(path, "wb")
        self.addCleanup(self.stub.stdout.close)
        token = self.signer["EdDSA"].make_token()
        allowed = self.ask(JPEG, token=token).body
        self.ask({}, token=token)
        self.stop()
        with open(path, encoding="utf-8") as f:
            text = f.read()
        first, second = (json.loads(line) for line in text.splitlines())
        self.assertEqual((first["event"], first["key"], first["bytes"]), ("presigned", allowed["key"], 5))
        self.assertEqual((second["event"], second["level"], second["status"]), ("refused", "WARN", 400))
        signature = re.search("X-Amz-Signature=([0-9a-f]+)", allowed["url"]).group(1)
        for secret in (token, token.split(".")[2], signature, urllib.parse.quote(token), "secret+/="):
            self.assertNotIn(secret, text)


if __name__ == "__main__":
    unittest.main()
