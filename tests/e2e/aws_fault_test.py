#!/usr/bin/env python3
"""Queues and tables against a server of ours that fails on demand and checks signatures.

    SCT_AWS_CALLS=build/release/tests/aws_calls python3 tests/e2e/aws_fault_test.py [-v] [Class[.test]]
"""

import json
import sys
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from aws_support import AwsTest  # noqa: E402
from store_server import StoreServer  # noqa: E402


class FaultTest(AwsTest):
    def setUp(self):
        super().setUp()
        self.server = StoreServer()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.queue = self.server.url + "/123456789012/q"

    def asked(self):
        return [operation for operation, _ in self.server.operations]


class Repeats(FaultTest):
    def test_each_passing_fault_is_repeated(self):
        for fault in ("500", "502", "503", "504", "429", "reset", "json:RequestThrottled", "json:ThrottlingException",
                      "json:InternalServerError", "json:ProvisionedThroughputExceededException", "truncate:5"):  # fmt: skip
            self.server.operations.clear()
            self.server.json_faults = [fault]
            self.server.json_answers = [{"Messages": []}] * 2
            self.assertEqual(self.call("receive", queue=self.queue, max=1), [], fault)
            self.assertEqual(self.asked(), ["AmazonSQS.ReceiveMessage"] * 2, fault)

    def test_what_does_not_pass_is_not_repeated(self):
        for code, verdict in (("AccessDeniedException", "denied"), ("QueueDoesNotExist", "not_found"),
                              ("InvalidAddress", "argument"), ("UnrecognizedClientException", "denied")):  # fmt: skip
            self.server.operations.clear()
            self.server.json_faults = ["json:" + code]
            self.assertEqual(self.run_call("measure", queue=self.queue)["status"], verdict)
            self.assertEqual(len(self.asked()), 1)

    def test_a_service_that_stays_away_is_given_up(self):
        self.server.json_faults = ["503"] * 9
        self.assertEqual(self.run_call("update", table="t", key=[["k", "S", "x"]], update="ADD n :n")["status"], "io")

    def test_an_answer_that_is_none_is_told(self):
        for answer in (b"", b"[]", b"{", b"<html>"):
            self.server.json_answers = [answer]
            self.assertEqual(self.run_call("measure", queue=self.queue)["status"], "corrupt", answer)

    def test_the_signature_is_that_of_the_url_s_region(self):
        self.server.region = "eu-west-1"
        self.server.json_answers = [{}]
        self.environment["AWS_ENDPOINT_URL_SQS"] = self.server.url
        for host in ("sqs.eu-west-1.amazonaws.com", "eu-west-1.queue.amazonaws.com", "vpce-1-x.sqs.eu-west-1.vpce.amazonaws.com"):
            self.server.json_answers = [{}]
            self.call("measure", queue=f"https://{host}/1/q")

    def test_a_url_that_is_none_is_refused(self):
        for url in ("q", "https://host", "https:///q", "ftp://h/q", "https://host/"):
            self.assertEqual(self.run_call("measure", queue=url)["status"], "argument", url)


class Batches(FaultTest):
    def test_entries_that_may_pass_are_tried_again(self):
        busy = {"Id": "1", "Code": "InternalError", "SenderFault": False, "Message": "later"}
        self.server.json_answers = [{"Successful": [{"Id": "0"}, {"Id": "2"}], "Failed": [busy]}, {"Successful": [{"Id": "1"}]}]
        results = self.call("delete", queue=self.queue, entries=[{"receipt": r} for r in "abc"])
        self.assertEqual(results, ["ok"] * 3)
        sent = [[e["ReceiptHandle"] for e in body["Entries"]] for _, body in self.server.operations]
        self.assertEqual(sent, [["a", "b", "c"], ["b"]])

    def test_entries_that_are_wrong_or_forgotten_fail(self):
        wrong = {"Id": "0", "Code": "ReceiptHandleIsInvalid", "SenderFault": True, "Message": "no"}
        self.server.json_answers = [{"Successful": [], "Failed": [wrong]}] + [{}] * 3
        run = self.run_call("hide", queue=self.queue, entries=[{"receipt": "a"}, {"receipt": "b"}])
        self.assertEqual(run["status"], "argument")
        self.assertEqual(run["result"], ["ReceiptHandleIsInvalid: no", "the answer is silent about it"])

    def test_a_batch_that_breaks_off_says_what_was_done(self):
        self.server.json_answers = [{"Successful": [{"Id": str(i)} for i in range(10)]}]
        self.server.json_faults = ["", "json:AccessDeniedException"]
        run = self.run_call("send", queue=self.queue, entries=[{"body": "x"}] * 12)
        self.assertEqual(run["status"], "denied")
        self.assertEqual(run["result"][:10], ["ok"] * 10)
        self.assertIn("access denied", run["result"][10])
        self.assertEqual(json.dumps(run["result"]).count("access denied"), 2)


if __name__ == "__main__":
    unittest.main()
