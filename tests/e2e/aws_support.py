"""What the tests of queues and tables share: aws_calls, in a surrounding of its own."""

import json
import os
import subprocess
import sys
import unittest

AWS_CALLS = os.path.abspath(os.environ.get("SCT_AWS_CALLS", ""))
PATIENCE_S = 600  # only so that a hang is a failure
if not os.environ.get("SCT_AWS_CALLS") or not os.path.exists(AWS_CALLS):
    sys.exit("SCT_AWS_CALLS must name the program")


class AwsTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
        self.environment.update(HOME="/nonexistent", AWS_ACCESS_KEY_ID="AKIDTEST", AWS_SECRET_ACCESS_KEY="secret+/=",
                                AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")  # fmt: skip

    def run_call(self, what, **call):
        text = json.dumps({"do": what, **call}) + "\n"
        done = subprocess.run([AWS_CALLS], input=text.encode(), env=self.environment, stdout=subprocess.PIPE,
                              timeout=PATIENCE_S, check=True)  # fmt: skip
        return json.loads(done.stdout)

    def call(self, what, **call):
        """It works."""
        run = self.run_call(what, **call)
        self.assertEqual(run["status"], "ok", run["message"])
        return run["result"]
