"""A small S3 that can be told to fail, and that checks every signature. For tests, on 127.0.0.1.

    with StoreServer() as server:
        server.faults = ["500", "reset", "truncate:100"]     # of the next three requests
        ...
    server.requests      # what was asked: (method, path, query, headers)

    server.json_faults, server.json_answers     # of operations of SQS and DynamoDB: POST /
    server.operations                           # which were asked for: (name, body)

It also plays the endpoints that hand out credentials: /container, /latest/... (IMDSv2), and STS.
Faults: a number (of an HTTP status), "code:NAME" (an S3 error), "reset" (before it is done), "lost"
(done, and no answer), "truncate:N" (N bytes of the body, or N%, then the end), "break:N" (the same with a
reset), "json:NAME" (an error of theirs), "stall" (nothing, until somebody closes the connection), "stall:N" (N
bytes of the body, then nothing), "late:N" (nothing for N seconds), "slow" (in small pieces), "error-in-200".
"""

import datetime
import hashlib
import hmac
import http.server
import json
import select
import socket
import struct
import threading
import time
import urllib.parse
import xml.sax.saxutils

CODES = {
    "SlowDown": 503, "InternalError": 500, "ExpiredToken": 400, "RequestTimeTooSkewed": 403, "ConditionalRequestConflict": 409,
    "OperationAborted": 409, "RequestTimeout": 400, "AccessDenied": 403, "NoSuchKey": 404, "NoSuchUpload": 404,
    "PreconditionFailed": 412, "AuthorizationHeaderMalformed": 400, "SignatureDoesNotMatch": 403, "InvalidRange": 416,
}  # fmt: skip
FAULT_STATUS = {"429": "TooManyRequests", "500": "InternalError", "502": "", "503": "SlowDown", "504": ""}


class Stop(Exception):
    """The connection has been dealt with."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.n_connections += 1

    def handle(self):
        try:
            super().handle()
        except (Stop, ConnectionError):
            self.close_connection = True

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise Stop

    # ---- answers

    def answer(self, status, body=b"", headers=(), is_head=False):
        fault = self.fault
        self.fault = ""
        if fault == "lost":
            self.reset()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-request-id", "REQUEST1")
        self.end_headers()
        if is_head:
            return
        kind, _, number = fault.partition(":")
        if kind in ("truncate", "break", "stall"):
            n = len(body) * int(number[:-1]) // 100 if number.endswith("%") else int(number)
            self.wfile.write(body[:n])
            self.wfile.flush()
            if kind == "stall":
                self.stall()
            time.sleep(0.02)  # so that it arrives before the end does
            if kind == "break":
                self.reset()
            self.close_connection = True
            raise Stop
        if kind == "slow":
            for i in range(0, len(body), len(body) // 20 + 1):
                self.wfile.write(body[i : i + len(body) // 20 + 1])
                self.wfile.flush()
                time.sleep(0.05)
            return
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.server.clock_s)

    def fail(self, code, status=None, extra="", headers=()):
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>about {code}</Message>{extra}</Error>"
        self.answer(status or CODES[code], b"" if self.command == "HEAD" else body.encode(), headers, self.command == "HEAD")
        raise Stop if self.close_connection else Done

    # ---- signatures

    def check_signature(self, body):
        """An implementation of its own, from what was sent."""
        if "X-Amz-Signature=" in self.path:
            self.check_presigned()
            return
        secret = {"AKIDTEST": "secret+/=", **self.server.more_keys}
        kind, _, rest = self.headers.get("Authorization", "").partition(" ")
        fields = dict(f.strip().split("=", 1) for f in rest.split(",") if "=" in f)
        if kind != "AWS4-HMAC-SHA256":
            self.fail("AccessDenied")
        access, day, region, service, _ = fields["Credential"].split("/")
        self.server.access_keys.append(access)
        path, _, query = self.path.partition("?")
        pairs = sorted(tuple(p.partition("=")[::2]) for p in query.split("&") if p)
        names = fields["SignedHeaders"].split(";")
        headers = "".join(f"{n}:{' '.join(self.headers.get(n, '').split())}\n" for n in names)
        payload = hashlib.sha256(body).hexdigest()
        canonical = "\n".join([self.command, path, "&".join(f"{n}={v}" for n, v in pairs), headers, ";".join(names), payload])
        date = self.headers["x-amz-date"]
        scope = f"{day}/{region}/{service}/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = ("AWS4" + secret.get(access, "")).encode()
        for part in (day, region, service, "aws4_request", to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        now = datetime.datetime.utcnow() + datetime.timedelta(seconds=self.server.clock_s)
        sent = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")
        if abs((now - sent).total_seconds()) > 900:
            self.fail("RequestTimeTooSkewed")
        if access in self.server.expired:
            self.fail("ExpiredToken")
        if region != self.server.region:
            extra = f"<Region>{self.server.region}</Region>"
            self.fail("AuthorizationHeaderMalformed", extra=extra, headers=[("x-amz-bucket-region", self.server.region)])
        if key.hex() != fields["Signature"] or self.headers.get("x-amz-content-sha256", payload) != payload:
            self.fail("SignatureDoesNotMatch")

    def check_presigned(self):
        path, _, query = self.path.partition("?")
        pairs = sorted(tuple(p.partition("=")[::2]) for p in query.split("&"))
        said = {n: urllib.parse.unquote(v) for n, v in pairs}
        names = said["X-Amz-SignedHeaders"].split(";")
        headers = "".join(f"{n}:{self.headers.get(n, '')}\n" for n in names)
        rest = "&".join(f"{n}={v}" for n, v in pairs if n != "X-Amz-Signature")
        canonical = "\n".join([self.command, path, rest, headers, ";".join(names), "UNSIGNED-PAYLOAD"])
        scope = said["X-Amz-Credential"].partition("/")[2]
        to_sign = f"AWS4-HMAC-SHA256\n{said['X-Amz-Date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = b"AWS4secret+/="
        for part in (*scope.split("/"), to_sign):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if key.hex() != said["X-Amz-Signature"]:
            self.fail("SignatureDoesNotMatch")

    # ---- requests

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        with self.server.lock:
            self.server.requests.append((self.command, path, query, dict(self.headers)))
            is_store = path.startswith("/bucket")
            self.fault = self.server.next_fault(self.command) if is_store else ""
        try:
            if "X-Amz-Target" in self.headers:
                self.operate(body)
                return
            if not is_store:
                self.hand_out(path, body)
                return
            self.break_down()
            self.check_signature(body)
            parameters = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
            key = urllib.parse.unquote(path[len("/bucket/") :])
            getattr(self, "store_" + self.command)(key, parameters, body)
        except Done:
            pass

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_request

    def operate(self, body):
        """Answers to operations are those that the test has prepared."""
        server = self.server
        with server.lock:
            number = len(server.operations)
            server.operations.append((self.headers["X-Amz-Target"], json.loads(body)))
            self.fault = server.next_json_fault(self.headers["X-Amz-Target"])
        if self.fault.startswith("json:"):
            text = json.dumps({"__type": "com.amazonaws#" + self.fault[5:], "message": "about it"})
            self.fault = ""
            self.answer(400, text.encode())
            return
        self.break_down()
        self.check_signature(body)
        answer = server.answer_operation(*server.operations[number])
        self.answer(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def stall(self):
        """Until somebody has had enough of it."""
        while not self.server.closing.is_set() and not select.select([self.connection], [], [], 0.2)[0]:
            pass
        raise Stop

    def break_down(self):
        fault = self.fault
        if fault in FAULT_STATUS:
            self.fault = ""
            code = FAULT_STATUS[fault]
            self.fail(code, int(fault)) if code else self.answer(int(fault), b"<html>Bad</html>", is_head=self.command == "HEAD")
            raise Done
        if fault.startswith("code:"):
            self.fault = ""
            self.fail(fault[5:])
        if fault == "reset":
            self.reset()
        if fault == "stall":
            self.stall()
        if fault.startswith("late:"):
            self.fault = ""
            time.sleep(float(fault[5:]))
        if fault == "error-in-200":
            self.fault = ""
            self.fail("InternalError", 200)

    def describe(self, thing):
        return [("ETag", f'"{thing["etag"]}"'), ("Last-Modified", self.date_time_string()), *thing["headers"]]

    def find(self, key):
        if key not in self.server.objects:
            self.fail("NoSuchKey")
        return self.server.objects[key]

    def store_HEAD(self, key, _parameters, _body):
        thing = self.find(key)
        self.answer(200, b"", [*self.describe(thing), ("Content-Length", str(len(thing["data"])))], is_head=True)

    def store_GET(self, key, parameters, _body):
        if not key:
            self.list(parameters)
            return
        thing = self.find(key)
        data = thing["data"]
        if self.headers.get("If-Match") not in (None, f'"{thing["etag"]}"'):
            self.fail("PreconditionFailed")
        if self.headers.get("Range"):
            begin = int(self.headers["Range"][len("bytes=") : -1])
            self.answer(206, data[begin:], self.describe(thing))
        else:
            self.answer(200, data, self.describe(thing))

    def list(self, parameters):
        """Pages of two."""
        prefix = parameters.get("prefix", "")
        after = parameters.get("continuation-token") or parameters.get("start-after", "")
        with self.server.lock:
            there = list(self.server.objects)
        keys = sorted((k for k in there if k.startswith(prefix) and k.encode() > after.encode()), key=str.encode)
        page, rest = keys[:2], keys[2:]
        parts = []
        for key in page:
            thing = self.server.objects[key]
            parts.append(f"<Contents><Key>{urllib.parse.quote_plus(key)}</Key><ETag>&quot;{thing['etag']}&quot;</ETag>"
                         f"<Size>{len(thing['data'])}</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>")  # fmt: skip
        more = f"<NextContinuationToken>{xml.sax.saxutils.escape(page[-1])}</NextContinuationToken>" if rest else ""
        body = f"<ListBucketResult><IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{more}{''.join(parts)}</ListBucketResult>"
        self.answer(200, body.encode())

    def keep(self, key, data, headers):
        kept = ("content-type", "cache-control")
        thing = {
            "data": data, "etag": hashlib.md5(data).hexdigest(),
            "headers": [(n, v) for n, v in headers.items() if n.lower() in kept or n.lower().startswith("x-amz-meta-")],
        }  # fmt: skip
        with self.server.lock:
            self.server.objects[key] = thing
            self.server.writes.append(key)
            self.server.note_write(key, thing)
        return thing

    def check_conditions(self, key):
        there = self.server.objects.get(key)
        if self.headers.get("If-None-Match") == "*" and there:
            self.fail("PreconditionFailed")
        if self.headers.get("If-Match") and (not there or self.headers["If-Match"] != f'"{there["etag"]}"'):
            self.fail("PreconditionFailed")

    def store_PUT(self, key, parameters, body):
        if "uploadId" in parameters:
            parts, _ = self.find_upload(parameters)
            parts[int(parameters["partNumber"])] = body
            self.answer(200, b"", [("ETag", f'"{hashlib.md5(body).hexdigest()}"')])
            return
        if self.headers.get("x-amz-copy-source"):
            source = self.find(urllib.parse.unquote(self.headers["x-amz-copy-source"])[len("/bucket/") :])
            replaces = self.headers.get("x-amz-metadata-directive") == "REPLACE"
            if self.headers.get("x-amz-copy-source-if-match") not in (None, f'"{source["etag"]}"'):
                self.fail("PreconditionFailed")
            with self.server.lock:
                self.check_conditions(key)
                thing = self.keep(key, source["data"], dict(self.headers if replaces else source["headers"]))
            self.answer(200, f"<CopyObjectResult><ETag>\"{thing['etag']}\"</ETag></CopyObjectResult>".encode())
            return
        with self.server.lock:
            self.check_conditions(key)
            thing = self.keep(key, body, dict(self.headers))
        self.answer(200, b"", [("ETag", f'"{thing["etag"]}"')])

    def find_upload(self, parameters):
        if parameters["uploadId"] not in self.server.uploads:
            self.fail("NoSuchUpload")
        return self.server.uploads[parameters["uploadId"]]

    def store_POST(self, key, parameters, _body):
        if "uploads" in parameters:
            with self.server.lock:
                name = f"upload+/{len(self.server.requests)}"
                self.server.uploads[name] = ({}, dict(self.headers))
            self.answer(200, f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>".encode())
            return
        with self.server.lock:
            parts, headers = self.find_upload(parameters)
            self.check_conditions(key)
            del self.server.uploads[parameters["uploadId"]]
            thing = self.keep(key, b"".join(parts[i] for i in sorted(parts)), headers)
        body = f"  \n<CompleteMultipartUploadResult><ETag>\"{thing['etag']}\"</ETag></CompleteMultipartUploadResult>"
        self.answer(200, body.encode())

    def store_DELETE(self, key, parameters, _body):
        if "uploadId" in parameters:
            self.find_upload(parameters)
            del self.server.uploads[parameters["uploadId"]]
        else:
            self.server.objects.pop(key, None)
        self.answer(204)

    # ---- credentials

    def hand_out(self, path, body):
        server = self.server
        soon = datetime.datetime.utcnow() + datetime.timedelta(seconds=server.lifetime_s)
        expires = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
        access = server.handed_out.pop(0) if len(server.handed_out) > 1 else server.handed_out[0]
        keys = {"AccessKeyId": access, "SecretAccessKey": "s", "Token": "t0ken", "Expiration": expires}
        if path == "/container" and self.headers.get("Authorization") == "Bearer of/this=":
            self.answer(200, json.dumps(keys).encode())
        elif path == "/latest/api/token" and self.command == "PUT" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds"):
            self.answer(200, b"session==")
        elif path.startswith("/latest/meta-data/") and self.headers.get("X-aws-ec2-metadata-token") == "session==":
            rest = path[len("/latest/meta-data/") :]
            role = "iam/security-credentials/"
            if rest == "placement/region":
                self.answer(200, self.server.region.encode())
            elif rest == role:
                self.answer(200, b"the-role\n")
            elif rest == role + "the-role":
                self.answer(200, json.dumps({"Code": "Success", **keys}).encode())
            else:
                self.answer(404)
        elif path == "/" and b"Action=AssumeRoleWithWebIdentity" in body:
            form = dict(urllib.parse.parse_qsl(body.decode()))
            if form["WebIdentityToken"] != "the.jwt+/=" or form["RoleArn"] != "arn:aws:iam::1:role/x":
                self.answer(403, b"<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>")
                return
            name = "AssumeRoleWithWebIdentityRes"
            inner = "".join(f"<{n.replace('Token', 'SessionToken')}>{v}</{n.replace('Token', 'SessionToken')}>" for n, v in keys.items())
            self.answer(200, f"<{name}ponse><{name}ult><Credentials>{inner}</Credentials></{name}ult></{name}ponse>".encode())
        else:
            self.answer(403)


class Done(Exception):
    """The request has been answered."""


class StoreServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.RLock()
        self.closing = threading.Event()
        self.objects, self.uploads, self.more_keys = {}, {}, {}
        self.faults, self.requests, self.writes, self.access_keys = [], [], [], []
        self.json_faults, self.json_answers, self.operations = [], [], []
        self.expired = set()
        self.handed_out = ["HANDED"]
        self.lifetime_s = 3600
        self.region = "us-east-1"
        self.clock_s = 0
        self.n_connections = 0

    # ---- what servers that are made of this one may do otherwise; all but the last called under the lock

    def next_fault(self, _method):
        return self.faults.pop(0) if self.faults else ""

    def next_json_fault(self, _operation):
        return self.json_faults.pop(0) if self.json_faults else ""

    def answer_operation(self, _operation, _body):
        with self.lock:
            return self.json_answers.pop(0) if self.json_answers else {}

    def note_write(self, _key, _thing):
        pass

    # ----

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        pass

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.shutdown()
        self.server_close()
