#!/usr/bin/env python3
"""The pipeline over buckets and queues: an upload, its notification, a function, smaller pictures; and what
happens to all that goes wrong. Against moto_server; exit status 77, and a line that says so, where there is none.

    SCANTLING=build/release/driver/scantling SCT_BOOTSTRAP=build/release/driver/lambda/bootstrap \\
        SCT_CORPUS=build/release/corpus python3 tests/e2e/pipeline_moto_test.py [-v] [Class[.test]]
"""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True  # nothing appears in the source folder

from moto_support import skip_without_moto  # noqa: E402

skip_without_moto("pipeline_moto_test")

from pipeline_support import BROKEN, ODD_KEYS, PHOTO, SCANTLING, PipelineTest, check_programs, picture  # noqa: E402

check_programs()
N_AT_ONCE = 16


class Resize(PipelineTest):
    def setUp(self):
        super().setUp()
        self.function = self.lambda_of("resize")

    def work_off(self):
        """All notifications, in one batch, as Lambda gets them; the answer."""
        invocation = self.function.invoke(self.sqs_event(self.notifications()))
        self.assertEqual(invocation.outcome, "answered", invocation.error)
        return json.loads(invocation.answer)

    def test_an_upload_becomes_its_variants(self):
        self.upload("2024/a.jpg")
        self.assertEqual(self.work_off(), {"batchItemFailures": []})
        self.assertEqual(self.outputs(), ["2024/a.jpg/large.jpg", "2024/a.jpg/small.jpg"])
        head = self.head(self.resized, "2024/a.jpg/large.jpg")
        self.assertEqual(head["content_type"], "image/jpeg")
        self.assertEqual(head["cache_control"], "public, max-age=31536000, immutable")
        self.assertEqual(head["attributes"]["scantling-etag"], self.head(self.uploads, "2024/a.jpg")["etag"])
        made = self.events("made")
        self.assertEqual([(m["key"], m["verdict"], m["outputs"]) for m in made], [("2024/a.jpg", "ok", 2)])

    def test_odd_keys_are_keys(self):
        keys = ODD_KEYS + ["k" * (1024 - len(".jpg/large.jpg") - 7) + ".jpg"]
        for key in keys:
            self.upload(key)
        self.assertEqual(self.work_off(), {"batchItemFailures": []})
        wanted = [f"{key}/{name}.jpg" for key in keys for name in ("large", "small")]
        self.assertEqual(sorted(self.outputs()), sorted(wanted))

    def test_what_cannot_be_a_picture_goes_to_the_failure_queue_once(self):
        self.upload("half.jpg", BROKEN)
        self.upload("fine.jpg")
        self.upload("text.jpg", data=b"no picture at all")
        self.assertEqual(self.work_off(), {"batchItemFailures": []})
        self.assertEqual(self.outputs(), ["fine.jpg/large.jpg", "fine.jpg/small.jpg"])
        failures = {json.loads(m["Body"])["failure"]["verdict"]: m for m in self.receive(self.failed)}
        self.assertEqual(sorted(failures), ["not_an_image", "truncated"])
        failure = json.loads(failures["truncated"]["Body"])
        self.assertEqual(failure["event"]["key"], "half.jpg")
        self.assertEqual(failures["truncated"]["MessageAttributes"]["ErrorCode"]["StringValue"], "truncated")

    def test_the_same_event_again_does_nothing(self):
        self.upload("a.jpg")
        event = self.sqs_event(self.notifications())
        self.function.invoke(event)
        before = self.head(self.resized, "a.jpg/large.jpg")
        for _ in range(3):
            self.assertEqual(json.loads(self.function.invoke(event).answer), {"batchItemFailures": []})
        self.assertEqual(self.head(self.resized, "a.jpg/large.jpg"), before)
        self.assertEqual(len(self.events("current")), 3)

    def test_an_older_event_does_not_undo_a_newer_one(self):
        events = []
        for sequencer, name in (("0055AED6DCD90281E5", PHOTO), ("0055AED6DCD90281E6", "natural_gray_33x31_progressive.jpg")):
            self.upload("a.jpg", name)  # moto_server's events have no sequencers
            event = json.loads(self.notifications()[0]["Body"])
            event["Records"][0]["s3"]["object"].update(sequencer=sequencer, eTag=self.head(self.uploads, "a.jpg")["etag"])
            events.append(json.dumps(event).encode())
        self.function.invoke(events[1])
        etag = self.head(self.resized, "a.jpg/large.jpg")["etag"]
        self.function.invoke(events[0])
        self.assertEqual(self.head(self.resized, "a.jpg/large.jpg")["etag"], etag)
        self.assertEqual(len(self.events("stale")), 1)

    def test_an_upload_that_is_replaced_is_made_again(self):
        self.upload("a.jpg")
        self.work_off()
        etag = self.head(self.resized, "a.jpg/large.jpg")["etag"]
        self.upload("a.jpg", "natural_gray_33x31_progressive.jpg")
        self.work_off()
        self.assertNotEqual(self.head(self.resized, "a.jpg/large.jpg")["etag"], etag)

    def test_sixteen_at_once_write_each_output_once(self):
        self.upload("a.jpg")
        event = self.sqs_event(self.notifications())
        functions = [self.lambda_of("resize") for _ in range(N_AT_ONCE)]
        sent = [f.send(event) for f in functions]
        for invocation in sent:
            self.assertTrue(invocation.done.wait(600))
            self.assertEqual(json.loads(invocation.answer), {"batchItemFailures": []})
        self.assertEqual(sum(m["outputs"] for m in self.events("made")), 2)

    def test_what_is_wrong_with_the_target_is_no_failure_of_the_picture(self):
        self.upload("a.jpg")
        function = self.lambda_of("resize", SCANTLING_TARGET=f"s3://not-there-{self.n_tests}")
        messages = self.notifications()
        answer = json.loads(function.invoke(self.sqs_event(messages)).answer)
        self.assertEqual([f["itemIdentifier"] for f in answer["batchItemFailures"]], [m["MessageId"] for m in messages])
        self.assertEqual(self.depth(self.failed), 0)

    def test_what_may_pass_is_handed_back_alone(self):
        self.upload("a.jpg")
        messages = self.notifications()
        lost = dict(messages[0], MessageId="other", Body=messages[0]["Body"].replace(self.uploads, "refused-" + self.uploads))
        self.environment["SCANTLING_SOURCE"] = ""
        answer = json.loads(self.function.invoke(self.sqs_event([lost, messages[0]])).answer)
        self.assertEqual(answer, {"batchItemFailures": [{"itemIdentifier": "other"}]})  # of a bucket that is not there nothing is known
        self.assertEqual(self.outputs(), ["a.jpg/large.jpg", "a.jpg/small.jpg"])

    def test_no_event_has_a_file_of_this_machine_published(self):
        event = {"scantling": "1", "event": "created", "store": "file://" + self.folder, "key": "a.jpg"}
        with open(os.path.join(self.folder, "a.jpg"), "wb") as f:
            f.write(picture())
        self.assertEqual(json.loads(self.function.invoke(json.dumps(event).encode()).answer), {"records": 1})
        self.assertEqual(self.outputs(), [])
        self.assertEqual(json.loads(self.receive(self.failed)[0]["Body"])["failure"]["verdict"], "argument")

    def test_outputs_are_no_uploads(self):
        event = {"scantling": "1", "event": "created", "store": f"s3://{self.resized}", "key": "a.jpg/large.jpg"}
        self.assertEqual(json.loads(self.function.invoke(json.dumps(event).encode()).answer), {"records": 1})
        self.assertEqual([e["key"] for e in self.events("ignored")], ["a.jpg/large.jpg"])
        self.assertEqual((self.outputs(), self.depth(self.failed)), ([], 0))

    def test_malformed_messages_are_failures_and_others_are_not(self):
        self.upload("a.jpg")
        messages = self.notifications()
        bad = dict(messages[0], MessageId="bad", Body='{"Records": [{"eventVersion": "2.1", "s3": {}}]}')
        self.assertEqual(json.loads(self.function.invoke(self.sqs_event([bad, messages[0]])).answer), {"batchItemFailures": []})
        self.assertEqual(len(self.outputs()), 2)
        self.assertEqual(json.loads(self.receive(self.failed)[0]["Body"])["failure"]["verdict"], "malformed")

    def test_events_without_a_queue_raise_what_may_pass(self):
        self.upload("a.jpg")
        event = self.notifications()[0]["Body"].encode()
        refused = self.lambda_of("resize", AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")  # nothing listens there
        invocation = refused.invoke(event)
        self.assertEqual(invocation.outcome, "failed")
        self.assertRegex(invocation.error_type, r"^Function\.[A-Z]")
        self.assertTrue(json.loads(invocation.error)["errorMessage"].startswith("io: a.jpg: "))
        self.assertEqual(json.loads(self.function.invoke(event).answer), {"records": 1})

    def test_without_time_it_is_handed_back(self):
        self.upload("a.jpg")
        messages = self.notifications()
        invocation = self.function.invoke(self.sqs_event(messages), timeout_s=0.6)
        if invocation.outcome == "answered":  # it may also have been too late for any answer
            failures = json.loads(invocation.answer)["batchItemFailures"]
            self.assertEqual(failures, [{"itemIdentifier": messages[0]["MessageId"]}])
        self.assertEqual(self.outputs(), [])
        self.assertEqual(json.loads(self.function.invoke(self.sqs_event(messages)).answer), {"batchItemFailures": []})
        self.assertEqual(len(self.outputs()), 2)

    def test_outputs_go_with_their_source_when_asked_to(self):
        mirror = self.lambda_of("resize", SCANTLING_MIRROR_DELETES="1")
        self.upload("a.jpg")
        mirror.invoke(self.sqs_event(self.notifications()))
        self.assertEqual(len(self.outputs()), 2)
        self.remove(self.uploads, "a.jpg")
        gone = {"scantling": "1", "event": "removed", "store": f"s3://{self.uploads}", "key": "a.jpg"}
        self.function.invoke(json.dumps(gone).encode())
        self.assertEqual(len(self.outputs()), 2)
        mirror.invoke(json.dumps(gone).encode())
        self.assertEqual(self.outputs(), [])

    def test_metrics_are_in_the_log(self):
        self.upload("a.jpg")
        self.work_off()
        metrics = [line for line in self.log() if "_aws" in line]
        self.assertEqual(len(metrics), 1)
        self.assertEqual((metrics[0]["Verdict"], metrics[0]["Records"], metrics[0]["Outputs"]), ("ok", 1, 2))

    def test_settings_that_are_wrong_fail_the_start(self):
        for environment, says in (({"SCANTLING_TARGET": ""}, "SCANTLING_TARGET"), ({"SCANTLING_VARIANTS": "{}"}, "variants"),
                                  ({"SCANTLING_MIRROR_DELETES": "perhaps"}, "SCANTLING_MIRROR_DELETES"),
                                  ({"SCANTLING_SOURCE": f"s3://{self.resized}/x"}, "overlap")):  # fmt: skip
            invocation = self.lambda_of("resize", **environment).invoke(b"{}")
            self.assertEqual(invocation.outcome, "init_failed", environment)
            self.assertIn(says, json.loads(invocation.error)["errorMessage"])


class Render(PipelineTest):
    def setUp(self):
        super().setUp()
        self.function = self.lambda_of("render", SCANTLING_SOURCE=f"s3://{self.uploads}")

    def ask(self, key, method="GET", function=None, path=None):
        path = path or "/" + urllib.parse.quote(key)
        request = {"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {},
                   "requestContext": {"http": {"method": method, "path": path}}, "isBase64Encoded": False}  # fmt: skip
        invocation = (function or self.function).invoke(json.dumps(request).encode())
        self.assertEqual(invocation.outcome, "answered", invocation.error)
        answer = json.loads(invocation.answer)
        body = answer.get("body", "")
        return answer["statusCode"], answer["headers"], base64.b64decode(body) if answer.get("isBase64Encoded") else body

    def test_what_is_first_asked_for_is_made_and_kept(self):
        for key in ("a.jpg", "2024/ä b+c%.jpg"):
            self.upload(key)
            status, headers, body = self.ask(key + "/small.jpg")
            self.assertEqual((status, headers["content-type"]), (200, "image/jpeg"))
            self.assertEqual(headers["cache-control"], "public, max-age=31536000, immutable")
            self.assertEqual(body, self.get(self.resized, key + "/small.jpg"))
            self.assertEqual(self.ask(key + "/small.jpg")[2], body)
        self.assertEqual(len(self.events("rendered")), 2)
        self.assertEqual(sorted(self.outputs()), ["2024/ä b+c%.jpg/small.jpg", "a.jpg/small.jpg"])

    def test_only_what_variants_name_is_made(self):
        self.upload("a.jpg")
        for key in ("a.jpg", "a.jpg/huge.jpg", "a.jpg/small.gif", "small.jpg", "", "a.jpg/small.jpg/", "../a.jpg/small.jpg",
                    "b.jpg/small.jpg", "k" * 2000 + "/small.jpg"):  # fmt: skip
            self.assertEqual(self.ask(key)[0], 404, key)
        for path in ("/a%2", "/a%2gjpg/small.jpg", "/100%.jpg/small.jpg", "/a.jpg%00/small.jpg"):
            self.assertEqual(self.ask(None, path=path)[0], 404, path)
        self.assertEqual(self.outputs(), [])
        self.assertEqual(self.ask("a.jpg/small.png")[0], 404)  # which it is not
        self.assertEqual(self.ask("a.jpg/small.jpg", "POST")[0], 405)

    def test_broken_pictures_are_unprocessable(self):
        self.upload("half.jpg", BROKEN)
        status, headers, body = self.ask("half.jpg/small.jpg")
        self.assertEqual((status, json.loads(body)), (422, {"error": "truncated"}))
        self.assertIn("max-age", headers["cache-control"])

    def test_a_head_has_no_body(self):
        self.upload("a.jpg")
        for _ in range(2):  # made for it, and there already
            status, headers, body = self.ask("a.jpg/small.jpg", "HEAD")
            self.assertEqual((status, body), (200, b""))
            self.assertEqual(int(headers["content-length"]), len(self.get(self.resized, "a.jpg/small.jpg")))

    def test_what_is_too_large_for_an_answer_is_somewhere_else(self):
        self.upload("a.jpg")
        self.ask("a.jpg/large.jpg")
        self.store("put", f"s3://{self.resized}", "a.jpg/large.jpg", data=bytes(5 << 20))
        urls = {}
        for method in ("GET", "HEAD"):
            status, headers, _ = self.ask("a.jpg/large.jpg", method)
            self.assertEqual((status, headers["cache-control"]), (302, "no-store"))
            urls[method] = headers["location"]
            self.assertIn("X-Amz-Signature=", urls[method])
        self.assertNotEqual(*(url.rpartition("X-Amz-Signature=")[2] for url in urls.values()))

    def test_a_template_that_hides_the_source_is_refused(self):
        invocation = self.lambda_of("render", SCANTLING_SOURCE=f"s3://{self.uploads}", SCANTLING_KEY="{stem}-{name}.{ext}").invoke(b"{}")
        self.assertEqual(invocation.outcome, "init_failed")
        self.assertIn("{file}", json.loads(invocation.error)["errorMessage"])


class Survey(PipelineTest):
    def command(self, *words, expect=0):
        done = subprocess.run([SCANTLING, *words, "--json"], env=self.environment, cwd=self.folder, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)  # fmt: skip
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def words(self, name, *more):
        return [name, "--source", f"s3://{self.uploads}", *more]

    def fill(self, n=12):
        keys = [f"{i % 3}/{i:02}.jpg" for i in range(n)]
        for key in keys:
            self.upload(key, "exif_gps_le.jpg")
        self.receive(self.queue)
        return sorted(keys)

    def test_backfill_makes_what_is_missing(self):
        keys = self.fill()
        self.upload("x.txt", data=b"text")
        sums = self.command(*self.words("backfill", "--no-sandbox", "-j", "4"), expect=1)[-1]
        self.assertEqual((sums["seen"], sums["fine"], sums["failed"]), (13, 12, 1))
        self.assertEqual(len(self.outputs()), 24)
        self.assertEqual(self.depth(self.failed), 1)
        again = self.command(*self.words("backfill", "--no-sandbox", "--prefix", "1/"))
        self.assertEqual([o["event"] for o in again], ["current"] * 4 + ["complete"])
        self.assertEqual([o["key"] for o in again[:-1]], [k for k in keys if k.startswith("1/")])

    def test_folders_are_stores_too(self):
        folder = os.path.join(self.folder, "uploads")
        for name in ("a.jpg", "x/b.jpg"):
            self.write("uploads/" + name, "")
            with open(os.path.join(folder, name), "wb") as f:
                f.write(picture())
        words = ("--target", "./made", "--no-sandbox")
        self.environment.pop("SCANTLING_TARGET")
        self.assertEqual(self.command("backfill", "--source", "uploads", *words)[-1]["fine"], 2)
        url = f"file://{folder}/"  # another spelling of the same
        self.assertEqual([o["event"] for o in self.command("backfill", "--source", url, *words)], ["current", "current", "complete"])
        self.assertEqual(self.command("verify", "--source", url, "--target", "made")[-1]["complete"], 2)
        done = subprocess.run([SCANTLING, "backfill", "--source", "uploads", "--target", "bucket"], env=self.environment,
                              cwd=self.folder, timeout=600, stderr=subprocess.PIPE, check=False)  # fmt: skip
        self.assertEqual((done.returncode, os.path.exists(os.path.join(self.folder, "bucket"))), (2, False))
        self.assertIn(b"'bucket' is not s3://bucket/prefix", done.stderr)
        for target in ("./uploads/made", f"file://{folder}/new/folder", "."):
            done = subprocess.run([SCANTLING, "backfill", "--source", "uploads", "--target", target], env=self.environment,
                                  cwd=self.folder, timeout=600, stderr=subprocess.PIPE, check=False)  # fmt: skip
            self.assertEqual(done.returncode, 2, target)
            self.assertIn(b"overlap", done.stderr)

    def test_a_folder_that_is_a_source_is_that_folder_alone(self):
        self.write("uploads/a.jpg", "")
        self.write("private/b.jpg", "")
        with open(os.path.join(self.folder, "private", "b.jpg"), "wb") as f:
            f.write(picture())
        source = f"file://{self.folder}/uploads"
        function = self.lambda_of("resize", SCANTLING_SOURCE=source)
        for store in (source + "/../private", source + "/%2e%2e/private", f"file://{self.folder}/private"):
            event = {"scantling": "1", "event": "created", "store": store, "key": "b.jpg"}
            self.assertEqual(json.loads(function.invoke(json.dumps(event).encode()).answer), {"records": 1})
        self.assertEqual(self.outputs(), [])
        verdicts = [json.loads(m["Body"])["failure"]["verdict"] for m in self.receive(self.failed)]
        self.assertEqual(verdicts, ["argument"] * 3)

    def test_a_target_that_is_not_there_is_found_at_the_start(self):
        self.upload("a.jpg")
        target = f"s3://not-there-{self.n_tests}"
        for command in ("backfill", "verify"):
            done = subprocess.run([SCANTLING, command, "--source", f"s3://{self.uploads}", "--target", target, "--failed", self.failed],
                                  env=self.environment, timeout=600, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # fmt: skip
            self.assertNotEqual(done.returncode, 0, command)
            self.assertIn(f"{target}: there is no such bucket", done.stdout.decode())
        self.assertEqual(self.depth(self.failed), 0)

    def test_a_state_belongs_to_its_target_and_variants(self):
        self.upload("a.jpg")
        state = os.path.join(self.folder, "state")
        with open(state, "w", encoding="utf-8") as f:
            json.dump({"source": f"s3://{self.uploads}", "prefix": "", "wanted": "s3://another", "after": "z", "seen": 9}, f)
        done = subprocess.run([SCANTLING, *self.words("backfill", "--no-sandbox", "--state", state)], env=self.environment, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # fmt: skip
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("is no state of this survey", done.stdout.decode())

    def test_a_queue_is_not_redriven_to_itself(self):
        for command in ("redrive", "backfill"):
            done = subprocess.run([SCANTLING, command, "--failed", self.failed, "--queue", self.failed, "--source", f"s3://{self.uploads}"],
                                  env=self.environment, timeout=600, stderr=subprocess.PIPE, check=False)  # fmt: skip
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"--failed is --queue", done.stderr)

    def test_backfill_puts_events_on_a_queue_that_the_function_reads(self):
        keys = self.fill()
        queue = self.moto.make_queue(f"backfill{self.n_tests}")
        self.assertEqual(self.command(*self.words("backfill", "--queue", queue))[-1]["queued"], 12)
        messages = self.receive(queue)
        self.assertEqual(sorted(json.loads(m["Body"])["key"] for m in messages), keys)
        answer = self.lambda_of("resize").invoke(self.sqs_event(messages)).answer
        self.assertEqual(json.loads(answer), {"batchItemFailures": []})
        self.assertEqual(len(self.outputs()), 24)

    def test_backfill_goes_on_where_it_was_stopped(self):
        keys = self.fill(60)
        state = os.path.join(self.folder, "state")
        process = subprocess.Popen([SCANTLING, *self.words("backfill", "--no-sandbox", "--state", state)], env=self.environment,
                                   stdout=subprocess.PIPE)  # fmt: skip
        for _ in range(5):
            process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=600)
        self.assertEqual(process.returncode, 1)
        with open(state, encoding="utf-8") as f:
            after = json.load(f)["after"]
        rest = self.command(*self.words("backfill", "--no-sandbox", "--state", state))
        self.assertEqual(rest[0]["event"], "resumed")
        self.assertEqual([o["key"] for o in rest[1:-1]], [k for k in keys if k > after])
        self.assertEqual(rest[-1]["seen"], 60)
        self.assertEqual(len(self.outputs()), 120)
        self.assertFalse(os.path.exists(state))

    def test_verify_lists_what_is_missing_and_what_is_old(self):
        self.fill(4)
        self.command(*self.words("backfill", "--no-sandbox"))
        self.assertEqual(self.command(*self.words("verify"))[-1]["complete"], 4)
        self.remove(self.resized, "0/00.jpg/small.jpg")
        self.upload("1/01.jpg")
        self.remove(self.resized, "2/02.jpg/large.jpg")
        found = self.command(*self.words("verify"), expect=1)
        self.assertEqual(sorted(o["output"] for o in found if o["event"] == "missing"),
                         ["0/00.jpg/small.jpg", "1/01.jpg/large.jpg", "1/01.jpg/small.jpg", "2/02.jpg/large.jpg"])  # fmt: skip
        self.assertEqual(len(self.outputs()), 6)

    def test_a_dry_run_of_redrive_hides_nothing(self):
        function = self.lambda_of("resize")
        for key, data in (("a.jpg", b"text"), ("b.jpg", picture(BROKEN))):
            self.upload(key, data=data)
        function.invoke(self.sqs_event(self.notifications()))
        self.assertEqual(self.depth(self.failed), 2)
        queue = self.moto.make_queue(f"again{self.n_tests}")
        words = ("redrive", "--failed", self.failed, "--queue", queue, "--verdict", "truncated")
        self.assertEqual([o["event"] for o in self.command(*words, "--dry-run")].count("would_send"), 1)
        self.assertEqual((self.depth(queue), self.depth(self.failed)), (0, 2))
        self.assertEqual(self.command(*words)[-1]["sent"], 1)  # at once: nothing has been hidden

    def test_redrive_tells_what_it_cannot_get(self):
        function = self.lambda_of("resize")
        self.upload("a.jpg", data=b"text")
        function.invoke(self.sqs_event(self.notifications()))
        self.receive(self.failed)  # by somebody who keeps it
        queue = self.moto.make_queue(f"again{self.n_tests}")
        *_, complete, trouble = self.command("redrive", "--failed", self.failed, "--queue", queue)
        self.assertEqual((complete["sent"], complete["hidden"], trouble["event"]), (0, 1, "trouble"))

    def test_redrive_leaves_what_is_not_wanted(self):
        function = self.lambda_of("resize")
        for key, data in (("a.jpg", b"text"), ("b.jpg", picture(BROKEN))):
            self.upload(key, data=data)
        function.invoke(self.sqs_event(self.notifications()))
        queue = self.moto.make_queue(f"again{self.n_tests}")
        self.assertEqual(self.command("redrive", "--failed", self.failed, "--queue", queue, "--verdict", "truncated")[-1]["sent"], 1)
        self.assertEqual((self.depth(queue), self.depth(self.failed)), (1, 1))
        self.upload("b.jpg")
        self.receive(self.queue)
        self.assertEqual(json.loads(function.invoke(self.sqs_event(self.receive(queue))).answer), {"batchItemFailures": []})
        self.assertEqual(self.outputs(), ["b.jpg/large.jpg", "b.jpg/small.jpg"])


if __name__ == "__main__":
    unittest.main()
