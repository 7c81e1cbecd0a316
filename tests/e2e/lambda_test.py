#!/usr/bin/env python3
"""The Runtime API: our stub held to what Lambda does, and our runtime held to the stub and to a server that
does odd things.

    SCT_RUNTIME_ECHO=build/release/tests/runtime_echo python3 tests/e2e/lambda_test.py [-v] [Class[.test]]
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True  # nothing appears in the source folder

from runtime_stub import MAX_BYTES, ROOT, RuntimeStub  # noqa: E402

ECHO = os.path.abspath(os.environ.get("SCT_RUNTIME_ECHO", ""))
if not os.path.isfile(ECHO):
    sys.exit("SCT_RUNTIME_ECHO must name tests/runtime_echo")
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


class Stub(unittest.TestCase):
    """The test itself is the runtime; the process only has to be there."""

    def setUp(self):
        self.stub = RuntimeStub(SLEEPER, timeout_s=30)
        self.stub.__enter__()
        self.addCleanup(self.stub.stop)
        self.sent = self.stub.send(b"event", TRACE)
        deadline = time.monotonic() + 10
        while not self.stub.process and time.monotonic() < deadline:
            time.sleep(0.01)
        self.api = http.client.HTTPConnection("127.0.0.1", self.stub.api.server_port, timeout=30)
        self.addCleanup(self.api.close)

    def ask(self, method, path, body=None, **headers):
        self.api.request(method, ROOT + path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = self.api.getresponse()
        return answer.status, answer.read(), answer.headers

    def test_an_event_has_an_id_a_deadline_and_a_trace(self):
        before = time.time()
        status, body, headers = self.ask("GET", "invocation/next")
        self.assertEqual((status, body), (200, b"event"))
        self.assertEqual(headers["Lambda-Runtime-Aws-Request-Id"], self.sent.id)
        self.assertEqual(headers["Lambda-Runtime-Trace-Id"], TRACE)
        self.assertAlmostEqual(int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000, before + 30, delta=5)
        self.assertTrue(headers["Lambda-Runtime-Invoked-Function-Arn"].startswith("arn:aws:lambda:"))

    def test_one_answer_is_taken(self):
        self.ask("GET", "invocation/next")
        path = f"invocation/{self.sent.id}/response"
        self.assertEqual(self.ask("POST", path, b"1")[0], 202)
        self.assertEqual(self.ask("POST", path, b"2")[0], 403)
        self.assertEqual(self.ask("POST", f"invocation/{self.sent.id}/error", b"{}")[0], 403)
        self.assertEqual((self.sent.outcome, self.sent.answer), ("answered", b"1"))

    def test_another_id_is_refused(self):
        self.assertEqual(self.ask("POST", f"invocation/{self.sent.id}/response", b"early")[0], 400)
        self.ask("GET", "invocation/next")
        self.assertEqual(self.ask("POST", "invocation/another/response", b"1")[0], 400)
        self.assertEqual(self.sent.refused, [400])

    def test_6_mib_are_an_answer_and_a_byte_more_is_none(self):
        self.ask("GET", "invocation/next")
        path = f"invocation/{self.sent.id}/response"
        self.assertEqual(self.ask("POST", path, b"x" * (MAX_BYTES + 1))[0], 413)
        self.assertIsNone(self.sent.outcome)
        self.assertEqual(self.ask("POST", path, b"x" * MAX_BYTES)[0], 202)

    def test_an_unanswered_event_is_the_only_one(self):
        self.stub.send(b"another")
        self.ask("GET", "invocation/next")
        self.assertEqual(self.ask("GET", "invocation/next")[0], 403)
        self.ask("POST", f"invocation/{self.sent.id}/response", b"1")
        self.assertEqual(self.ask("GET", "invocation/next")[1], b"another")

    def test_errors_have_a_type(self):
        self.ask("GET", "invocation/next")
        path = f"invocation/{self.sent.id}/error"
        self.assertEqual(self.ask("POST", path, b"{}", Lambda_Runtime_Function_Error_Type="Function.Corrupt")[0], 202)
        self.assertEqual((self.sent.outcome, self.sent.error_type), ("failed", "Function.Corrupt"))
        second = self.stub.send(b"")
        self.ask("GET", "invocation/next")
        self.ask("POST", f"invocation/{second.id}/error", b"{}", Lambda_Runtime_Function_Error_Type="corrupt")
        self.assertEqual(second.error_type, "Runtime.Unknown")

    def test_init_fails_only_before_the_first_event(self):
        self.assertEqual(self.ask("POST", "init/error", b"{}", Lambda_Runtime_Function_Error_Type="Function.A")[0], 202)
        self.assertEqual(self.stub.process.init_error_type, "Function.A")
        self.ask("GET", "invocation/next")
        self.assertEqual(self.ask("POST", "init/error", b"{}")[0], 403)

    def test_a_process_that_is_too_slow_is_killed(self):
        self.ask("GET", "invocation/next")
        self.ask("POST", f"invocation/{self.sent.id}/response", b"1")
        slow = self.stub.send(b"slow", timeout_s=0.2)
        self.ask("GET", "invocation/next")
        self.assertTrue(slow.done.wait(30))
        self.assertEqual(slow.outcome, "timed_out")
        self.assertEqual(self.stub.processes[0].status, -9)
        self.assertEqual(self.ask("POST", f"invocation/{slow.id}/response", b"late")[0], 400)

    def test_other_paths_are_not_there(self):
        self.assertEqual(self.ask("GET", "invocation/previous")[0], 404)
        self.assertEqual(self.ask("POST", "invocation/next", b"")[0], 404)


class Runtime(unittest.TestCase):
    def start(self, **settings):
        environment = {**os.environ, **settings.pop("environment", {})}
        self.stub = RuntimeStub([ECHO], environment=environment, stdout=subprocess.DEVNULL, **settings)
        self.stub.__enter__()
        self.addCleanup(self.stub.stop)
        return self.stub

    def answer_of(self, words, **how):
        invocation = self.stub.invoke(words.encode(), **how)
        self.assertEqual(invocation.outcome, "answered", invocation.error)
        return invocation.answer

    def test_answers_come_back_over_one_connection(self):
        self.start()
        for payload in ("echo", "echo ä\n\"x\"", "echo " + "y" * (MAX_BYTES - 5)) * 4:
            self.assertEqual(self.answer_of(payload), payload.encode())
        self.assertEqual(self.answer_of(""), b"")
        self.assertEqual(self.stub.process.n_connections, 1)
        self.assertEqual(len(self.stub.processes), 1)

    def test_a_handler_is_told_about_its_invocation(self):
        self.start(timeout_s=20)
        told = json.loads(self.answer_of("about", trace_id=TRACE))
        self.assertEqual((told["trace"], told["variable"]), (TRACE, TRACE))
        self.assertEqual(told["arn"], self.stub.arn)
        self.assertTrue(0 < told["remaining_ms"] <= 20000, told)
        self.assertEqual(json.loads(self.answer_of("about"))["variable"], "")
        self.assertLess(json.loads(self.answer_of("sleep 200"))["remaining_ms"], 19900)

    def test_answers_that_are_too_large_are_errors(self):
        self.start()
        self.assertEqual(len(self.answer_of(f"large {MAX_BYTES}")), MAX_BYTES)
        failed = self.stub.invoke(f"large {MAX_BYTES + 1}".encode())
        self.assertEqual((failed.outcome, failed.error_type), ("failed", "Function.ResponseSizeTooLarge"))
        self.answer_of("echo")
        self.assertEqual(len(self.stub.processes), 1)

    def test_failures_have_types_and_messages(self):
        self.start()
        for words, kind in (("fail -11", "Function.NotFound"), ("fail -4", "Function.NotAnImage"),
                            ("fail -2", "Function.NoMemory"), ("fail -7 Runtime.Odd", "Runtime.Odd")):  # fmt: skip
            failed = self.stub.invoke(words.encode())
            self.assertEqual((failed.outcome, failed.error_type), ("failed", kind))
            error = json.loads(failed.error)
            self.assertEqual(error["errorType"], kind)
            self.assertEqual(error["stackTrace"], [])
            self.assertTrue(error["errorMessage"])
        self.assertEqual(error["errorMessage"], 'as "told"\n')
        self.answer_of("echo")

    def test_the_slow_and_the_dead_are_replaced(self):
        self.start(timeout_s=20)
        self.assertEqual(self.stub.invoke(b"sleep 60000", timeout_s=0.3).outcome, "timed_out")
        self.answer_of("echo")
        self.assertEqual(self.stub.invoke(b"exit").outcome, "exited")
        self.answer_of("echo")
        self.assertEqual([p.status for p in self.stub.processes], [-9, 7, None])

    def test_a_bad_start_is_told_and_ends(self):
        self.start(handler="bad")
        failed = self.stub.invoke(b"echo")
        self.assertEqual((failed.outcome, failed.error_type), ("init_failed", "Function.InitError"))
        self.assertEqual(json.loads(failed.error)["errorMessage"], "it was to be so")
        self.assertEqual(self.stub.processes[0].status, 1)

    def test_sigterm_ends_the_wait_and_not_the_work(self):
        self.start()
        self.answer_of("echo")
        process = self.stub.process
        working = self.stub.send(b"sleep 300")
        while not process.current:
            time.sleep(0.001)
        process.child.terminate()
        working.done.wait(30)
        self.assertEqual(working.outcome, "answered")
        self.assertEqual(process.child.wait(30), 0)
        self.answer_of("echo")
        begin = time.monotonic()
        self.assertTrue(self.stub.stop())
        self.assertLess(time.monotonic() - begin, 1.5)

    def test_lines_are_as_lambda_wants_them(self):
        for form, level, expected in (("JSON", "ERROR", 1), ("JSON", "FATAL", 0), ("text", "INFO", 1), ("", "", 1)):
            done, api = run_with([Said(200, b"fail -7"), Said(202), Said(500)],
                                 AWS_LAMBDA_LOG_FORMAT=form, AWS_LAMBDA_LOG_LEVEL=level)  # fmt: skip
            lines = [line for line in done.stdout.splitlines() if "runtime_broken" not in line]
            self.assertEqual(len(lines), expected, done.stdout)
            for line in lines:
                if form == "JSON":
                    said = json.loads(line)
                    self.assertEqual((said["level"], said["event"], said["requestId"]), ("ERROR", "error", "id-0"))
                    self.assertRegex(said["timestamp"], r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
                else:
                    self.assertRegex(line, r"Z ERROR error request_id=id-0 error_type=Function.Corrupt message=")

    def test_memory_does_not_grow(self):
        # AddressSanitizer would keep what has been freed.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
        self.start(environment={"ASAN_OPTIONS": options})
        payload = b"echo " + b"z" * 100000
        for _ in range(20):
            self.stub.invoke(payload)
        before = self.stub.process.rss_kib
        for _ in range(400):
            self.stub.invoke(payload)
        self.assertLess(self.stub.process.rss_kib, before + 1024)


class Command(unittest.TestCase):
    """The stub as people start it."""

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtime_stub.py")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="scantling-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def test_events_of_a_folder_are_replayed(self):
        for name, text in (("1", "echo a"), ("2", "fail -7"), ("3", "exit")):
            with open(os.path.join(self.folder, name), "w", encoding="ascii") as f:
                f.write(text)
        done = subprocess.run([sys.executable, self.path, "--repeat", "2", ECHO, self.folder], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)  # fmt: skip
        self.assertEqual(done.returncode, 1)
        *lines, last = (json.loads(line) for line in done.stdout.decode().splitlines())
        self.assertEqual([line["outcome"] for line in lines], ["answered", "failed", "exited"] * 2)
        self.assertEqual((lines[0]["answer"], lines[1]["error_type"]), ("echo a", "Function.Corrupt"))
        self.assertEqual((last["failed"], len(last["cold_ms"])), (4, 2))

    def test_a_port_takes_events_as_lambda_does(self):
        child = subprocess.Popen([sys.executable, self.path, "--control", "0", ECHO], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.terminate)
        url = child.stdout.readline().decode().split()[1]
        address, _, path = url.removeprefix("http://").partition("/")
        api = http.client.HTTPConnection(address, timeout=60)
        self.addCleanup(api.close)
        for body, headers, status, answer in (
            ("echo b", {}, 200, "echo b"),
            ("fail -7 Function.Odd", {}, 200, "Function.Odd"),
            ("echo c", {"X-Amz-Invocation-Type": "Event"}, 202, ""),
        ):
            api.request("POST", "/" + path, body, headers)
            told = api.getresponse()
            self.assertEqual(told.status, status)
            self.assertIn(answer, told.read().decode())
            self.assertEqual(told.headers["X-Amz-Function-Error"], "Unhandled" if "Odd" in answer else None)
        api.request("GET", "/processes")
        self.assertEqual([p["status"] for p in json.loads(api.getresponse().read())], [None])


class Said:
    """What the odd server says to one request. status None: it closes the connection."""

    def __init__(self, status, body=b"", closes=False, headers=None):
        self.status, self.body, self.closes = status, body, closes
        self.headers = headers if headers is not None else {"Lambda-Runtime-Deadline-Ms": "99999999999999"}


class OddApi(threading.Thread):
    """Says what it was told, one after the other; then closes every connection."""

    def __init__(self, said):
        super().__init__(daemon=True)
        self.said, self.requests, self.n_connections, self.n_events = list(said), [], 0, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.n_connections += 1
            with connection, connection.makefile("rb") as stream:
                while self.serve(connection, stream):
                    pass

    def serve(self, connection, stream):
        line = stream.readline().decode()
        if not line:
            return False
        headers = http.client.parse_headers(stream)
        body = stream.read(int(headers.get("Content-Length", 0)))
        self.requests.append((line.split()[0], line.split()[1].removeprefix(ROOT), body, headers))
        said = self.said.pop(0) if self.said else Said(None)
        if said.status is None:
            return False
        text = f"HTTP/1.1 {said.status} X\r\nContent-Length: {len(said.body)}\r\n"
        for name, value in said.headers.items():
            text += f"{name}: {value}\r\n"
        if line.startswith("GET"):
            text += f"Lambda-Runtime-Aws-Request-Id: id-{self.n_events}\r\n"
            self.n_events += 1
        connection.sendall(text.encode() + b"\r\n" + said.body)
        return not said.closes


def run_with(said, **environment):
    """The echo function over an odd API, until it gives up."""
    api = OddApi(said)
    api.start()
    done = subprocess.run([ECHO], env={**os.environ, "AWS_LAMBDA_RUNTIME_API": api.address, **environment}, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)  # fmt: skip
    api.socket.close()
    return done, api


class Odd(unittest.TestCase):
    def run_with(self, *said, expect):
        """It ends with status 1 after these requests."""
        done, api = run_with(said)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual([(method, path) for method, path, _, _ in api.requests], expect)
        return done.stdout, api

    def test_an_api_in_ruins_is_left(self):
        for status in (500, 403, 404):
            log, _ = self.run_with(Said(status), expect=[("GET", "invocation/next")])
            self.assertIn(f"status {status}", log)

    def test_three_times_without_a_connection_is_enough(self):
        log, api = self.run_with(expect=[("GET", "invocation/next")] * 3)
        self.assertIn("FATAL runtime_unreachable", log)

    def test_no_api_at_all(self):
        environment = {k: v for k, v in os.environ.items() if k != "AWS_LAMBDA_RUNTIME_API"}
        done = subprocess.run([ECHO], env=environment, check=False, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("AWS_LAMBDA_RUNTIME_API is not set", done.stderr)

    def test_refused_answers_are_no_end(self):
        expect = []
        for i in range(3):
            expect += [("GET", "invocation/next"), ("POST", f"invocation/id-{i}/response")]
        log, _ = self.run_with(Said(200, b"echo"), Said(400), Said(200, b"echo"), Said(403), Said(200, b"echo"), Said(202),
                               Said(500), expect=[*expect, ("GET", "invocation/next")])  # fmt: skip
        self.assertIn("WARN answer_refused", log)
        self.assertIn("status 400", log)

    def test_413_becomes_an_error(self):
        _, api = self.run_with(Said(200, b"echo"), Said(413), Said(202), Said(500),
                               expect=[("GET", "invocation/next"), ("POST", "invocation/id-0/response"),
                                       ("POST", "invocation/id-0/error"), ("GET", "invocation/next")])  # fmt: skip
        self.assertEqual(api.requests[2][3]["Lambda-Runtime-Function-Error-Type"], "Function.ResponseSizeTooLarge")

    def test_an_answer_into_a_broken_connection_is_repeated(self):
        post = ("POST", "invocation/id-0/response")
        _, api = self.run_with(Said(200, b"echo"), Said(None), Said(202), Said(500),
                               expect=[("GET", "invocation/next"), post, post, ("GET", "invocation/next")])  # fmt: skip
        self.assertEqual(api.requests[2][2], b"echo")

    def test_connections_that_are_not_kept_are_made_again(self):
        _, api = self.run_with(Said(200, b"echo", closes=True), Said(202, closes=True), Said(500),
                               expect=[("GET", "invocation/next"), ("POST", "invocation/id-0/response"),
                                       ("GET", "invocation/next")])  # fmt: skip
        self.assertEqual(api.n_connections, 3)

    def test_an_event_that_is_on_its_way_is_handled_before_the_end(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = "127.0.0.1:%d" % server.getsockname()[1]
            child = subprocess.Popen([ECHO], env={**os.environ, "AWS_LAMBDA_RUNTIME_API": address}, stdout=subprocess.DEVNULL)
            connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            self.assertIn(b"invocation/next", connection.recv(65536))
            connection.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nLambda-Runtime-Aws-Request-Id: id\r\n\r\n")
            time.sleep(0.1)
            child.terminate()
            time.sleep(0.1)
            connection.sendall(b"echo late")
            self.assertTrue(connection.recv(65536).endswith(b"\r\n\r\necho late"))
            connection.sendall(b"HTTP/1.1 202 X\r\nContent-Length: 0\r\n\r\n")
            self.assertEqual(child.wait(60), 0)

    def test_headers_that_make_no_sense(self):
        for deadline in ("", "soon", "-5", "9" * 40, "12x"):
            _, api = self.run_with(Said(200, b"about", headers={"Lambda-Runtime-Deadline-Ms": deadline}), Said(202), Said(500),
                                   expect=[("GET", "invocation/next"), ("POST", "invocation/id-0/response"),
                                           ("GET", "invocation/next")])  # fmt: skip
            self.assertEqual(json.loads(api.requests[1][2])["remaining_ms"], 2**63 - 1)

    def test_an_event_over_6_mib_fails_alone(self):
        _, api = self.run_with(Said(200, b"x" * (MAX_BYTES + 1)), Said(202), Said(200, b"echo"), Said(202), Said(500),
                               expect=[("GET", "invocation/next"), ("POST", "invocation/id-0/error"), ("GET", "invocation/next"),
                                       ("POST", "invocation/id-1/response"), ("GET", "invocation/next")])  # fmt: skip
        self.assertEqual(json.loads(api.requests[1][2])["errorType"], "Function.TooLarge")


if __name__ == "__main__":
    unittest.main()
