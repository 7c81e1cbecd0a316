#!/usr/bin/env python3
"""What ci/package has put into dist/: that it starts where there is nothing but the C library, and that both kinds of
machine make the same pictures. `bootstrap` of the package works on an event of each shape, from a server with TLS and
an authority of its own: of x86_64 as it is, of arm64 under qemu, and each of them in a folder in which it is
alone with the C library, as its root.

    ci/package --test
    tests/packaging/package_test.py [-v] [ARCH...]     what is in dist/ already

Wants moto_server, root (for chroot), and SCT_CORPUS or the preset `release` to make pictures with."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

sys.dont_write_bytecode = True  # nothing appears in the source folder
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
DIST = os.path.join(ROOT, "dist")
ARCHS = [word for word in sys.argv[1:] if not word.startswith("-")] or ["arm64", "x86_64"]
HOST = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
WORK = tempfile.mkdtemp(prefix="scantling-package-")
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))


def unpack(arch):
    """Of one kind of machine: the function, and the tree of the command."""
    folder = os.path.join(WORK, arch)
    with zipfile.ZipFile(f"{DIST}/scantling-lambda-{arch}.zip") as archive:
        archive.extractall(folder)
    os.chmod(folder + "/bootstrap", 0o755)
    with tarfile.open(f"{DIST}/scantling-{arch}.tar.gz") as archive:
        archive.extractall(folder)
    return folder


FOLDERS = {arch: unpack(arch) for arch in ARCHS}


def command_of(arch):
    (tree,) = (name for name in os.listdir(FOLDERS[arch]) if name != "bootstrap")
    return f"{FOLDERS[arch]}/{tree}/bin/scantling"


if HOST in FOLDERS:
    os.environ["SCANTLING"] = command_of(HOST)
os.environ.setdefault("SCT_CORPUS", f"{ROOT}/build/release/corpus")

from moto_support import Moto, skip_without_moto  # noqa: E402

skip_without_moto("package_test")

from pipeline_support import PHOTO, picture  # noqa: E402
from runtime_stub import RuntimeStub  # noqa: E402
from store_support import StoreTest  # noqa: E402

TRIPLETS = {"x86_64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
LOADERS = {"x86_64": "lib64/ld-linux-x86-64.so.2", "arm64": "lib/ld-linux-aarch64.so.1"}
VARIANTS = json.dumps({"variants": [
    {"name": "large", "size": 300}, {"name": "small", "size": 100, "format": "webp"},
    {"name": "lossless", "size": 64, "format": "png"},
]})  # fmt: skip
SHAPES = ("s3", "sqs", "sns", "eventbridge", "ours")


def emulator(arch):
    return [] if arch == HOST else ["qemu-aarch64-static"]


def make_bare_root(arch):
    """A folder in which the function is alone with the C library."""
    root = os.path.join(WORK, arch + "-root")
    loader = os.path.join(root, LOADERS[arch])
    libraries = os.path.join(root, "lib", TRIPLETS[arch])
    for folder in (os.path.dirname(loader), libraries, root + "/tmp"):
        os.makedirs(folder, exist_ok=True)
    for library in ("libc.so.6", "libm.so.6"):
        shutil.copy(f"/lib/{TRIPLETS[arch]}/{library}", libraries)
    shutil.copy(f"/lib/{TRIPLETS[arch]}/{os.path.basename(loader)}", loader)
    shutil.copy(FOLDERS[arch] + "/bootstrap", root)
    for name in emulator(arch):
        shutil.copy(shutil.which(name), root)
    return root


def ways_to_run():
    """Name to command: as it is, and where it is alone."""
    ways = {}
    for arch in ARCHS:
        ways[arch] = [*emulator(arch), FOLDERS[arch] + "/bootstrap"]
        ways[arch + "-alone"] = ["chroot", make_bare_root(arch), *("/" + name for name in emulator(arch)), "/bootstrap"]
    return ways


def make_certificates(folder):
    """The files of a certificate for 127.0.0.1, its key, and the authority that signed it."""
    names = [os.path.join(folder, name) for name in ("server.pem", "server.key", "authority.pem", "authority.key", "request", "names")]
    server, key, authority, authority_key, request, extensions = names
    with open(extensions, "w", encoding="ascii") as f:
        f.write("subjectAltName=IP:127.0.0.1\n")

    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", authority_key,
            "-out", authority)  # fmt: skip
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "2",
            "-extfile", extensions, "-out", server)  # fmt: skip
    return server, key, authority


def s3_event(bucket, key, body):
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": len(body), "eTag": hashlib.md5(body).hexdigest(),
                                                      "sequencer": "0055AED6DCD90281E5"}},
    }]}  # fmt: skip


def event(shape, bucket, key, body):
    s3 = s3_event(bucket, key, body)
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "size": len(body), "etag": hashlib.md5(body).hexdigest()}}
    return json.dumps({
        "s3": s3,
        "sqs": {"Records": [{"messageId": "m1", "receiptHandle": "r", "eventSource": "aws:sqs", "body": json.dumps(s3)}]},
        "sns": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(s3)}}]},
        "eventbridge": {"version": "0", "source": "aws.s3", "detail-type": "Object Created", "region": "us-east-1", "detail": detail},
        "ours": {"scantling": "1", "event": "created", "store": f"s3://{bucket}", "key": key, "size": len(body)},
    }[shape]).encode()  # fmt: skip


@unittest.skipUnless(HOST in ARCHS, "the command of this machine's own kind is not among them")
class Functions(StoreTest):
    @classmethod
    def setUpClass(cls):
        folder = os.path.join(WORK, "tls")
        os.makedirs(folder)
        cls.tls = make_certificates(folder)
        cls.moto = Moto(cls.tls)
        cls.addClassCleanup(cls.moto.stop)
        for arch in ARCHS:  # where the function can read it when it is alone
            os.makedirs(os.path.join(WORK, arch + "-root") + folder)
            shutil.copy(cls.tls[2], os.path.join(WORK, arch + "-root") + folder)

    def setUp(self):
        super().setUp()
        self.environment.update(AWS_ENDPOINT_URL=self.moto.url, AWS_CA_BUNDLE=self.tls[2], SCANTLING_VARIANTS=VARIANTS)

    def function(self, command, target, **environment):
        log = open(os.path.join(WORK, "log"), "ab")
        self.addCleanup(log.close)
        # Emulated, a second of work takes half a minute.
        stub = RuntimeStub(command, "resize", {**self.environment, "SCANTLING_TARGET": f"s3://{target}", **environment},
                           timeout_s=300, stdout=log, stderr=log)  # fmt: skip
        stub.__enter__()
        self.addCleanup(stub.stop)
        return stub

    def upload(self, bucket):
        """A picture of each format; their keys and bytes."""
        photo = picture(PHOTO)
        path = os.path.join(self.folder, "photo.jpg")
        with open(path, "wb") as f:
            f.write(photo)
        subprocess.run([os.environ["SCANTLING"], "resize", "-s", "400x", "--format", "png,webp", "-o", self.folder, path],
                       check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        pictures = {"a b/ä.jpg": photo}
        for name in sorted(os.listdir(self.folder)):
            if name.endswith((".png", ".webp")):
                with open(os.path.join(self.folder, name), "rb") as f:
                    pictures["a b/" + name] = f.read()
        self.assertEqual(len(pictures), 3)
        for key, body in pictures.items():
            self.store("put", f"s3://{bucket}", key, data=body)
        return pictures

    def test_all_make_the_same_pictures_of_an_event_of_each_shape(self):
        self.moto.request("PUT", "/uploads")
        pictures = self.upload("uploads")
        made = {}
        for way, command in WAYS.items():
            for shape in SHAPES:
                target = f"{way}-{shape}".replace("_", "-")
                self.moto.request("PUT", "/" + target)
                function = self.function(command, target, SCANTLING_SOURCE="s3://uploads")
                for key, body in pictures.items():
                    coded = key if shape in ("eventbridge", "ours") else key.replace(" ", "+").replace("ä", "%C3%A4")
                    invocation = function.invoke(event(shape, "uploads", coded, body))
                    self.assertEqual(invocation.outcome, "answered", (way, shape, key, invocation.error))
                self.assertTrue(function.stop(), (way, shape))
                keys = self.store("ls", f"s3://{target}").keys
                made[target] = {k: self.store("get", f"s3://{target}", k).stdout for k in keys}
                self.assertEqual(len(keys), 9, (way, shape, keys))
        first = next(iter(made.values()))
        for target, outputs in made.items():
            self.assertEqual({k: hashlib.sha256(v).hexdigest() for k, v in outputs.items()},
                             {k: hashlib.sha256(v).hexdigest() for k, v in first.items()}, target)  # fmt: skip

    def test_a_server_that_nobody_vouches_for_is_refused(self):
        self.moto.request("PUT", "/unvouched")
        stranger = make_certificates(tempfile.mkdtemp(dir=WORK))[2]
        for way in ARCHS:
            function = self.function(WAYS[way], "elsewhere", SCANTLING_SOURCE="s3://unvouched", AWS_CA_BUNDLE=stranger)
            invocation = function.invoke(event("s3", "unvouched", "x.jpg", b""))
            self.assertEqual(invocation.outcome, "failed", way)
            self.assertIn(b"certificate", invocation.error.lower(), way)
            function.stop()


class Files(unittest.TestCase):
    def test_the_function_is_all_that_is_in_its_archive_and_may_be_run(self):
        for arch in ARCHS:
            with zipfile.ZipFile(f"{DIST}/scantling-lambda-{arch}.zip") as archive:
                (info,) = archive.infolist()
            self.assertEqual((info.filename, oct(info.external_attr >> 16)), ("bootstrap", "0o100755"))

    def test_the_command_comes_with_library_headers_manual_and_licence(self):
        for arch in ARCHS:
            tree = os.path.dirname(os.path.dirname(command_of(arch)))
            for name in ("lib/libscantling.a", "include/scantling/scantling.h", "lib/pkgconfig/scantling.pc",
                         "share/man/man1/scantling.1", "share/doc/scantling/LICENSE", "share/doc/scantling/README.md"):  # fmt: skip
                self.assertTrue(os.path.isfile(os.path.join(tree, name)), (arch, name))
            run = subprocess.run([*emulator(arch), command_of(arch), "--version"], check=True, stdout=subprocess.PIPE)
            self.assertIn(b"stores: file s3", run.stdout)

    def test_the_bill_names_source_packages_that_debian_has(self):
        """Of those that are installed: in exactly that version."""
        installed = subprocess.run(["dpkg-query", "-W", "-f", "${source:Package} ${source:Version}\n"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.splitlines()  # fmt: skip
        fetched = {}  # by ci/package-sources
        for name in ("curl", "lcms2", "libisal", "libmicrohttpd", "libspng"):
            with open(f"{ROOT}/build/package/sources/{name}.version", encoding="utf-8") as f:
                fetched[name] = f.read().strip()
        for arch in ARCHS:
            with open(f"{DIST}/scantling-{arch}.cdx.json", encoding="utf-8") as f:
                parts = json.load(f)["components"]
            for name, version in ((part["name"], part["version"]) for part in parts):
                if name in fetched:
                    self.assertEqual(version, fetched[name], (arch, name))
                else:
                    self.assertIn(f"{name} {version}", installed, arch)

    def test_the_bill_names_every_part_with_its_version_and_where_it_is_from(self):
        for arch in ARCHS:
            with open(f"{DIST}/scantling-{arch}.cdx.json", encoding="utf-8") as f:
                bill = json.load(f)
            self.assertEqual((bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
            names = {part["name"] for part in bill["components"]}
            wanted = {"curl", "expat", "highway", "jansson", "lcms2", "libjpeg-turbo", "libmicrohttpd", "libseccomp", "libspng",
                      "libwebp", "openssl", "zlib"}  # fmt: skip
            self.assertLessEqual(wanted | ({"libisal"} if arch == "x86_64" else set()), names)
            for part in bill["components"]:
                self.assertTrue(part["purl"].startswith(f"pkg:deb/debian/{part['name']}@"), part)
                self.assertTrue(part.get("licenses"), part)


if __name__ == "__main__":
    WAYS = ways_to_run()
    try:
        unittest.main(argv=[sys.argv[0], *(word for word in sys.argv[1:] if word.startswith("-"))])
    finally:
        shutil.rmtree(WORK)
