#!/usr/bin/env python3
"""bootstrap as `failed`: failures in all their shapes, pictures in buckets, items in a table. Against
moto_server; exit status 77, and a line that says so, where there is none.

    SCT_BOOTSTRAP=build/release/driver/lambda/bootstrap SCANTLING=build/release/driver/scantling \\
        SCT_CORPUS=build/release/corpus python3 tests/e2e/failed_moto_test.py [-v] [Class[.test]]
"""

import json
import sys
import time
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import skip_without_moto  # noqa: E402

skip_without_moto("failed_moto_test")

from pipeline_support import BROKEN, ODD_KEYS, PipelineTest, check_programs, picture  # noqa: E402

check_programs()


class FailedTest(PipelineTest):
    def setUp(self):
        super().setUp()
        n = PipelineTest.n_tests
        self.store_name, self.table = f"failures{n}", f"table{n}"
        self.moto.request("PUT", "/" + self.store_name)
        self.moto.make_table(self.table, "object", "version")
        self.environment.update(SCANTLING_SOURCE=f"s3://{self.uploads}", SCANTLING_FAILED_STORE=f"s3://{self.store_name}",
                                SCANTLING_FAILED_TABLE=self.table)  # fmt: skip
        self.function = self.lambda_of("failed")

    def put(self, key, data=b"no picture"):
        """The object, as an event knows it."""
        self.upload(key, data=data)
        return {"scantling": "1", "event": "created", "store": f"s3://{self.uploads}", "key": key,
                "etag": self.head(self.uploads, key)["etag"], "size": len(data)}  # fmt: skip

    def s3_event(self, *events):
        return {"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": e["store"][5:]}, "object": {"key": e["key"], "eTag": e["etag"], "size": e["size"]}},
        } for e in events]}  # fmt: skip

    def ours(self, event, verdict="corrupt", message="row 3"):
        failure = {"verdict": verdict, "message": message, "time": "2026-01-02T03:04:05.678Z", "permanent": True}
        return {"scantling": "1", "failure": failure, "event": event}

    def deliver(self, *bodies, **attributes):
        """What the queue delivers; the messages that are left."""
        records = [{
            "messageId": f"m-{i}", "receiptHandle": "r", "body": b if isinstance(b, str) else json.dumps(b), "eventSource": "aws:sqs",
            "attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1715677862417"},
            "messageAttributes": {n: {"stringValue": v, "dataType": "String"} for n, v in attributes.items()},
        } for i, b in enumerate(bodies)]  # fmt: skip
        invocation = self.function.invoke(json.dumps({"Records": records}).encode())
        self.assertEqual(invocation.outcome, "answered", invocation.error)
        return [f["itemIdentifier"] for f in json.loads(invocation.answer)["batchItemFailures"]]

    def there(self, bucket):
        return self.store("ls", f"s3://{bucket}").keys

    def item(self, key, version):
        name = f"s3://{self.uploads}/{key}" if key else "(malformed)"
        answer = self.moto.call("DynamoDB_20120810.GetItem", TableName=self.table, Key={"object": {"S": name}, "version": {"S": version}})
        return {n: next(iter(v.values())) for n, v in answer.get("Item", {}).items()}


class Moves(FailedTest):
    def test_a_failed_upload_is_moved_and_noted(self):
        for key in ODD_KEYS:
            event = self.put(key)
            self.assertEqual(self.deliver(self.ours(event, message="ä row 3")), [])
            head = self.head(self.store_name, key)
            self.assertEqual((head["bytes"], head["attributes"]["failed-etag"]), (10, event["etag"]))
            self.assertEqual((head["attributes"]["failed-verdict"], head["attributes"]["failed-message"]), ("corrupt", "?? row 3"))
            item = self.item(key, event["etag"])
            self.assertEqual((item["verdict"], item["message"], item["count"], item["moved_to"]), ("corrupt", "ä row 3", "1", key))
            self.assertEqual((item["first_time"], item["last_time"]), ("2026-01-02T03:04:05.678Z",) * 2)
        self.assertEqual(self.there(self.uploads), [])
        self.assertEqual(self.get(self.store_name, ODD_KEYS[0]), b"no picture")
        self.assertEqual({e["key"] for e in self.events("moved")}, set(ODD_KEYS))

    def test_every_shape_is_read(self):
        dead, redriven, destination = (self.put(k) for k in ("dead", "redriven", "destination"))
        self.deliver(self.s3_event(dead), RequestID="r-9", ErrorCode="200", ErrorMessage="truncated: ends early")
        self.deliver(self.s3_event(redriven))
        envelope = {"requestContext": {"requestId": "r-8", "condition": "RetriesExhausted", "approximateInvokeCount": 3},
                    "requestPayload": self.s3_event(destination), "timestamp": "2026-01-02T03:04:05.678Z",
                    "responsePayload": {"errorMessage": "2026 Task timed out after 3.00 seconds"}}  # fmt: skip
        self.deliver(envelope)
        found = {k: self.item(k, dead["etag"]) for k in ("dead", "redriven", "destination")}
        self.assertEqual({k: i["verdict"] for k, i in found.items()},
                         {"dead": "truncated", "redriven": "exhausted", "destination": "timeout"})  # fmt: skip
        self.assertEqual(found["dead"]["requests"], ["r-9"])
        self.assertEqual((self.there(self.uploads), len(self.there(self.store_name))), ([], 3))

    def test_it_is_a_destination_itself(self):
        envelope = {"requestContext": {"requestId": "r"}, "requestPayload": self.s3_event(self.put("a"))}
        self.assertEqual(self.function.invoke(json.dumps(envelope).encode()).outcome, "answered")
        self.assertEqual(self.there(self.store_name), ["a"])

    def test_what_is_delivered_twice_is_counted_once(self):
        event = self.put("a")
        for _ in range(3):
            self.assertEqual(self.deliver(self.ours(event)), [])
        self.assertEqual(self.item("a", event["etag"])["count"], "1")
        self.deliver(self.ours(event, "io"), RequestID="another")
        item = self.item("a", event["etag"])
        self.assertEqual((item["count"], item["verdict"], item["moved_to"]), ("2", "io", "a"))
        self.assertEqual(sorted(item["requests"]), ["another", "m-0"])
        self.assertEqual(self.there(self.store_name), ["a"])

    def test_items_expire_when_asked_to(self):
        event = self.put("a")
        self.deliver(self.ours(event))
        self.assertNotIn("expires_at", self.item("a", event["etag"]))
        self.function = self.lambda_of("failed", SCANTLING_FAILED_DAYS="30")
        self.deliver(self.ours(self.put("b")))
        days = (int(self.item("b", event["etag"])["expires_at"]) - time.time()) / 86400
        self.assertAlmostEqual(days, 30, places=1)

    def test_the_pipeline_ends_here(self):
        resize = self.lambda_of("resize")
        self.upload("half.jpg", BROKEN)
        self.upload("fine.jpg")
        resize.invoke(self.sqs_event(self.notifications()))
        self.assertEqual(json.loads(self.function.invoke(self.sqs_event(self.receive(self.failed))).answer), {"batchItemFailures": []})
        self.assertEqual((self.there(self.uploads), self.there(self.store_name)), (["fine.jpg"], ["half.jpg"]))
        self.assertEqual(self.get(self.store_name, "half.jpg"), picture(BROKEN))


class Safety(FailedTest):
    def test_another_content_is_left_alone(self):
        event = self.put("a", b"broken")
        self.put("a", b"better")
        self.assertEqual(self.deliver(self.ours(event)), [])
        self.assertEqual((self.get(self.uploads, "a"), self.there(self.store_name)), (b"better", []))
        self.assertEqual(len(self.events("replaced")), 1)
        self.assertEqual(self.item("a", event["etag"])["count"], "1")

    def test_only_that_version_is_moved(self):
        body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        self.moto.request("PUT", f"/{self.uploads}?versioning", body)
        event = self.put("a", b"broken")
        event["version"] = self.head(self.uploads, "a")["version"]
        self.put("a", b"better")
        self.assertEqual(self.deliver(self.ours(event)), [])
        self.assertEqual((self.get(self.uploads, "a"), self.get(self.store_name, "a")), (b"better", b"broken"))
        self.assertEqual(self.item("a", event["version"])["verdict"], "corrupt")
        self.remove(self.uploads, "a")

    def test_failures_of_one_key_do_not_replace_each_other(self):
        for data in (b"one", b"two", b"two"):
            self.deliver(self.ours(self.put("a", data)))
        keys = self.there(self.store_name)
        self.assertEqual(len(keys), 2)
        self.assertEqual({self.get(self.store_name, k) for k in keys}, {b"one", b"two"})
        self.assertEqual(self.there(self.uploads), [])

    def test_without_etag_and_version_nothing_is_moved(self):
        event = self.put("a", b"better")  # than what has failed
        del event["etag"], event["size"]
        self.assertEqual(self.deliver(self.ours(event)), [])
        self.assertEqual((self.get(self.uploads, "a"), self.there(self.store_name)), (b"better", []))
        self.assertEqual((self.item("a", "-")["moved_to"], len(self.events("noted"))), ("", 1))
        self.assertEqual(self.deliver(self.ours({**event, "version": "null"})), [])
        self.assertEqual(self.get(self.uploads, "a"), b"better")

    def test_where_it_went_is_not_forgotten(self):
        body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        self.moto.request("PUT", f"/{self.uploads}?versioning", body)
        event = self.put("a")
        event["version"] = self.head(self.uploads, "a")["version"]
        del event["etag"]
        self.deliver(self.ours(event))
        self.deliver(self.ours(event), RequestID="another")
        item = self.item("a", event["version"])
        self.assertEqual((item["count"], item["moved_to"], len(self.events("gone"))), ("2", "a", 1))

    def test_what_is_gone_is_noted(self):
        event = self.put("a")
        self.remove(self.uploads, "a")
        self.assertEqual(self.deliver(self.ours(event)), [])
        self.assertEqual(self.item("a", event["etag"])["moved_to"], "")
        self.assertEqual(len(self.events("gone")), 1)

    def test_objects_of_others_are_only_noted(self):
        event = self.put("a")
        self.store("put", f"s3://{self.resized}", "a", data=b"no picture")
        event["store"] = f"s3://{self.resized}"
        self.assertEqual(self.deliver(self.ours(event)), [])
        self.assertEqual((self.there(self.resized), self.there(self.store_name)), (["a"], []))

    def test_what_cannot_be_read_is_noted(self):
        self.assertEqual(self.deliver("no event", '{"Event": "s3:TestEvent"}'), [])
        self.assertEqual(self.item("", "m-0")["verdict"], "malformed")

    def test_what_fails_here_is_left_alone(self):
        good, bad = self.put("a"), self.put("b")
        bad["store"] = "s3://uploads-of-nobody"
        self.function = self.lambda_of("failed", SCANTLING_SOURCE=f"s3://{self.uploads},s3://uploads-of-nobody",
                                       SCANTLING_FAILED_TABLE="nobodys")  # fmt: skip
        self.assertEqual(self.deliver(self.ours(good)), ["m-0"])
        self.function = self.lambda_of("failed", SCANTLING_FAILED_STORE="s3://nobodys-bucket")
        self.assertEqual(self.deliver(self.ours(self.put("c"))), ["m-0"])
        self.assertIn("c", self.there(self.uploads))
        self.function = self.lambda_of("failed", SCANTLING_FAILED_TABLE="")
        self.assertEqual(self.deliver(self.ours(self.put("d")), self.ours(good)), [])
        self.assertIn("d", self.there(self.store_name))

    def test_settings_that_are_wrong_fail_the_start(self):
        for name, value, says in (("SCANTLING_SOURCE", "", "SCANTLING_SOURCE"), ("SCANTLING_FAILED_STORE", "", "SCANTLING_FAILED_STORE"),
                                  ("SCANTLING_FAILED_STORE", f"s3://{self.uploads}/x", "overlap")):  # fmt: skip
            invocation = self.lambda_of("failed", **{name: value}).invoke(b"{}")
            self.assertEqual(invocation.outcome, "init_failed", name)
            self.assertIn(says, json.loads(invocation.error)["errorMessage"])


if __name__ == "__main__":
    unittest.main()
