"""OpenStack Swift for tests: its S3 API in front of one device in a folder of its own, on 127.0.0.1, with users from
tempauth. It checks signatures and presigned URLs for real. Debian's packages: ci/setup --swift.

    swift = Swift()     # starts; swift.url, swift.access, swift.secret
    swift.stop()        # all of it, by process id, and the folder
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

START_S = 120
BACK_ENDS = ("account", "container", "object")
PROGRAMS = ["swift-ring-builder", "memcached", "swift-proxy-server", *(f"swift-{n}-server" for n in BACK_ENDS)]
PATH = "/usr/bin:/bin"  # Debian's own python3 runs it

COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
user = {user}
"""
BACK_END = COMMON + """[pipeline:main]
pipeline = {server}-server
[app:{server}-server]
use = egg:swift#{server}
"""
PROXY = COMMON + """[pipeline:main]
pipeline = catch_errors healthcheck cache s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
"""
SWIFT = """[swift-hash]
swift_hash_path_prefix = a
swift_hash_path_suffix = b
[storage-policy:0]
name = only
default = yes
"""


def find_missing():
    """What keeps it from running, or "": programs, and a file system with attributes."""
    missing = [p for p in PROGRAMS if not shutil.which(p, path=PATH)]
    if missing:
        return f"no {', '.join(missing)} (ci/setup --swift)"
    with tempfile.NamedTemporaryFile() as f:
        try:
            os.setxattr(f.name, "user.swift.test", b"x" * 2048)
        except OSError as e:
            return f"{tempfile.gettempdir()} keeps no extended attributes: {e.strerror}"
    return ""


def find_ports(n):
    """All different, since they are held at once."""
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Swift:
    access, secret = "test:tester", "secret+/="

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="scantling-swift-")
        self.processes = []
        self.environment = {"PATH": PATH, "HOME": self.folder, "SWIFT_DIR": self.folder}
        self.user = "root" if os.getuid() == 0 else os.environ.get("USER", "nobody")
        ports = find_ports(2 + len(BACK_ENDS))
        self.memcached, self.proxy = ports[:2]
        self.url = f"http://127.0.0.1:{self.proxy}"
        try:
            self.start(dict(zip(BACK_ENDS, ports[2:])))
        except BaseException:
            self.stop()
            raise

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text, **words):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text.format(folder=self.folder, user=self.user, **words))
        return self.path(name)

    def run(self, *words):
        with open(self.path(os.path.basename(words[0]) + ".log"), "ab") as log:
            self.processes.append(subprocess.Popen(words, env=self.environment, cwd=self.folder, stdout=log, stderr=log))

    def start(self, ports):
        os.makedirs(self.path("devices", "d1"))
        self.write("swift.conf", SWIFT)
        self.run("memcached", "-l", "127.0.0.1", "-p", str(self.memcached), "-u", self.user)
        for name, port in ports.items():
            for words in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
                subprocess.run(["swift-ring-builder", self.path(name + ".builder"), *words], env=self.environment,
                               cwd=self.folder, stdout=subprocess.DEVNULL, check=True)  # fmt: skip
            self.run(f"swift-{name}-server", self.write(name + ".conf", BACK_END, server=name, port=port), "-v")
        proxy = self.write("proxy.conf", PROXY, port=self.proxy, memcached=self.memcached, secret=self.secret)
        self.run("swift-proxy-server", proxy, "-v")
        for port in ports.values():
            self.wait_for(f"http://127.0.0.1:{port}/recon")
        self.wait_for(self.url + "/healthcheck")

    def wait_for(self, url):
        """Until it answers anything at all."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(url, timeout=30).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError as e:
                dead = [p.args[0] for p in self.processes if p.poll() is not None]
                if dead or time.monotonic() > deadline:
                    self.tell_logs()
                    raise RuntimeError(f"Swift does not start: {', '.join(dead) or e}") from e
                time.sleep(0.2)

    def tell_logs(self):
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(self.path(name), encoding="utf-8", errors="replace") as f:
                    sys.stderr.write("".join(f"{name}: {line}" for line in f.readlines()[-10:]))

    def make_bucket(self, name):
        """In Swift's own words."""
        request = urllib.request.Request(self.url + "/auth/v1.0", headers={"X-Auth-User": self.access, "X-Auth-Key": self.secret})
        with urllib.request.urlopen(request, timeout=60) as answer:
            place, token = answer.headers["X-Storage-Url"], answer.headers["X-Auth-Token"]
        request = urllib.request.Request(f"{place}/{name}", method="PUT", headers={"X-Auth-Token": token})
        urllib.request.urlopen(request, timeout=60).close()

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
