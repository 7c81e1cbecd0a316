"""S3 and SQS in one process that fail at random, and keep account of it: `store_server.py` with queues that work.

    with PipelineServer(seed=1, rate=0.1) as server:
        server.put("uploads/a.jpg", data)              # without a request; the event that S3 would send
        server.send(server.url + "/1/work", event)
        ...
    server.effects       # (key, etag of its source): how often such an output has been written
    server.injected      # what was done to requests: (kind, what they asked for): how many

`rate` is the share of requests to which something happens, outages apart. A message is as SQS has it: hidden once received,
back when its visibility is over, gone with the receipt of its last delivery.
"""

import collections
import hashlib
import random
import time

from store_server import StoreServer

# How often, beside each other.
FAULTS = {"500": 6, "502": 1, "503": 3, "reset": 4, "lost": 4, "truncate": 4, "break": 2, "stall": 1, "stall-midway": 1}
OBJECT_FAULTS = {**FAULTS, "slow": 1, "code:SlowDown": 1}
QUEUE_FAULTS = {**FAULTS, "json:RequestThrottled": 1}
WITH_A_BODY = ("truncate", "break", "stall-midway", "slow")
# Now and then so many requests in a row have a hard time, more than are worth repeating.
OUTAGE_SHARE, OUTAGE_REQUESTS, OUTAGE_RATE = 1 / 400, 60, 0.8


class Queue:
    def __init__(self):
        self.messages = {}  # id: [body, attributes, visible from, number of receipts, receipt]
        self.n_sent = self.n_received = self.n_deleted = 0

    def send(self, body, attributes=None):
        self.n_sent += 1
        self.messages[f"m{self.n_sent}"] = [body, attributes or {}, 0.0, 0, None]
        return f"m{self.n_sent}"

    def receive(self, most, visibility_s):
        found, now = [], time.monotonic()
        for name, m in self.messages.items():
            if len(found) == most:
                break
            if m[2] > now:
                continue
            m[2], m[3], m[4] = now + visibility_s, m[3] + 1, f"{name}/{m[3] + 1}"
            self.n_received += 1
            found.append({"MessageId": name, "ReceiptHandle": m[4], "Body": m[0], "MessageAttributes": m[1],
                          "Attributes": {"ApproximateReceiveCount": str(m[3])}})  # fmt: skip
        return found

    def find(self, receipt):
        message = self.messages.get(receipt.partition("/")[0])
        return message if message and message[4] == receipt else None

    def delete(self, receipt):
        """An older receipt, or one of a message that is gone, is no error, and changes nothing."""
        if self.find(receipt):
            del self.messages[receipt.partition("/")[0]]
            self.n_deleted += 1

    def hide(self, receipt, visibility_s):
        message = self.find(receipt)
        if message:
            message[2] = time.monotonic() + visibility_s
        return message is not None

    def depth(self):
        now = time.monotonic()
        n_hidden = sum(m[2] > now for m in self.messages.values())
        return len(self.messages) - n_hidden, n_hidden


class PipelineServer(StoreServer):
    request_queue_size = 64

    def __init__(self, seed=None, rate=0.0):
        super().__init__()
        self.random = random.Random(seed)
        self.rate = rate
        self.queues = collections.defaultdict(Queue)  # by the last part of their URL
        self.effects, self.injected = collections.Counter(), collections.Counter()
        self.n_requests = self.n_outages = self.n_outage_left = 0

    # ---- faults

    def draw_fault(self, faults, what, has_body):
        self.n_requests += 1
        self.requests.clear()
        if self.random.random() >= self.find_rate():
            return ""
        names = [n for n in faults if has_body or n not in WITH_A_BODY]
        kind = self.random.choices(names, [faults[n] for n in names])[0]
        self.injected[kind, what] += 1
        if kind in WITH_A_BODY and kind != "slow":
            return f"{kind.partition('-')[0]}:{self.random.randrange(100)}%"
        return kind

    def find_rate(self):
        if self.rate == 0:
            return 0
        if self.n_outage_left == 0 and self.random.random() < OUTAGE_SHARE:
            self.n_outages += 1
            self.n_outage_left = OUTAGE_REQUESTS
        if self.n_outage_left == 0:
            return self.rate
        self.n_outage_left -= 1
        return OUTAGE_RATE

    def next_fault(self, method):
        return self.draw_fault(OBJECT_FAULTS, method, method == "GET")

    def next_json_fault(self, operation):
        return self.draw_fault(QUEUE_FAULTS, operation.partition(".")[2], True)

    # ---- objects

    def put(self, key, data):
        """By somebody else; its etag."""
        etag = hashlib.md5(data).hexdigest()
        with self.lock:
            self.objects[key] = {"data": data, "etag": etag, "headers": []}
        return etag

    def note_write(self, key, thing):
        headers = {n.lower(): v for n, v in thing["headers"]}
        self.effects[key, headers.get("x-amz-meta-scantling-etag")] += 1

    # ---- queues

    def send(self, queue, body):
        with self.lock:
            return self.queues[queue].send(body)

    def answer_operation(self, operation, body):
        name = operation.partition(".")[2]
        queue = body["QueueUrl"].rpartition("/")[2]
        if name == "ReceiveMessage":
            return self.receive(queue, body)
        with self.lock:
            return getattr(self, "do_" + name)(self.queues[queue], body)

    def receive(self, queue, body):
        deadline = time.monotonic() + body.get("WaitTimeSeconds", 0)
        while True:
            with self.lock:
                found = self.queues[queue].receive(body["MaxNumberOfMessages"], body.get("VisibilityTimeout", 30))
            if found or time.monotonic() > deadline:
                return {"Messages": found}
            time.sleep(0.02)

    def do_GetQueueAttributes(self, queue, _body):
        waiting, hidden = queue.depth()
        return {"Attributes": {"ApproximateNumberOfMessages": str(waiting), "ApproximateNumberOfMessagesNotVisible": str(hidden),
                               "ApproximateNumberOfMessagesDelayed": "0"}}  # fmt: skip

    def do_SendMessageBatch(self, queue, body):
        for entry in body["Entries"]:
            queue.send(entry["MessageBody"], entry.get("MessageAttributes"))
        return {"Successful": [{"Id": e["Id"]} for e in body["Entries"]]}

    def do_DeleteMessageBatch(self, queue, body):
        for entry in body["Entries"]:
            queue.delete(entry["ReceiptHandle"])
        return {"Successful": [{"Id": e["Id"]} for e in body["Entries"]]}

    def do_ChangeMessageVisibilityBatch(self, queue, body):
        fine, bad = [], []
        for entry in body["Entries"]:
            if queue.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"]):
                fine.append({"Id": entry["Id"]})
            else:
                bad.append({"Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": True, "Message": "gone"})
        return {"Successful": fine, "Failed": bad}
