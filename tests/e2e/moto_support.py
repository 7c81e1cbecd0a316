"""moto_server for tests: S3, SQS and DynamoDB of other people, in one process on 127.0.0.1."""

import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

START_S = 60
NOTIFICATION = """<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><QueueConfiguration>
<Queue>{}</Queue><Event>s3:ObjectCreated:*</Event><Event>s3:ObjectRemoved:*</Event></QueueConfiguration></NotificationConfiguration>"""


def skip_without_moto(name):
    if not shutil.which("moto_server"):
        print(f"{name}: SKIPPED: no moto_server in PATH (pip: moto[server])")
        sys.exit(77)


class Moto:
    """One server for all tests, on a port that was free, ended by its own process id. `tls`: the files of a
    certificate, its key, and who has signed it."""

    def __init__(self, tls=None):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        self.trust = ssl.create_default_context(cafile=tls[2]) if tls else None
        self.process = subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", str(port),
                                         *(["-c", tls[0], "-k", tls[1]] if tls else [])],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        deadline = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(self.url + "/moto-api/", timeout=5, context=self.trust).close()
                return
            except (urllib.error.URLError, OSError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    sys.exit("moto_server does not start")
                time.sleep(0.1)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()

    def request(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={"Content-Type": "application/xml"})
        with urllib.request.urlopen(request, timeout=60, context=self.trust) as answer:
            return answer.read()

    def call(self, operation, **body):
        """An operation of a service that speaks JSON: "AmazonSQS.CreateQueue"."""
        service = {"AmazonSQS": "sqs", "DynamoDB_20120810": "dynamodb"}[operation.partition(".")[0]]
        headers = {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": operation,
            "Authorization": f"AWS4-HMAC-SHA256 Credential=k/20240101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0",
        }  # fmt: skip
        request = urllib.request.Request(self.url, data=json.dumps(body).encode(), headers=headers)
        with urllib.request.urlopen(request, timeout=60, context=self.trust) as answer:
            return json.loads(answer.read() or b"{}")

    def make_queue(self, name, **attributes):
        return self.call("AmazonSQS.CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]

    def notify(self, bucket, queue_url):
        """Whatever happens in the bucket is told to the queue."""
        arn = f"arn:aws:sqs:us-east-1:123456789012:{queue_url.rpartition('/')[2]}"
        self.request("PUT", f"/{bucket}?notification", NOTIFICATION.format(arn).encode())

    def make_table(self, name, *keys):
        self.call("DynamoDB_20120810.CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                  KeySchema=[{"AttributeName": k, "KeyType": t} for k, t in zip(keys, ("HASH", "RANGE"))],
                  AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys])  # fmt: skip


def main():
    """The tests of the program that calls, with a server as its `moto`."""
    program = sys.modules["__main__"]
    program.moto = Moto()
    try:
        result = unittest.main(exit=False).result
    finally:
        program.moto.stop()
    sys.exit(not result.wasSuccessful())
