"""8,000 connections at once, of which 2,000 say nothing and 2,000 say what no client says: all others are served, and
afterwards the server holds no more than before. And what a connection holds that is served and waits."""

import os
import re
import resource
import socket
import ssl
import time
import unittest

from crowd import Crowd
from serving import ServingTest, sanitized

# Under the address sanitizer, what is freed is kept back for a while: memory would not look flat.
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1")

GOOD, SILENT, GARBAGE = 4000, 2000, 2000
NEEDED = GOOD + SILENT + GARBAGE + 500
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
# No key has sealed it. The connection fails, and takes its session with it, which would be memory that is meant to stay.
UNSEALED = b"\x17\x03\x03\0\x20" + bytes(32)
# KiB that one connection may hold while it waits for a request; docs/benchmarks.md has what was measured (18 and 32), and how
# much of it is OpenSSL's, which holds more since 3.2. The rest is an allocator's: a fifth more is a fault.
MOST_IDLE = 22 if ssl.OPENSSL_VERSION_INFO < (3, 2) else 38
# Nothing is waited for longer than this, however busy the machine; a handshake takes a server a millisecond.
GENEROUS = 30


class CrowdTest(ServingTest):
    def setUp(self):
        super().setUp()
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        if before[1] != resource.RLIM_INFINITY and before[1] < NEEDED:
            self.fail(f"this test opens {NEEDED} files at each end, and {before[1]} are allowed: raise the hard limit (ulimit -Hn)")
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], NEEDED), before[1]))
        self.make_pki()

    def start(self, *arguments):
        self.server = self.serve("--quiet", *arguments, listen="127.0.0.1:0")
        self.context = ssl.create_default_context(cafile=self.at("pki", "trust.crt"))
        self.context.load_cert_chain(self.at("pki", "issued", "alice.crt"), self.at("pki", "issued", "alice.key"))

    def crowd(self, silent, garbage, **how):
        crowd = Crowd(self.server.port, silent, garbage, **how)
        self.addCleanup(crowd.kill)
        return crowd

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.server.port), timeout=GENEROUS)
        self.addCleanup(plain.close)
        tls = self.context.wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(tls.close)
        return tls

    def ask(self, tls):
        tls.sendall(REQUEST)
        answer = b""
        while not answer.endswith(b"Hello, alice!\n"):
            piece = tls.recv(4096)
            self.assertTrue(piece, answer)
            answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    def come_and_stay(self, count):
        """Good clients that are served, one after another, and stay; gives them."""
        stayed = []
        for _ in range(count):
            tls = self.connect()
            self.ask(tls)
            stayed.append(tls)
        return stayed

    def leave(self, those):
        for one in those:
            one.close()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def memory(self):
        """KiB."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    def wait_until_all_have_come(self):
        """The silent ones come together, are closed together when their time is over, and rest; so this is not always so."""
        end, most = time.monotonic() + GENEROUS, 0
        while most <= GOOD + SILENT and time.monotonic() < end:
            most = max(most, self.descriptors())
            time.sleep(0.01)
        self.assertGreater(most, GOOD + SILENT)

    def wait_until_all_are_gone(self, descriptors):
        end = time.monotonic() + GENEROUS
        while self.descriptors() > descriptors and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(self.descriptors(), descriptors)

    def test_8000_connections_half_of_which_are_not_there_to_be_served(self):
        self.start()
        self.leave(self.come_and_stay(4))
        time.sleep(0.5)
        descriptors, held = self.descriptors(), []
        # The second time shows what the first has left behind: an allocator keeps what it once had, and no more. If the
        # second happened to need more at once, the third shows that; what leaks does so each time.
        while len(held) < 2 or (held[-1] - held[-2] >= 8 * 1024 and len(held) < 4):
            crowd = self.crowd(SILENT, GARBAGE)
            stayed = self.come_and_stay(GOOD)
            self.wait_until_all_have_come()
            for one in stayed:
                self.ask(one)
            came = crowd.end()
            self.assertGreaterEqual(came["silent"], SILENT)
            self.assertGreater(came["garbage"], GARBAGE)
            for one in stayed:
                os.write(one.fileno(), UNSEALED)
            self.leave(stayed)
            self.wait_until_all_are_gone(descriptors)
            held.append(self.memory())
        self.assertLess(held[-1] - held[-2], 8 * 1024, f"KiB after each crowd: {held}")
        for reason in ("handshake_timeout", "not_tls", "malformed"):
            self.assertIn(reason, self.server.log())
        self.assertEqual(self.server.stop(), 0)

    @unittest.skipIf(sanitized(), "a sanitizer's memory is not the server's own")
    def test_a_connection_that_waits_holds_little(self):
        self.start()
        self.leave(self.come_and_stay(50))
        time.sleep(0.5)
        before = self.memory()
        stayed = self.come_and_stay(GOOD // 2)
        held = (self.memory() - before) / len(stayed)
        self.assertLess(held, MOST_IDLE, "KiB for each connection")
        for one in stayed[::20]:
            self.ask(one)
        self.leave(stayed)
        self.assertEqual(self.server.stop(), 0)

    def test_a_crowd_beyond_what_may_be_open_keeps_nobody_out(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        self.start()  # with the limit that systems give: fewer than a thousand connections
        resource.setrlimit(resource.RLIMIT_NOFILE, (NEEDED, hard))
        crowd = self.crowd(2000, 500)
        for one in self.come_and_stay(100):
            self.ask(one)
        crowd.end()
        self.assertIn("this was the oldest", self.server.log())
        self.assertEqual(self.server.stop(), 0)

    def test_a_crowd_that_is_refused_and_does_not_go_keeps_nobody_out(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
        self.start()
        resource.setrlimit(resource.RLIMIT_NOFILE, (NEEDED, hard))
        # Twice as many as may be open, each of which comes again at once and stays longer than the server lingers.
        crowd = self.crowd(0, 2000, rest=0, hold=5)
        for one in self.come_and_stay(100):
            self.ask(one)
        crowd.end()
        self.assertNotIn("further ones are closed", self.server.log())
        self.assertEqual(self.server.stop(), 0)
