#!/usr/bin/env python3
"""deploy/terraform/examples/minimal, applied to moto_server: pictures go through the stack's own buckets, queues
and table, by the environment that Terraform gave its functions; then all of it is destroyed. Minutes, so not part of ctest. Exit
status 77, and a line that says so, without moto_server, Terraform or its AWS provider. `ci/e2e --deploy` starts it.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import zipfile

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import skip_without_moto  # noqa: E402

skip_without_moto("deploy_moto_test")

from pipeline_support import BOOTSTRAP, BROKEN, PipelineTest, check_programs  # noqa: E402

check_programs()

MODULE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "terraform")
PATIENCE_S = 900  # only so that a hang is a failure
SERVICES = ("s3", "sqs", "sns", "iam", "sts", "lambda", "dynamodb", "cloudwatch", "cloudwatchlogs", "events")

# Laid over the example. moto_server's mappings take messages from queues and lose them: we are the mappings.
PROVIDER = """provider "aws" {
  region                      = "us-east-1"
  access_key                  = "k"
  secret_key                  = "s"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  endpoints {
%s
  }
}
"""
NO_MAPPINGS = """resource "aws_lambda_event_source_mapping" "%s" {
  count = 0
}
"""


def skip(why):
    print(f"deploy_moto_test: SKIPPED: {why}")
    sys.exit(77)


class Stack:
    """The example, in a copy of the module."""

    def __init__(self, folder, url):
        self.folder = os.path.join(folder, "terraform", "examples", "minimal")
        shutil.copytree(MODULE, os.path.join(folder, "terraform"), ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        self.environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
        self.find_provider(folder)
        package = os.path.join(folder, "package.zip")
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as z:
            z.write(BOOTSTRAP, "bootstrap")
        self.variables = [f"-var=package_file={package}", "-var=force_destroy=true"]
        endpoints = "\n".join(f'    {service} = "{url}"' for service in SERVICES)
        self.write("override.tf", PROVIDER % endpoints)
        self.write("../../override.tf", NO_MAPPINGS % "work" + NO_MAPPINGS % "failures")

    def find_provider(self, folder):
        if os.path.isfile(os.environ.get("TF_CLI_CONFIG_FILE", "")):
            return
        self.environment.pop("TF_CLI_CONFIG_FILE", None)
        for mirror in [os.environ.get("SCT_TF_MIRROR", ""), *glob.glob("/usr/*/terraform/*"), *glob.glob("/opt/*")]:
            if mirror and os.path.isdir(os.path.join(mirror, "registry.terraform.io/hashicorp/aws")):
                path = os.path.join(folder, "terraformrc")
                with open(path, "w", encoding="utf-8") as f:
                    f.write(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
                self.environment["TF_CLI_CONFIG_FILE"] = path
                return

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def run(self, *words):
        return subprocess.run(["terraform", *words, "-no-color"], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_S, check=False)  # fmt: skip

    def change(self, *words):
        """apply or destroy; prints how much, and how long it took."""
        start = time.monotonic()
        done = self.run(*words, "-auto-approve", "-input=false", *self.variables)
        if done.returncode != 0:
            sys.exit(f"terraform {words[0]}:\n{done.stdout}")
        summary = next(line for line in done.stdout.splitlines() if "complete!" in line)
        print(f"deploy_moto_test: {summary} ({time.monotonic() - start:.0f} s)", flush=True)

    def outputs(self):
        return json.loads(self.run("output", "-json").stdout)["scantling"]["value"]


class DeployTest(PipelineTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.mkdtemp(prefix="scantling-stack-")
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.stack = Stack(folder, cls.moto.url)
        if cls.stack.run("init", "-input=false").returncode != 0:
            skip("the AWS provider is neither in a mirror nor to be had from the registry")
        cls.stack.change("apply")
        cls.addClassCleanup(cls.stack.change, "destroy")
        cls.names = cls.stack.outputs()

    def setUp(self):
        super().setUp()
        self.uploads, self.resized = self.names["buckets"]["uploads"], self.names["buckets"]["resized"]
        self.queue, self.failed = self.names["work_queue_url"], self.names["failure_queue_url"]
        for name in [name for name in self.environment if name.startswith("SCANTLING_")]:
            del self.environment[name]  # Terraform says all of it

    def open_for_plain_http(self):
        """The buckets refuse what does not come over TLS, as this server would not."""
        self.store("put", f"s3://{self.uploads}", "a.jpg", expect=3)
        for bucket in self.names["buckets"].values():
            self.moto.request("DELETE", f"/{bucket}?policy")

    def deployed(self, function):
        """A function with the handler and the environment that it was deployed with."""
        url = f"{self.moto.url}/2015-03-31/functions/{self.names['functions'][function]}"
        scope = "Credential=k/20240101/us-east-1/lambda/aws4_request"  # by which the server tells its services apart
        authorization = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
        with urllib.request.urlopen(urllib.request.Request(url, headers=authorization), timeout=60) as answer:
            configuration = json.load(answer)["Configuration"]
        self.assertEqual(configuration["Architectures"], ["arm64"])
        return self.lambda_of(configuration["Handler"], **configuration["Environment"]["Variables"])

    def work_off(self, function, messages):
        invocation = function.invoke(self.sqs_event(messages))
        self.assertEqual(invocation.outcome, "answered", invocation.error)
        self.assertEqual(json.loads(invocation.answer), {"batchItemFailures": []})

    def test_an_upload_becomes_its_pictures_and_a_broken_one_a_failure(self):
        self.open_for_plain_http()
        self.upload("2024/a b.jpg")
        self.upload("2024/broken.jpg", BROKEN)
        self.work_off(self.deployed("resize"), self.notifications())
        self.assertEqual(self.outputs(), ["2024/a b.jpg/large.jpg", "2024/a b.jpg/small.jpg"])

        failures = self.receive(self.failed)
        self.assertEqual(len(failures), 1)
        self.work_off(self.deployed("failed"), failures)
        self.assertEqual(self.store("ls", f"s3://{self.names['buckets']['failed']}").keys, ["2024/broken.jpg"])
        self.assertEqual(self.store("ls", f"s3://{self.uploads}").keys, ["2024/a b.jpg"])
        items = self.moto.call("DynamoDB_20120810.Scan", TableName=self.names["failure_table"])["Items"]
        self.assertEqual([(i["object"]["S"], i["verdict"]["S"]) for i in items],
                         [(f"s3://{self.uploads}/2024/broken.jpg", "truncated")])  # fmt: skip


if __name__ == "__main__":
    if not shutil.which("terraform"):
        skip("no terraform in PATH")
    unittest.main()
