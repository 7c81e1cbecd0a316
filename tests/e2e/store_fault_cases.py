"""S3 when it fails: each kind of fault, then many at random."""

import hashlib
import http.client
import os
import random
import shutil
import ssl
import subprocess
import unittest

from store_server import StoreServer
from store_support import StoreTest

ODD_KEYS = ["a b.jpg", "a+b", "a%2Fb%", "ä/漢字/😀.jpg", "a/../b", "//", "a&b=c?d#e", "~-_.", "'\"<>", "k" * 1024, "\x01\x7f", "a\\b:c*d|e"]


class FaultTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.server = StoreServer()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.environment["AWS_ENDPOINT_URL_S3"] = self.server.url

    def put(self, key, data, *options, **more):
        return self.store("put", *options, self.bucket, key, data=data, **more)

    def asked(self):
        """How many requests there were since the last time."""
        n = len(self.server.requests)
        self.server.requests.clear()
        return n


class Requests(FaultTest):
    def test_odd_keys_are_signed_as_they_are_sent(self):
        for key in ODD_KEYS:
            self.put(key, key.encode())
            self.assertEqual(self.store("get", self.bucket, key).stdout, key.encode())
            self.assertEqual(self.store("head", self.bucket, key).objects[0]["bytes"], len(key.encode()))
        self.assertEqual(set(self.server.objects), set(ODD_KEYS))
        listed = self.store("ls", self.bucket).keys
        self.assertEqual(listed, sorted(ODD_KEYS, key=str.encode))
        for key in ODD_KEYS:
            self.store("rm", self.bucket, key)
        self.assertEqual(self.server.objects, {})

    def test_what_is_put_carries_all_that_was_said(self):
        self.put("k", b"x", "--content-type", "image/webp", "--cache-control", "max-age=31536000, immutable",
                 "--attribute", "source-etag=a b", "--attribute", "empty=", "--attribute", "n=1")  # fmt: skip
        head = self.store("head", self.bucket, "k").objects[0]
        self.assertEqual(head["content_type"], "image/webp")
        self.assertEqual(head["cache_control"], "max-age=31536000, immutable")
        self.assertEqual(head["attributes"], {"source-etag": "a b", "empty": "", "n": "1"})
        self.assertEqual(head["etag"], hashlib.md5(b"x").hexdigest())
        self.store("cp", self.bucket, "k", self.bucket, "to/l")
        self.assertEqual(self.store("head", self.bucket, "to/l").objects[0]["attributes"], head["attributes"])

    def test_a_prefix_is_a_store_of_its_own(self):
        for key in ("p/a", "p/b/c", "pq", "p/"):
            self.put(key, b"x")
        self.assertEqual(self.store("ls", self.bucket + "/p").keys, ["a", "b/c"])
        self.assertEqual(self.store("ls", self.bucket + "/p/", "b/").keys, ["b/c"])
        self.assertEqual(self.store("ls", self.bucket, "p", "p/a").keys, ["p/b/c", "pq"])
        self.assertEqual(self.store("get", self.bucket + "/p", "b/c").stdout, b"x")

    def test_conditions_decide(self):
        etag = self.put("k", b"1", "--if-none").objects[0]["etag"]
        self.refuse("precondition", "put", "--if-none", self.bucket, "k", data=b"2")
        self.put("k", b"3", "--if-match", etag)
        self.refuse("precondition", "put", "--if-match", etag, self.bucket, "k", data=b"4")
        self.assertEqual(self.server.objects["k"]["data"], b"3")

    def test_pages_come_over_one_connection(self):
        for i in range(9):
            self.put(f"k{i}", b"")
        self.server.n_connections = 0
        self.asked()
        self.assertEqual(len(self.store("ls", self.bucket).keys), 9)
        self.assertEqual((self.asked(), self.server.n_connections), (5, 1))

    def test_a_url_is_good_for_anyone(self):
        for key in ODD_KEYS:
            self.put(key, key.encode())
            url = self.store("url", self.bucket, key).stdout.decode().strip()
            target = url[len(self.server.url) :]
            self.assertTrue(url.startswith(self.server.url + "/bucket/"))
            connection = http.client.HTTPConnection(*self.server.server_address)
            connection.request("GET", target)
            self.assertEqual(connection.getresponse().read(), key.encode())
            connection.request("GET", target.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"))
            self.assertEqual(connection.getresponse().status, 403)
            connection.close()
        self.refuse("unsupported", "url", self.folder, "k")

    def test_a_large_object_goes_in_parts(self):
        data = os.urandom(65 << 20)
        etag = self.put("big", data, "--attribute", "n=v").objects[0]["etag"]
        self.assertEqual(etag, hashlib.md5(data).hexdigest())
        self.assertEqual(self.server.objects["big"]["data"], data)
        self.assertEqual([r[0] for r in self.server.requests], ["POST"] + ["PUT"] * 5 + ["POST"])
        self.assertEqual(self.store("head", self.bucket, "big").objects[0]["attributes"], {"n": "v"})
        self.refuse("precondition", "put", "--if-none", self.bucket, "big", data=data)
        self.assertEqual(self.server.uploads, {})
        self.server.faults = ["", "", "code:AccessDenied"]
        self.refuse("denied", "put", self.bucket, "big2", data=data)
        self.assertEqual((self.server.uploads, list(self.server.objects)), ({}, ["big"]))
        self.server.faults = ["", "", "reset", "", "503", "", "", "", "lost"]
        self.put("big3", data, "--if-none")
        self.assertEqual(self.server.objects["big3"]["data"], data)


class Repeats(FaultTest):
    def test_each_passing_fault_is_repeated(self):
        for fault in ("500", "502", "503", "504", "429", "reset", "code:SlowDown", "code:RequestTimeout",
                      "code:OperationAborted", "code:ConditionalRequestConflict", "truncate:0"):  # fmt: skip
            for words in (["put", self.bucket, "k"], ["get", self.bucket, "k"], ["ls", self.bucket], ["rm", self.bucket, "k"]):
                if fault == "truncate:0" and words[0] in ("put", "rm"):
                    continue  # there is nothing to cut
                if words[0] in ("get", "ls"):
                    self.put("k", b"some bytes")
                self.asked()
                self.server.faults = [fault]
                run = self.store(*words, data=b"some bytes")
                self.assertEqual(self.asked(), 2, (fault, words))
                if words[0] == "get":
                    self.assertEqual(run.stdout, b"some bytes")

    def test_it_gives_up_in_the_end(self):
        for fault, verdict in (("500", "io"), ("reset", "io"), ("429", "io")):
            self.server.faults = [fault] * 9
            self.refuse(verdict, "get", "--tries", "3", self.bucket, "k")
            self.assertEqual(self.asked(), 3)
            self.server.faults = []

    def test_what_is_for_ever_is_not_repeated(self):
        for words, verdict, says in ((["get", self.bucket, "none"], "not_found", ["no such object", "404 NoSuchKey", "REQUEST1"]),
                                     (["head", self.bucket, "none"], "not_found", ["404"])):  # fmt: skip
            self.refuse(verdict, *words, says=says)
            self.assertEqual(self.asked(), 1)
        self.server.faults = ["code:AccessDenied"]
        self.refuse("denied", "get", self.bucket, "k", says=["access denied", "403 AccessDenied"])
        self.assertEqual(self.asked(), 1)

    def test_a_silent_server_is_noticed(self):
        self.server.faults = ["stall", "stall"]
        self.refuse("timeout", "get", "--stall", "1", "--tries", "2", self.bucket, "k")
        self.put("k", b"x")
        self.server.faults = ["stall"]
        self.assertEqual(self.store("get", "--stall", "1", self.bucket, "k").stdout, b"x")

    def test_the_environment_says_what_silence_is(self):
        self.put("k", b"x")
        self.environment["SCANTLING_STALL"] = "1"
        self.server.faults = ["stall"]
        self.assertEqual(self.store("get", self.bucket, "k").stdout, b"x")
        for word in ("0", "601", "1s", "x"):
            self.environment["SCANTLING_STALL"] = word
            run = self.store("get", self.bucket, "k", expect=None)
            self.assertIn("SCANTLING_STALL", run.err)
            self.assertNotEqual(run.status, 0)

    def test_a_slow_server_is_waited_for(self):
        data = os.urandom(200000)
        self.put("k", data)
        self.server.faults = ["slow"]
        self.asked()
        self.assertEqual(self.store("get", "--stall", "1", self.bucket, "k").stdout, data)
        self.assertEqual(self.asked(), 1)

    def test_a_copy_is_waited_for_longer(self):
        self.put("k", b"x")
        self.server.faults = ["late:2.5"]
        self.asked()
        self.store("cp", "--stall", "1", "--tries", "1", self.bucket, "k", self.bucket, "l")
        self.assertEqual((self.asked(), self.server.objects["l"]["data"]), (1, b"x"))

    def test_a_broken_stream_goes_on_where_it_was(self):
        data = os.urandom(1000000)
        self.put("k", data)
        self.asked()
        self.server.faults = ["truncate:1", "break:300000", "500", "truncate:0", "break:400000", "reset"]
        self.assertEqual(self.store("get", self.bucket, "k").stdout, data)
        ranges = [headers.get("range") for _, _, _, headers in self.server.requests]
        self.assertEqual(ranges[:2], [None, "bytes=1-"])
        self.assertEqual(len(ranges), 7)

    def test_a_stream_of_an_object_that_was_replaced_fails(self):
        self.put("k", os.urandom(1000))
        self.server.faults = ["truncate:10"]
        original = self.server.objects["k"]

        class Swapped(dict):
            """Another object from the second look on."""

            def __getitem__(self, key):
                thing = original if not self.looks else {**original, "etag": "other"}
                self.looks += 1
                return thing

        swapped = Swapped(self.server.objects)
        swapped.looks = 0
        self.server.objects = swapped
        self.refuse("io", "get", self.bucket, "k", says=["was replaced"])

    def test_a_write_whose_answer_was_lost_knows_its_object(self):
        self.server.faults = ["lost"]
        self.put("k", b"mine", "--if-none", "--attribute", "by=me")
        self.assertEqual(self.server.writes, ["k"])
        self.server.objects.clear()
        self.server.writes.clear()
        # The same size, and another's.
        self.put("k", b"mine", "--attribute", "by=you")
        self.server.faults = ["reset"]
        self.refuse("precondition", "put", "--if-none", "--attribute", "by=me", self.bucket, "k", data=b"mine")

    def test_a_write_whose_answer_was_lost_may_never_know(self):
        """Whose object it is was asked, too, and never answered: another try may tell, so it is no verdict."""
        self.server.faults = ["lost", "", "503", "503"]
        self.refuse("io", "put", "--if-none", "--tries", "2", self.bucket, "k", data=b"mine", says=["503"])
        self.assertEqual(self.server.writes, ["k"])

    def test_an_error_behind_a_success_is_one(self):
        self.put("k", b"x")
        self.asked()
        self.server.faults = ["error-in-200"]
        self.store("cp", self.bucket, "k", self.bucket, "l")
        self.assertEqual(self.asked(), 2)
        self.assertEqual(self.server.objects["l"]["data"], b"x")

    def test_another_region_is_named(self):
        self.server.region = "eu-west-3"
        for action in ("get", "head"):
            self.refuse("argument", action, self.bucket, "k", says=["region eu-west-3", "us-east-1", "AWS_REGION"])

    def test_a_wrong_clock_is_set(self):
        self.server.clock_s = 7200
        self.put("k", b"x")
        self.assertEqual(self.asked(), 2)

    def test_random_faults_lose_nothing(self):
        seed = random.randrange(1 << 32)
        rng = random.Random(seed)
        outcomes = {"ok": 0, "failed": 0}
        faults = ["500", "503", "reset", "lost", "break:20000", "truncate:7", "429"]
        for i in range(int(os.environ.get("SCT_N_OBJECTS", "60"))):
            key, data = f"k{i}", rng.randbytes(rng.randrange(50000))
            self.server.faults = [rng.choice(faults) if rng.random() < 0.5 else "" for _ in range(12)]
            put = self.put(key, data, "--if-none", "--attribute", f"i={i}", expect=None)
            if put.status:
                self.assertRegex(put.err, ": (io|timeout): ", f"seed {seed}")
            else:
                self.assertEqual(self.server.objects[key]["data"], data, f"seed {seed}")
            self.assertLessEqual(self.server.writes.count(key), 1, f"seed {seed}: twice")
            if key in self.server.objects:
                get = self.store("get", self.bucket, key, expect=None)
                if get.status == 0:
                    self.assertEqual(get.stdout, data, f"seed {seed}")
                else:
                    self.assertRegex(get.err, ": (io|timeout): ", f"seed {seed}")
                    self.assertEqual(data[: len(get.stdout)], get.stdout)
            outcomes["failed" if put.status else "ok"] += 1
        print(f"random faults: {outcomes}")
        self.assertGreater(outcomes["ok"], outcomes["failed"])


class Tls(FaultTest):
    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_certificates_are_verified(self):
        certificate, key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with StoreServer() as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            self.environment["AWS_ENDPOINT_URL_S3"] = server.url.replace("http:", "https:")
            self.refuse("io", "ls", "--tries", "1", self.bucket, says=["certificate"])
            self.assertEqual(server.requests, [])
            self.environment["AWS_CA_BUNDLE"] = certificate
            self.put("k", b"x")
            self.assertEqual(self.store("get", self.bucket, "k").stdout, b"x")


class Credentials(FaultTest):
    def setUp(self):
        super().setUp()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del self.environment[name]
        self.server.more_keys = {"HANDED": "s", "NEWER": "s"}

    def use_container(self):
        self.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = self.server.url + "/container"
        self.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = self.write("token", "Bearer of/this=\n")

    def test_without_any_it_says_where_it_looked(self):
        self.refuse("denied", "ls", self.bucket, says=["environment", "~/.aws", "container", "instance"])

    def test_a_profile_serves(self):
        self.write(".aws/credentials", "[p]\naws_access_key_id=AKIDTEST\naws_secret_access_key=secret+/=\n")
        self.environment["AWS_PROFILE"] = "p"
        self.put("k", b"x")

    def test_a_wrong_secret_is_called_so(self):
        self.environment.update(AWS_ACCESS_KEY_ID="AKIDTEST", AWS_SECRET_ACCESS_KEY="wrong")
        self.refuse("denied", "get", self.bucket, "k", says=["secret key", "SignatureDoesNotMatch"])

    def test_the_container_endpoint_serves(self):
        self.use_container()
        self.put("k", b"x")
        self.assertEqual(self.server.access_keys, ["HANDED"])
        self.assertEqual(self.server.requests[-1][3]["x-amz-security-token"], "t0ken")
        self.write("token", "another")
        self.refuse("denied", "get", self.bucket, "k", says=["answers 403"])

    def test_the_instance_serves(self):
        self.server.region = self.server.region = "eu-south-2"
        self.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = self.server.url
        del self.environment["AWS_EC2_METADATA_DISABLED"], self.environment["AWS_REGION"]
        self.put("k", b"x")
        self.assertEqual(self.server.access_keys, ["HANDED"])

    def test_web_identity_serves(self):
        self.environment.update(AWS_ENDPOINT_URL_STS=self.server.url, AWS_ROLE_ARN="arn:aws:iam::1:role/x",
                                AWS_WEB_IDENTITY_TOKEN_FILE=self.write("jwt", "the.jwt+/=\n"))  # fmt: skip
        self.put("k", b"x")
        self.assertEqual(self.server.access_keys, ["HANDED"])
        self.write("jwt", "another")
        self.refuse("denied", "get", self.bucket, "k", says=["InvalidIdentityToken"])

    def test_refused_ones_are_renewed(self):
        self.use_container()
        self.server.handed_out = ["HANDED", "NEWER"]
        self.server.expired = {"HANDED"}
        self.put("k", b"x")
        self.assertEqual(self.server.access_keys, ["HANDED", "NEWER"])
        self.server.expired = {"HANDED", "NEWER"}
        for action in ("get", "head"):
            self.refuse("denied", action, self.bucket, "k", says=["expired"])

    def test_short_lived_ones_are_renewed_in_time(self):
        self.use_container()
        self.server.handed_out = ["HANDED", "NEWER"]
        self.server.lifetime_s = 0
        self.server.faults = ["500"]
        self.put("k", b"x")
        self.assertEqual(self.server.access_keys, ["NEWER"])  # the first request did not come to that
        self.assertEqual([path for _, path, _, _ in self.server.requests].count("/container"), 2)
