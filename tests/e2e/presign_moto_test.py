#!/usr/bin/env python3
"""The function `presign` and moto_server: a picture is uploaded with the URL that was handed out. Exit status
77, and a line that says so, where there is no moto_server in PATH.

    SCT_BOOTSTRAP=build/release/driver/lambda/bootstrap python3 tests/e2e/presign_moto_test.py [-v]
"""

import os
import sys
import urllib.request

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import main, skip_without_moto  # noqa: E402
from presign_support import PresignTest, check_environment  # noqa: E402

skip_without_moto("presign_moto_test")
moto = None  # main starts it
check_environment("presign_moto_test")


# Whoever it is, moto only wants somebody.
SOMEBODY = "AWS4-HMAC-SHA256 Credential=k/20240101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


class Uploads(PresignTest):
    def read(self, key):
        """Content type and bytes of what is there."""
        request = urllib.request.Request(f"{moto.url}/bucket/{key}", headers={"Authorization": SOMEBODY})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.headers["Content-Type"], answer.read()

    def test_an_upload_arrives_once_with_its_type(self):
        self.environment["AWS_ENDPOINT_URL"] = moto.url
        moto.request("PUT", "/bucket")
        self.start()
        for content_type, ending in (("image/jpeg", "jpg"), ("image/png", "png"), ("image/webp", "webp")):
            data = os.urandom(100000)
            allowed = self.ask({"type": content_type, "bytes": len(data)}).body
            self.assertTrue(allowed["key"].endswith("." + ending))
            self.assertEqual(self.upload(allowed, data), 200)
            self.assertEqual(self.upload(allowed, data), 412)
            self.assertEqual(self.read("incoming/" + allowed["key"]), (content_type, data))


if __name__ == "__main__":
    main()
