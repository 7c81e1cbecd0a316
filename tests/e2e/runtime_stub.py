#!/usr/bin/env python3
"""The Lambda Runtime API, and the part of Lambda behind it, for tests on 127.0.0.1.

    with RuntimeStub(["build/release/driver/lambda/bootstrap"], handler="presign") as stub:
        invocation = stub.invoke(b'{"a": 1}')
        invocation.outcome, invocation.answer, invocation.error_type, invocation.ms

As a command: the events of files and folders, one after the other, a line of JSON for each; or with
--control a port that takes them as Lambda's own API does.

    runtime_stub.py [--handler NAME] [--timeout S] [--repeat N] COMMAND EVENT...
    runtime_stub.py --control PORT [--handler NAME] [--timeout S] COMMAND
        POST /2015-03-31/functions/function/invocations   the event; the answer, and X-Amz-Function-Error
        GET /processes                                    what was started, and how it ended

What it holds the runtime to:

    GET invocation/next             blocks until there is an event; 403 while one is unanswered
    POST invocation/ID/response     202; 400 for another ID, 403 for a second answer, 413 over 6 MiB
    POST invocation/ID/error        202, 400 and 403; the type from Lambda-Runtime-Function-Error-Type
    POST init/error                 202; 403 after the first `next`

A process that does not answer by its deadline is killed, and the next event gets another; so does one
that has ended. SIGTERM, then SIGKILL, is how all of it ends.

Outcomes: "answered", "failed", "timed_out", "exited" (the process ended), "init_failed".
"""

import argparse
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

MAX_BYTES = 6 << 20
INIT_S = 10
END_S = 2  # between SIGTERM and SIGKILL
PATIENCE_S = 600  # only so that a hang is a failure
ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z]\w*")
ROOT = "/2018-06-01/runtime/"


class Invocation:
    """One event, and what became of it."""

    def __init__(self, payload, trace_id, timeout_s):
        self.payload, self.trace_id, self.timeout_s = payload, trace_id, timeout_s
        self.id = str(uuid.uuid4())
        self.outcome = None
        self.answer = self.error = self.error_type = None
        self.headers = {}  # of the request that answered it
        self.refused = []  # statuses of answers that were not taken
        self.is_cold = False  # the first of its process
        self.begin = self.deadline = self.ms = None
        self.done = threading.Event()

    def finish(self, outcome):
        self.outcome = outcome
        self.done.set()

    def describe(self):
        """For the command's lines."""
        text = self.answer if self.answer is not None else self.error
        return {"id": self.id, "outcome": self.outcome, "ms": self.ms and round(self.ms, 3), "cold": self.is_cold,
                "error_type": self.error_type, "answer": text and text.decode("utf-8", "replace")}  # fmt: skip


class Process:
    """One execution environment: started when an event waits for it, or at once."""

    def __init__(self, stub):
        self.init_error = self.init_error_type = None
        self.cold_ms = None  # exec to the first `next`
        self.was_killed = False
        self.current = None  # the invocation that it works on
        self.last = None  # the one that it has answered
        self.n_connections = 0
        self.started = time.perf_counter()
        self.child = subprocess.Popen(stub.command, env=stub.surroundings(), stdin=subprocess.DEVNULL,
                                      stdout=stub.stdout, stderr=stub.stderr)  # fmt: skip

    @property
    def status(self):
        return self.child.poll()

    @property
    def rss_kib(self):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1))

    def kill(self):
        self.was_killed = True
        self.child.kill()
        self.child.wait()

    def end(self):
        """As Lambda does, politely at first. True: it has ended by itself."""
        if self.status is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()
        return not self.was_killed

    def describe(self):
        return {"pid": self.child.pid, "status": self.status, "killed": self.was_killed, "cold_ms": self.cold_ms,
                "init_error_type": self.init_error_type, "connections": self.n_connections}  # fmt: skip


class Api(http.server.BaseHTTPRequestHandler):
    """What a runtime sees."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # header and body leave together

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        with self.server.stub.changed:
            if self.server.stub.process:
                self.server.stub.process.n_connections += 1

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def parse_request(self):
        self.arrived = time.perf_counter()
        return super().parse_request()

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def refuse(self, status, kind):
        invocation = self.server.stub.process.current if self.server.stub.process else None
        if invocation:
            invocation.refused.append(status)
        self.reply(status, json.dumps({"errorType": kind, "errorMessage": kind}).encode())

    def do_GET(self):
        stub = self.server.stub
        if self.path != ROOT + "invocation/next":
            self.reply(404)
            return
        invocation = stub.take(self.arrived)
        if invocation is None:
            self.refuse(403, "InvalidStateTransition")
            return
        invocation.begin = time.perf_counter()
        self.reply(200, invocation.payload, [
            ("Lambda-Runtime-Aws-Request-Id", invocation.id),
            ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", stub.arn),
            *([("Lambda-Runtime-Trace-Id", invocation.trace_id)] if invocation.trace_id else []),
        ])  # fmt: skip

    def do_POST(self):
        stub = self.server.stub
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        kind = kind if ERROR_TYPE.fullmatch(kind) else "Runtime.Unknown"
        match = re.fullmatch(ROOT + r"invocation/([^/]+)/(response|error)", self.path)
        if self.path == ROOT + "init/error":
            status, error = stub.fail_init(body, kind)
        elif match:
            invocation_id, word = urllib.parse.unquote(match.group(1)), match.group(2)
            status, error = stub.answer(invocation_id, word, body, kind, dict(self.headers), self.arrived)
        else:
            status, error = 404, "NotFound"
        if error:
            self.refuse(status, error)
        else:
            self.reply(status, b'{"status":"OK"}')


class Control(http.server.BaseHTTPRequestHandler):
    """What who invokes the function sees."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        found = self.path == "/processes"
        self.reply(200 if found else 404, json.dumps([p.describe() for p in self.server.stub.processes]).encode())

    def do_POST(self):
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not re.fullmatch(r"/2015-03-31/functions/[^/]+/invocations", self.path):
            self.reply(404, b"")
            return
        if self.headers.get("X-Amz-Invocation-Type") == "Event":
            self.server.stub.send(payload)
            self.reply(202, b"")
            return
        invocation = self.server.stub.invoke(payload, self.headers.get("X-Amzn-Trace-Id"))
        if invocation.outcome == "answered":
            self.reply(200, invocation.answer)
        else:
            error = invocation.error or json.dumps({"errorType": invocation.outcome}).encode()
            self.reply(200, error, [("X-Amz-Function-Error", "Unhandled")])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        """A runtime that was killed is no news."""


class RuntimeStub:
    """One function, with at most one process at a time. `changed` guards all of the state."""

    def __init__(self, command, handler="handler", environment=None, timeout_s=10, stdout=None, stderr=None):
        self.command, self.handler, self.timeout_s = command, handler, timeout_s
        self.environment = environment if environment is not None else dict(os.environ)
        self.stdout, self.stderr = stdout, stderr
        self.arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
        self.changed = threading.Condition()
        self.waiting = []
        self.processes = []
        self.process = None
        self.is_over = False
        self.api = Server(("127.0.0.1", 0), Api)
        self.api.stub = self
        self.threads = [threading.Thread(target=self.api.serve_forever, args=(0.02,), daemon=True),
                        threading.Thread(target=self.watch, daemon=True)]  # fmt: skip

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def surroundings(self):
        return {
            **self.environment, "_HANDLER": self.handler, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "function", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": self.environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
        }  # fmt: skip

    # ---- who invokes

    def send(self, payload, trace_id=None, timeout_s=None):
        """Puts an event behind those that wait, and does not wait for what becomes of it."""
        invocation = Invocation(payload, trace_id, timeout_s or self.timeout_s)
        with self.changed:
            self.waiting.append(invocation)
            self.changed.notify_all()
        return invocation

    def invoke(self, payload, trace_id=None, timeout_s=None):
        """The invocation, once it has come to its end."""
        invocation = self.send(payload, trace_id, timeout_s)
        if not invocation.done.wait(PATIENCE_S):
            raise TimeoutError("the invocation has no end")
        return invocation

    def start(self):
        """Starts the process without an event, as provisioned concurrency does; waits for its first `next`."""
        with self.changed:
            self.launch()
            process = self.process
            self.changed.wait_for(lambda: process.cold_ms is not None or process is not self.process, PATIENCE_S)
        return process

    def stop(self):
        """Ends the process. True: on SIGTERM."""
        with self.changed:
            self.is_over = True
            process = self.process
        ended = process.end() if process else True
        with self.changed:
            if process:
                self.bury(process, "exited")
            self.changed.notify_all()
        self.api.shutdown()
        self.api.server_close()
        self.threads[1].join()
        return ended

    # ---- the runtime

    def take(self, arrived):
        """The next event; None: there is one already, or this is over."""
        with self.changed:
            process = self.process
            if process and process.cold_ms is None:
                process.cold_ms = (arrived - process.started) * 1000
                self.changed.notify_all()
            if not process or process.current:
                return None
            self.changed.wait_for(lambda: self.waiting or self.process is not process)
            if self.process is not process or process.status is not None:
                return None
            invocation = self.waiting.pop(0)
            invocation.is_cold = process.last is None
            invocation.deadline = time.time() + invocation.timeout_s
            process.current = invocation
            self.changed.notify_all()
            return invocation

    def answer(self, invocation_id, word, body, kind, headers, arrived):
        """Status, and the name of what is wrong or None."""
        with self.changed:
            process = self.process
            if process and process.last and process.last.id == invocation_id:
                return 403, "InvalidStateTransition"
            if not process or not process.current or process.current.id != invocation_id:
                return 400, "InvalidRequestID"
            if word == "response" and len(body) > MAX_BYTES:
                return 413, "RequestEntityTooLarge"
            invocation = process.current
            process.current, process.last = None, invocation
            invocation.headers = headers
            invocation.ms = (arrived - invocation.begin) * 1000
            if word == "response":
                invocation.answer = body
            else:
                invocation.error, invocation.error_type = body, kind
            invocation.finish("answered" if word == "response" else "failed")
            return 202, None

    def fail_init(self, body, kind):
        with self.changed:
            if not self.process or self.process.cold_ms is not None:
                return 403, "InvalidStateTransition"
            self.process.init_error, self.process.init_error_type = body, kind
            return 202, None

    # ---- Lambda itself

    def launch(self):
        self.process = Process(self)
        self.processes.append(self.process)

    def watch(self):
        """Starts a process where an event has none, and ends those that are too slow."""
        while True:
            with self.changed:
                self.changed.wait(0.01)
                if self.is_over:
                    return
                process = self.process
                if not process:
                    if self.waiting:
                        self.launch()
                elif process.status is not None:
                    self.bury(process, "exited")
                elif process.current and time.time() > process.current.deadline:
                    process.kill()
                    self.bury(process, "timed_out")
                elif process.cold_ms is None and time.perf_counter() - process.started > INIT_S:
                    process.kill()
                    self.bury(process, "init_failed")

    def bury(self, process, outcome):
        invocation = process.current
        if process.cold_ms is None and self.waiting:
            invocation, outcome = self.waiting.pop(0), "init_failed"
            invocation.error, invocation.error_type = process.init_error, process.init_error_type
        self.process = None
        if invocation:
            invocation.finish(outcome)
        self.changed.notify_all()


def list_events(paths):
    for path in paths:
        names = [os.path.join(path, name) for name in sorted(os.listdir(path))] if os.path.isdir(path) else [path]
        for name in names:
            with open(name, "rb") as f:
                yield name, f.read()


def serve(stub, port):
    control = Server(("127.0.0.1", port), Control)
    control.stub = stub
    print(f"runtime_stub: http://127.0.0.1:{control.server_port}/2015-03-31/functions/function/invocations", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        control.serve_forever()
    except KeyboardInterrupt:
        pass


def replay(stub, paths, repeat):
    times, n_bad, rss_kib = [], 0, []
    for _ in range(repeat):
        for name, payload in list_events(paths):
            invocation = stub.invoke(payload)
            print(json.dumps({"event": name, **invocation.describe()}), flush=True)
            n_bad += invocation.outcome != "answered"
            if invocation.ms and not invocation.is_cold:
                times.append(invocation.ms)
            if stub.process:
                rss_kib = [*rss_kib[:1], stub.process.rss_kib]
    cold = [round(p.cold_ms, 3) for p in stub.processes if p.cold_ms]
    median = round(sorted(times)[len(times) // 2], 3) if times else None
    print(json.dumps({"failed": n_bad, "warm_ms_median": median, "cold_ms": cold, "rss_kib_first_last": rss_kib}))
    return n_bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--handler", default=os.environ.get("_HANDLER", "handler"))
    parser.add_argument("--timeout", type=float, default=10, help="seconds that an invocation may take")
    parser.add_argument("--repeat", type=int, default=1, help="how often all events are replayed")
    parser.add_argument("--control", type=int, metavar="PORT", help="take events on this port; 0: any that is free")
    parser.add_argument("command", help="the program, without arguments")
    parser.add_argument("event", nargs="*", help="files and folders")
    args = parser.parse_args()
    # The function's own lines stay out of ours.
    with RuntimeStub([args.command], args.handler, timeout_s=args.timeout, stdout=sys.stderr) as stub:
        if args.control is not None:
            serve(stub, args.control)
            return 0
        return 1 if replay(stub, args.event, args.repeat) else 0


if __name__ == "__main__":
    sys.exit(main())
