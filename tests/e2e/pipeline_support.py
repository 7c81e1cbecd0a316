"""What the tests of the whole pipeline share: buckets with notifications, queues and pictures on moto_server,
and the programs in a surrounding of their own."""

import json
import os
import sys

from moto_support import Moto
from runtime_stub import RuntimeStub
from store_support import SCANTLING, StoreTest

BOOTSTRAP = os.path.abspath(os.environ.get("SCT_BOOTSTRAP", ""))
CORPUS = os.environ.get("SCT_CORPUS", "")
VARIANTS = json.dumps({"variants": [{"name": "large", "size": 300}, {"name": "small", "size": 100}]})
PHOTO, BROKEN = "natural_420_640x480.jpg", "bad/truncated_mid_scan_420.jpg"
ODD_KEYS = ["a b.jpg", "a+b.jpg", "a%2Fb%.jpg", "ä/漢字/😀.jpg", "a&b=c?d#e.jpg", "~-_..jpg", "'\"<>.jpg", "x/y/z.jpg"]


def check_programs():
    for name in ("SCT_BOOTSTRAP", "SCANTLING", "SCT_CORPUS"):
        if not os.path.exists(os.environ.get(name, "")):
            sys.exit(f"{name} must name something that exists")


def picture(name=PHOTO):
    with open(os.path.join(CORPUS, name), "rb") as f:
        return f.read()


class PipelineTest(StoreTest):
    """Each test has buckets and queues of its own, on one server."""

    moto = None
    n_tests = 0

    @classmethod
    def setUpClass(cls):
        cls.moto = Moto()
        cls.addClassCleanup(cls.moto.stop)

    def setUp(self):
        super().setUp()
        PipelineTest.n_tests += 1
        n = PipelineTest.n_tests
        self.uploads, self.resized = f"uploads{n}", f"resized{n}"
        for bucket in (self.uploads, self.resized):
            self.moto.request("PUT", "/" + bucket)
        self.queue = self.moto.make_queue(f"work{n}")
        self.failed = self.moto.make_queue(f"failed{n}")
        self.moto.notify(self.uploads, self.queue)
        self.environment.update(
            AWS_ENDPOINT_URL=self.moto.url, SCANTLING_TARGET=f"s3://{self.resized}", SCANTLING_FAILED=self.failed,
            SCANTLING_VARIANTS=VARIANTS, AWS_LAMBDA_LOG_FORMAT="JSON",
        )  # fmt: skip

    # ---- objects

    def upload(self, key, name=PHOTO, data=None):
        self.store("put", f"s3://{self.uploads}", key, data=picture(name) if data is None else data)

    def remove(self, bucket, key):
        self.store("rm", f"s3://{bucket}", key)

    def get(self, bucket, key):
        return self.store("get", f"s3://{bucket}", key).stdout

    def head(self, bucket, key):
        """What is known of an object that is there."""
        return self.store("head", f"s3://{bucket}", key).objects[0]

    def outputs(self):
        return self.store("ls", f"s3://{self.resized}").keys

    # ---- queues

    def receive(self, queue):
        """All messages that are there; they stay for a while."""
        found = []
        while True:
            more = self.moto.call("AmazonSQS.ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10,
                                  MessageAttributeNames=["All"], AttributeNames=["All"]).get("Messages", [])  # fmt: skip
            if not more:
                return found
            found += more

    def depth(self, queue):
        a = self.moto.call("AmazonSQS.GetQueueAttributes", QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        return int(a["ApproximateNumberOfMessages"]) + int(a["ApproximateNumberOfMessagesNotVisible"])

    def notifications(self):
        """What S3 has said so far, without its test event."""
        return [m for m in self.receive(self.queue) if "s3:TestEvent" not in m["Body"]]

    def sqs_event(self, messages):
        """What Lambda is invoked with for messages of a queue."""
        return json.dumps({"Records": [
            {"messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"], "body": m["Body"], "eventSource": "aws:sqs",
             "awsRegion": "us-east-1", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:work"}
            for m in messages]}).encode()  # fmt: skip

    # ---- programs

    def lambda_of(self, handler, **environment):
        log = open(os.path.join(self.folder, "log"), "ab")  # closed with the test's folder
        self.addCleanup(log.close)
        stub = RuntimeStub([BOOTSTRAP], handler=handler, environment={**self.environment, **environment}, timeout_s=60,
                           stdout=log, stderr=log)  # fmt: skip
        stub.__enter__()
        self.addCleanup(stub.stop)
        return stub

    def log(self):
        """The lines that functions have written so far."""
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.startswith("{")]

    def events(self, name):
        return [line for line in self.log() if line.get("event") == name]


__all__ = ["BOOTSTRAP", "BROKEN", "ODD_KEYS", "PHOTO", "PipelineTest", "SCANTLING", "VARIANTS", "check_programs", "picture"]
