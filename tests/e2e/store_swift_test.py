#!/usr/bin/env python3
"""Stores against OpenStack Swift's S3 API, which checks every signature. Exit status 77, and a line that says so, where
it cannot be had.

    SCANTLING=build/release/driver/scantling SCT_AWS_CALLS=build/release/tests/aws_calls \\
        python3 tests/e2e/store_swift_test.py [-v] [Class[.test]]

Swift knows no conditional PUT and says so; driver/stores/README.md tells what that means.
"""

import http.client
import json
import os
import subprocess
import sys
import unittest
import urllib.parse

sys.dont_write_bytecode = True  # nothing appears in the source folder

from store_support import StoreTest, check_environment  # noqa: E402
from swift_support import Swift, find_missing  # noqa: E402

check_environment()
AWS_CALLS = os.path.abspath(os.environ.get("SCT_AWS_CALLS", ""))
ODD_KEYS = ["a b.jpg", "a+b", "a%2Fb%", "ä/漢字/😀.jpg", "a&b=c?d#e", "~-_.", "'\"<>", "k" * 1000, "a\\b:c*d|e", "a=b;c,d", "(x)!@$", "x/y/z"]


def answer_to(method, url, body=b"", headers=None):
    """As anybody would send it who has been given a URL: status and body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


class SwiftTest(StoreTest):
    n_buckets = 0

    def setUp(self):
        super().setUp()
        SwiftTest.n_buckets += 1
        self.environment.update(AWS_ENDPOINT_URL=swift.url, AWS_ACCESS_KEY_ID=swift.access, AWS_SECRET_ACCESS_KEY=swift.secret)
        self.bucket = f"s3://bucket{SwiftTest.n_buckets}"
        swift.make_bucket(self.bucket[5:])

    def put(self, key, data, *options):
        return self.store("put", *options, self.bucket, key, data=data).objects[0]

    def get(self, key):
        return self.store("get", self.bucket, key).stdout


class Objects(SwiftTest):
    def test_objects_come_back_as_they_went(self):
        for n in (0, 1, 100000, 3000000):
            data = os.urandom(n)
            etag = self.put("k", data, "--content-type", "image/png", "--attribute", "source-etag=x")["etag"]
            self.assertTrue(self.get("k") == data)
            head = self.store("head", self.bucket, "k").objects[0]
            self.assertEqual((head["bytes"], head["etag"]), (n, etag))
            self.assertEqual((head["content_type"], head["attributes"]), ("image/png", {"source-etag": "x"}))

    def test_odd_keys_are_signed_as_they_are_sent(self):
        for key in ODD_KEYS:
            self.put(key, key.encode())
            self.assertEqual(self.get(key), key.encode())
            self.store("cp", self.bucket, key, self.bucket + "/copies", key)
        wanted = sorted(ODD_KEYS, key=str.encode)
        self.assertEqual(self.store("ls", self.bucket + "/copies").keys, wanted)
        for key in ODD_KEYS:
            self.store("rm", self.bucket, key)
        self.assertEqual(self.store("ls", self.bucket).keys, ["copies/" + key for key in wanted])

    def test_lists_begin_where_they_are_told_to(self):
        for key in ("p/a", "p/b", "p/b/c", "pq", "q"):
            self.put(key, b"x")
        self.assertEqual(self.store("ls", self.bucket + "/p").keys, ["a", "b", "b/c"])
        self.assertEqual(self.store("ls", self.bucket, "p", "p/b").keys, ["p/b/c", "pq"])

    def test_large_objects_go_in_parts(self):
        data = os.urandom(65 << 20)
        self.assertRegex(self.put("big", data, "--attribute", "n=v")["etag"], "-5$")
        self.assertTrue(self.get("big") == data)
        self.assertEqual(self.store("head", self.bucket, "big").objects[0]["attributes"], {"n": "v"})

    def test_what_is_not_there_is_told_apart(self):
        self.refuse("not_found", "get", self.bucket, "k", says=["no such object"])
        self.refuse("not_found", "head", self.bucket, "k")
        self.refuse("not_found", "get", "s3://bucket-of-nobody", "k", says=["no such bucket"])
        self.store("rm", self.bucket, "k")

    def test_conditions_are_refused_and_nothing_is_written(self):
        etag = self.put("k", b"1")["etag"]
        for condition in (["--if-none"], ["--if-match", etag]):
            self.refuse("unsupported", "put", *condition, self.bucket, "k", data=b"2", says=["501 NotImplemented"])
        self.assertEqual(self.get("k"), b"1")


class Signatures(SwiftTest):
    def test_a_wrong_secret_is_refused(self):
        self.put("k", b"x")
        self.environment["AWS_SECRET_ACCESS_KEY"] = swift.secret + "x"
        for words in (["get", self.bucket, "k"], ["put", self.bucket, "k"], ["ls", self.bucket], ["rm", self.bucket, "k"]):
            self.refuse("denied", *words)

    def test_a_url_is_good_for_anyone_as_it_is(self):
        for key in ODD_KEYS:
            self.put(key, key.encode())
            url = self.store("url", self.bucket, key).stdout.decode().strip()
            self.assertEqual(answer_to("GET", url), (200, key.encode()))
            self.assertEqual(answer_to("GET", url.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"))[0], 403)
            self.assertEqual(answer_to("PUT", url, b"y")[0], 403)


    def presign(self, key, headers):
        call = {"do": "presign", "store": self.bucket, "method": "PUT", "key": key, "headers": headers}
        done = subprocess.run([AWS_CALLS], input=json.dumps(call).encode(), env=self.environment, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)["result"]

    def test_an_upload_is_bound_to_its_headers(self):
        for key in ODD_KEYS:
            headers = {"content-type": "image/jpeg", "content-length": "1000"}
            url = self.presign(key, headers)
            self.assertEqual(answer_to("PUT", url, bytes(1000), {**headers, "content-type": "text/html"})[0], 403)
            self.assertEqual(answer_to("PUT", url, bytes(1001), {**headers, "content-length": "1001"})[0], 403)
            self.assertEqual(answer_to("PUT", url.replace("?", "x?", 1), bytes(1000), headers)[0], 403)
            self.assertEqual(answer_to("GET", url)[0], 403)
            self.assertEqual(self.store("ls", self.bucket).keys, [])
            self.assertEqual(answer_to("PUT", url, bytes(1000), headers)[0], 200)
            head = self.store("head", self.bucket, key).objects[0]
            self.assertEqual((head["bytes"], head["content_type"]), (1000, "image/jpeg"))
            self.store("rm", self.bucket, key)


if __name__ == "__main__":
    if problem := find_missing():
        print(f"store_swift_test: SKIPPED: {problem}")
        sys.exit(77)
    swift = Swift()
    try:
        result = unittest.main(exit=False).result
    finally:
        swift.stop()
    sys.exit(not result.wasSuccessful())
