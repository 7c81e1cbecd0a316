#!/usr/bin/env python3
"""bootstrap as `failed` against a store of ours, in which somebody else does something at the worst moment.

    SCT_BOOTSTRAP=build/release/driver/lambda/bootstrap SCANTLING=build/release/driver/scantling \\
        python3 tests/e2e/failed_test.py [-v] [Class[.test]]
"""

import hashlib
import json
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from runtime_stub import RuntimeStub  # noqa: E402
from store_server import StoreServer  # noqa: E402
from store_support import StoreTest, check_environment  # noqa: E402

check_environment()
BOOTSTRAP = os.path.abspath(os.environ.get("SCT_BOOTSTRAP", ""))


class MeddledServer(StoreServer):
    """Before the first request that writes, `meddle` is called."""

    meddle = None

    def next_fault(self, method):
        if method == "PUT" and self.meddle:
            self.meddle()
            self.meddle = None
        return super().next_fault(method)

    def place(self, key, data, **attributes):
        etag = hashlib.md5(data).hexdigest()
        headers = [(f"x-amz-meta-{name.replace('_', '-')}", value) for name, value in attributes.items()]
        self.objects[key] = {"data": data, "etag": etag, "headers": headers}
        return etag


class Races(StoreTest):
    def setUp(self):
        super().setUp()
        self.server = MeddledServer()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.environment.update(AWS_ENDPOINT_URL=self.server.url, SCANTLING_SOURCE="s3://bucket/uploads",
                                SCANTLING_FAILED_STORE="s3://bucket/failed")  # fmt: skip
        self.function = RuntimeStub([BOOTSTRAP], "failed", self.environment, timeout_s=60, stdout=subprocess.DEVNULL)
        self.function.__enter__()
        self.addCleanup(self.function.stop)
        self.etag = self.server.place("uploads/a", b"one")

    def deliver(self):
        """The failure of uploads/a; the messages that are left."""
        event = {"scantling": "1", "event": "created", "store": "s3://bucket", "key": "uploads/a", "etag": self.etag}
        body = json.dumps({"scantling": "1", "failure": {"verdict": "corrupt"}, "event": event})
        invocation = self.function.invoke(json.dumps({"Records": [{"messageId": "m", "body": body}]}).encode())
        self.assertEqual(invocation.outcome, "answered", invocation.error)
        return [f["itemIdentifier"] for f in json.loads(invocation.answer)["batchItemFailures"]]

    def there(self):
        return {key: thing["data"] for key, thing in self.server.objects.items()}

    def test_another_failure_of_the_key_is_not_replaced(self):
        self.server.meddle = lambda: self.server.place("failed/uploads/a", b"two", failed_etag="another")
        self.assertEqual(self.deliver(), [])
        self.assertEqual(self.there(), {"failed/uploads/a": b"two", f"failed/uploads/a.{self.etag}": b"one"})

    def test_the_same_failure_twice_at_once_is_one_copy(self):
        self.server.meddle = lambda: self.server.place("failed/uploads/a", b"one", failed_etag=self.etag)
        self.assertEqual(self.deliver(), [])
        self.assertEqual((self.there(), self.server.writes), ({"failed/uploads/a": b"one"}, []))

    def test_a_copy_whose_answer_was_lost_is_found(self):
        self.server.faults = ["", "", "lost"]
        self.assertEqual(self.deliver(), [])
        self.assertEqual((self.there(), self.server.writes), ({"failed/uploads/a": b"one"}, ["failed/uploads/a"]))

    def test_an_upload_that_is_replaced_meanwhile_stays(self):
        self.server.meddle = lambda: self.server.place("uploads/a", b"better")
        self.assertEqual(self.deliver(), ["m"])
        self.assertEqual((self.there(), self.deliver()), ({"uploads/a": b"better"}, []))


if __name__ == "__main__":
    if not os.path.isfile(BOOTSTRAP):
        sys.exit("SCT_BOOTSTRAP must name the program bootstrap")
    unittest.main()
