#!/usr/bin/env python3
"""Drives `mutual serve`, and the example with WebSockets, for minutes: thousands of connections that come and go, well and
badly, while certificates are revoked and files are read again. Fails if a request is lost, if a sanitizer complains, or if
memory at the end is more than after a third of the time. Called by scripts/soak."""

import argparse
import itertools
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "blackbox"))

from crowd import Crowd  # noqa: E402
from serving import MUTUAL, Server, clean_environment  # noqa: E402
from soak_visits import Visits  # noqa: E402

OPTIONS = {"ASAN_OPTIONS": "verify_asan_link_order=0:quarantine_size_mb=4:detect_leaks=1:malloc_context_size=8",
           "UBSAN_OPTIONS": "print_stacktrace=1", "TSAN_OPTIONS": "second_deadlock_stack=1"}
COMPLAINTS = re.compile("(?m)^.*(?:ERROR: AddressSanitizer|ERROR: LeakSanitizer|WARNING: ThreadSanitizer|runtime error:).*$")
# A server keeps the sessions of so many visits; each takes so much.
SESSIONS_KEPT, SESSION_BYTES = 20480, 1536
# What may be otherwise between two moments at which nobody is connected.
LIVE_SLACK, RSS_SLACK = 1 << 20, 24 << 20
# Visitors of each kind, at once.
VISITORS = {"full": 2, "resumed": 1, "large": 1, "http2": 1, "websocket": 2, "aborted": 1, "half_closed": 1, "refused": 1,
            "kept": 3}
SILENT, GARBAGE = 1000, 500


class Watched(Server):
    """A server whose memory is looked at."""

    def __init__(self, folder, name, *arguments, **how):
        self.name, self.place = name, os.path.join(folder, name + ".live")
        os.environ.update(LIVE_BYTES=self.place, LD_PRELOAD=os.path.join(folder, "live_bytes.so"))
        try:
            super().__init__(folder, *arguments, **how)
        finally:
            del os.environ["LIVE_BYTES"], os.environ["LD_PRELOAD"]
        self.descriptors = None

    def live(self):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(self.place)
            return int(asking.makefile().readline())

    def rss(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def rest(self):
        """Waits until nobody is connected any more; gives the bytes that are live, and the resident ones."""
        end = time.monotonic() + 60
        while self.descriptors is not None and self.open_files() > self.descriptors:
            if time.monotonic() > end:
                raise SystemExit(f"{self.name}: {self.open_files() - self.descriptors} descriptors are not given back")
            time.sleep(0.1)
        time.sleep(1)
        return self.live(), self.rss()


class Soak:
    def __init__(self, folder, asked):
        self.folder, self.asked = folder, asked
        self.lost, self.counts, self.lock = [], dict.fromkeys([*VISITORS, "revoked", "silent", "garbage"], 0), threading.Lock()
        self.turns = itertools.count()
        self.prepare()

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, *words):
        done = subprocess.run([MUTUAL, *words], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        if done.returncode != 0 or COMPLAINTS.search(done.stdout):
            raise AssertionError(f"mutual {' '.join(words)}: {done.stdout}")

    def prepare(self):
        for source, libraries in (("live_bytes", ["-ldl", "-lpthread"]), ("client_certificate", ["-ldl", "-lssl"])):
            subprocess.run(["cc", "-shared", "-fPIC", "-o", self.at(source + ".so"), ROOT / "bench" / f"{source}.c", *libraries],
                           check=True)
        self.run("init", "--name", "Acme", "--host", "localhost", "--client", "alice")
        self.run("init", "--pki", "other", "--name", "Other", "--host", "localhost", "--client", "mallory")
        self.run("issue", "client", "first")
        self.run("revoke", "first")  # there are revocation lists from the start
        os.mkdir(self.at("www"))
        files = {"small.txt": b"small\n", "page.html": b"a page of many lines\n" * 2000, "large.bin": os.urandom(1 << 20)}
        for name, content in files.items():
            Path(self.at("www", name)).write_bytes(content)
        self.server = Watched(self.folder, "serve", "www", "--compress", "--threads", "2", listen="127.0.0.1:0")
        live = os.path.join(os.path.dirname(MUTUAL), "live")
        self.live = Watched(self.folder, "live", "127.0.0.1:0", self.at("pki"), listen=None, program=live, command=())
        self.servers = [self.server, self.live]
        certified = clean_environment(LD_PRELOAD=self.at("client_certificate.so"), CLIENT_CERT=self.at("pki/issued/alice.crt"),
                                      CLIENT_KEY=self.at("pki/issued/alice.key"))
        self.visits = Visits(self.at("pki"), self.server.port, self.live.port, files, certified)

    def handshakes(self):
        """Of good clients at each server."""
        each = {"full": 1, "resumed": 4, "large": 1, "http2": 40, "aborted": 1, "half_closed": 1, "revoked": 1}
        of_all = self.visits.stayed + sum(self.counts[kind] * times for kind, times in each.items())
        return {self.server: of_all, self.live: self.counts["websocket"]}

    def surely_kept(self):
        """Sessions that each server has kept, unless others took their place: of those who surely ended with no alert."""
        of_all = sum(self.counts[kind] * times for kind, times in {"full": 1, "resumed": 1, "large": 1, "http2": 40}.items())
        return {self.server: of_all, self.live: self.visits.left_sessions}

    def repeat(self, kind, visit, until):
        while not until.is_set() and not self.lost:
            try:
                visit(next(self.turns))
                with self.lock:
                    self.counts[kind] += 1
            except Exception:  # whatever it is, something that should have gone well has not
                with self.lock:
                    self.lost.append(f"{kind}: {traceback.format_exc()}")

    def revoke(self, turn):
        self.visits.revoked(f"guest-{turn}", self.run)
        for server in self.servers:
            server.signal(signal.SIGHUP)
        time.sleep(2)

    def load(self, seconds, enough=lambda: True):
        """All visitors at once, for so long, and until there was enough."""
        over = threading.Event()
        crowd = Crowd(self.server.port, SILENT, GARBAGE)
        try:
            kinds = [(kind, getattr(self.visits, kind)) for kind, count in VISITORS.items() for _ in range(count)]
            threads = [threading.Thread(target=self.repeat, args=(kind, visit, over)) for kind, visit in
                       [*kinds, ("revoked", self.revoke)]]
            for one in threads:
                one.start()
            began = time.monotonic()
            while (time.monotonic() < began + seconds or not enough()) and not self.lost and self.alive():
                time.sleep(0.2)
            over.set()
            for one in threads:
                one.join()
            for kind, count in crowd.end().items():
                self.counts[kind] += count
        finally:
            over.set()
            crowd.kill()

    def alive(self):
        return all(one.process.poll() is None for one in self.servers)

    def fill_sessions(self, seconds):
        """The first third lasts until as many sessions are kept as ever will be, but not without end."""
        end = time.monotonic() + 4 * seconds
        return lambda: min(self.surely_kept().values()) > 1.2 * SESSIONS_KEPT or time.monotonic() > end

    def soak(self):
        seconds = self.asked.minutes * 60
        for kind in ("full", "websocket", "http2"):
            getattr(self.visits, kind)(0)
        time.sleep(1)
        for one in self.servers:
            one.descriptors = one.open_files()
        self.load(seconds / 3, self.fill_sessions(seconds / 3))
        if self.failed():
            return
        made, before = self.surely_kept(), {one: one.rest() for one in self.servers}
        self.load(seconds * 2 / 3)
        if self.failed():
            return
        for one in self.servers:
            self.compare(one, made[one], before[one], one.rest())

    def compare(self, server, made, before, after):
        allowed = LIVE_SLACK + SESSION_BYTES * (min(self.handshakes()[server], SESSIONS_KEPT) - min(made, SESSIONS_KEPT))
        print(f"{server.name}: after a third {before[0]:,} bytes live and {before[1]:,} resident, at the end {after[0]:,} and "
              f"{after[1]:,}")
        for what, one, other, more in (("live", before[0], after[0], allowed),
                                       ("resident", before[1], after[1], max(RSS_SLACK, before[1] // 10) + allowed)):
            if other > one + more:
                self.lost.append(f"{server.name}: {other - one:,} bytes more are {what} at the end than after a third ({more:,} may be)")

    def failed(self):
        return bool(self.lost) or not self.alive()

    def end(self):
        """Stops the servers; what was wrong with any of them is among what was lost."""
        for one in self.servers:
            code = one.stop()
            said = one.log()
            kept = ROOT / "build" / f"soak-{one.name}.log"
            shutil.copy(one.log_path, kept)
            if code != 0 or COMPLAINTS.search(said):
                self.lost.append(f"{one.name} ended with exit code {code}; its log is {kept}: " +
                                 "; ".join(COMPLAINTS.findall(said)[:5]))


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--preset", choices=["release", "asan", "tsan"], default="asan")
    parser.add_argument("--minutes", type=float, default=3)
    asked = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for name, value in OPTIONS.items():
        os.environ.setdefault(name, value)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutual-soak-") as folder:
        soak = Soak(folder, asked)
        try:
            soak.soak()
        finally:
            soak.end()
    print(f"{asked.preset}, {(time.monotonic() - began) / 60:.1f} minutes: " +
          ", ".join(f"{kind} {count:,}" for kind, count in soak.counts.items()) +
          f"; {sum(soak.handshakes().values()):,} handshakes of good clients")
    for one in soak.lost:
        print(f"scripts/soak: {one}", file=sys.stderr)
    sys.exit(1 if soak.lost else 0)


if __name__ == "__main__":
    main()
