#!/usr/bin/env python3
"""Queues and tables against moto_server, an AWS of other people, through aws_calls. Exit status 77, and a
line that says so, where there is none in PATH.

    SCT_AWS_CALLS=build/release/tests/aws_calls python3 tests/e2e/aws_moto_test.py [-v] [Class[.test]]
"""

import sys

sys.dont_write_bytecode = True  # nothing appears in the source folder

from aws_support import AwsTest  # noqa: E402
from moto_support import main, skip_without_moto  # noqa: E402

skip_without_moto("aws_moto_test")
moto = None  # main starts it


class MotoTest(AwsTest):
    n_names = 0

    def setUp(self):
        super().setUp()
        self.environment["AWS_ENDPOINT_URL"] = moto.url
        MotoTest.n_names += 1
        self.name = f"name{MotoTest.n_names}"


class Queues(MotoTest):
    def setUp(self):
        super().setUp()
        self.queue = moto.make_queue(self.name, VisibilityTimeout="600")

    def send(self, *bodies, **attributes):
        entries = [{"body": b, "attributes": attributes} for b in bodies]
        return self.call("send", queue=self.queue, entries=entries)

    def receive(self, n=10, **more):
        return self.call("receive", queue=self.queue, max=n, **more)

    def depth(self):
        return self.call("measure", queue=self.queue)

    def test_messages_come_as_they_went(self):
        body = "{\"a\": \"ä \\n 漢 \\u0041\"}"
        self.assertEqual(self.send(body, RequestID="r-1", ErrorMessage="ü < 1"), ["ok"])
        (message,) = self.receive()
        self.assertEqual((message["body"], message["n_receives"], message["is_dated"]), (body, 1, True))
        self.assertEqual(message["attributes"], {"RequestID": "r-1", "ErrorMessage": "ü < 1"})
        self.assertEqual(self.receive(), [])

    def test_batches_of_any_size_are_sent_and_deleted(self):
        self.assertEqual(self.send(*(f"m{i}" for i in range(25))), ["ok"] * 25)
        self.assertEqual(self.depth(), [25, 0, 0])
        got = [m for _ in range(3) for m in self.receive()]
        self.assertEqual(sorted(m["body"] for m in got), sorted(f"m{i}" for i in range(25)))
        self.assertEqual(self.depth(), [0, 25, 0])
        results = self.call("delete", queue=self.queue, entries=[{"receipt": m["receipt"]} for m in got])
        self.assertEqual(results, ["ok"] * 25)
        self.assertEqual(self.depth(), [0, 0, 0])

    def test_what_is_handed_back_comes_again(self):
        self.send("m")
        (message,) = self.receive()
        self.call("hide", queue=self.queue, entries=[{"receipt": message["receipt"], "visibility": 0}])
        (again,) = self.receive()
        self.assertEqual((again["id"], again["n_receives"]), (message["id"], 2))

    def test_each_entry_of_a_batch_has_its_own_fate(self):
        self.send("m")
        (message,) = self.receive()
        entries = [{"receipt": "no receipt"}, {"receipt": message["receipt"]}]
        run = self.run_call("delete", queue=self.queue, entries=entries)
        self.assertEqual(run["status"], "argument")
        self.assertEqual(run["result"][1], "ok")
        self.assertIn("ReceiptHandleIsInvalid", run["result"][0])
        self.assertEqual(self.depth(), [0, 0, 0])

    def test_what_is_too_large_leaves_the_others_in_peace(self):
        run = self.run_call("send", queue=self.queue, entries=[{"body": "x" * 262145}, {"body": "y" * 200000}, {"body": "z" * 200000}])
        self.assertEqual((run["status"], run["result"]), ("too_large", ["too large for a message", "ok", "ok"]))

    def test_a_queue_that_is_not_there_is_not_found(self):
        run = self.run_call("receive", queue=moto.url + "/123456789012/nobodys", max=1)
        self.assertEqual(run["status"], "not_found")
        self.assertIn("no such queue", run["message"])


class Tables(MotoTest):
    def setUp(self):
        super().setUp()
        moto.make_table(self.name, "object", "version")
        self.key = [["object", "S", "s3://b/ä b"], ["version", "S", "1"]]

    def count(self, request, table=None):
        return self.run_call("update", table=table or self.name, key=self.key, update="SET #v = :v ADD n :one, requests :r",
                             condition="attribute_not_exists(requests) OR NOT contains(requests, :id)", names=[["#v", "", "verdict"]],
                             values=[[":v", "S", "corrupt"], [":one", "N", "1"], [":r", "SS", request], [":id", "S", request]],
                             )["status"]  # fmt: skip

    def test_a_condition_makes_an_update_idempotent(self):
        for request, status in (("a", "ok"), ("b", "ok"), ("a", "precondition"), ("b", "precondition"), ("c", "ok")):
            self.assertEqual(self.count(request), status)
        key = {name: {kind: text} for name, kind, text in self.key}
        item = moto.call("DynamoDB_20120810.GetItem", TableName=self.name, Key=key)["Item"]
        self.assertEqual((item["n"], item["verdict"]), ({"N": "3"}, {"S": "corrupt"}))
        self.assertEqual(sorted(item["requests"]["SS"]), ["a", "b", "c"])

    def test_a_table_that_is_not_there_is_not_found(self):
        self.assertEqual(self.count("a", table="nobodys"), "not_found")


if __name__ == "__main__":
    main()
