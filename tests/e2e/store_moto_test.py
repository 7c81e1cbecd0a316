#!/usr/bin/env python3
"""Stores over the network: `scantling store` against moto_server, an S3 of other people. Exit status
77, and a line that says so, where there is none in PATH.

    SCANTLING=build/release/driver/scantling python3 tests/e2e/store_moto_test.py [-v] [Class[.test]]
"""

import os
import sys

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import main, skip_without_moto  # noqa: E402
from store_support import StoreTest, check_environment  # noqa: E402

skip_without_moto("store_moto_test")
moto = None  # main starts it
check_environment()

ODD_KEYS = ["a b.jpg", "a+b", "a%2Fb%", "ä/漢字/😀.jpg", "a&b=c?d#e", "~-_.", "'\"<>", "k" * 1017, "a\\b:c*d|e"]


class Objects(StoreTest):
    n_buckets = 0

    def setUp(self):
        super().setUp()
        Objects.n_buckets += 1
        self.name = f"bucket{Objects.n_buckets}"
        self.bucket = "s3://" + self.name
        self.environment["AWS_ENDPOINT_URL"] = moto.url
        moto.request("PUT", "/" + self.name)

    def put(self, key, data, *options):
        return self.store("put", *options, self.bucket, key, data=data).objects[0]

    def test_objects_come_back_as_they_went(self):
        for n in (0, 1, 100000, 3000000):
            data = os.urandom(n)
            etag = self.put("k", data, "--content-type", "image/png", "--attribute", "source-etag=x")["etag"]
            self.assertEqual(self.store("get", self.bucket, "k").stdout, data)
            head = self.store("head", self.bucket, "k").objects[0]
            self.assertEqual((head["bytes"], head["etag"]), (n, etag))
            self.assertEqual((head["content_type"], head["attributes"]), ("image/png", {"source-etag": "x"}))

    def test_odd_keys_are_keys(self):
        for key in ODD_KEYS:
            self.put(key, key.encode())
            self.assertEqual(self.store("get", self.bucket, key).stdout, key.encode())
        self.assertEqual(self.store("ls", self.bucket).keys, sorted(ODD_KEYS, key=str.encode))
        for key in ODD_KEYS:
            self.store("cp", self.bucket, key, self.bucket + "/copies", key)
            self.store("rm", self.bucket, key)
        self.assertEqual(self.store("ls", self.bucket + "/copies").keys, sorted(ODD_KEYS, key=str.encode))

    def test_conditions_decide(self):
        etag = self.put("k", b"1", "--if-none")["etag"]
        self.refuse("precondition", "put", "--if-none", self.bucket, "k", data=b"2")
        self.put("k", b"3", "--if-match", etag)
        self.refuse("precondition", "put", "--if-match", etag, self.bucket, "k", data=b"4")
        self.assertEqual(self.store("get", self.bucket, "k").stdout, b"3")

    def test_what_is_not_there_is_told_apart(self):
        self.refuse("not_found", "get", self.bucket, "k", says=["no such object"])
        self.refuse("not_found", "head", self.bucket, "k")
        self.refuse("not_found", "get", "s3://bucket-of-nobody", "k", says=["no such bucket"])
        self.refuse("not_found", "put", "s3://bucket-of-nobody", "k", says=["no such bucket"])
        self.store("rm", self.bucket, "k")

    def test_more_than_a_page_is_listed(self):
        for i in range(1005):
            moto.request("PUT", f"/{self.name}/p/{i:04}", b"x")
        keys = self.store("ls", self.bucket + "/p").keys
        self.assertEqual(keys, [f"{i:04}" for i in range(1005)])
        self.assertEqual(self.store("ls", self.bucket, "p/100", "p/1002").keys, ["p/1003", "p/1004"])

    def test_large_objects_go_in_parts(self):
        data = os.urandom(65 << 20)
        self.assertRegex(self.put("big", data, "--if-none", "--attribute", "n=v")["etag"], "-5$")
        self.assertEqual(self.store("get", self.bucket, "big").stdout, data)
        self.assertEqual(self.store("head", self.bucket, "big").objects[0]["attributes"], {"n": "v"})

    def test_objects_move_between_folder_and_bucket(self):
        folder = os.path.join(self.folder, "store")
        self.put("a/b.txt", b"bytes", "--content-type", "text/plain", "--attribute", "n=v")
        self.store("cp", self.bucket, "a/b.txt", folder, "c/d.txt")
        self.store("cp", "file://" + folder, "c/d.txt", self.bucket, "back")
        head = self.store("head", self.bucket, "back").objects[0]
        self.assertEqual((head["bytes"], head["content_type"], head["attributes"]), (5, "text/plain", {"n": "v"}))

    def test_versions_are_told(self):
        body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        moto.request("PUT", f"/{self.name}?versioning", body)
        versions = {self.store("head", self.bucket, "k").objects[0]["version"] for _ in range(2) if self.put("k", b"x")}
        self.assertEqual(len(versions), 2)
        self.assertNotIn("", versions)


if __name__ == "__main__":
    main()
