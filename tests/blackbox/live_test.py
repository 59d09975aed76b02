"""The live example: WebSockets, server-sent events and bodies in pieces, with clients of other makers."""

import os
import subprocess
import time
import unittest

from serving import Server, ServingTest, clean_environment

HERE = os.path.dirname(os.path.abspath(__file__))
LIVE = os.path.join(os.environ["MUTUAL_BIN"], "live")
# The system's Python has the system's packages; another one may come first in the path.
PYTHON = "/usr/bin/python3"


class Live(ServingTest):
    def setUp(self):
        super().setUp()
        self.make_pki()
        self.server = Server(self.folder, "localhost:0", "pki", listen=None, program=LIVE, command=())
        self.addCleanup(self.server.stop)

    def identity(self, name="alice"):
        return self.at("pki", "issued", f"{name}.crt"), self.at("pki", "issued", f"{name}.key")

    def chat(self, *words, who=True):
        cert, key = self.identity() if who else ("", "")
        return (PYTHON, os.path.join(HERE, "peers", "chat.py"), f"wss://localhost:{self.server.port}/chat", cert, key,
                self.at("pki", "trust.crt"), *words)

    def curl(self, path, *more, code=0):
        cert, key = self.identity()
        return self.run_tool("curl", "-sS", "--cacert", self.at("pki", "trust.crt"), "--cert", cert, "--key", key, *more,
                             f"https://localhost:{self.server.port}{path}", code=code)

    def listen(self):
        listening = subprocess.Popen(self.chat("listen"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                     env=clean_environment())
        self.addCleanup(listening.wait)
        self.addCleanup(listening.kill)
        self.addCleanup(listening.stdout.close)
        self.assertEqual(listening.stdout.readline(), "open\n")
        return listening

    def test_a_message_comes_with_the_name_in_the_certificate(self):
        self.assertEqual(self.run_tool(*self.chat("say", "hello")), "alice: hello\n")
        self.assertEqual(self.run_tool(*self.chat("say", "grüße")), "alice: grüße\n")
        self.server.wait_for(r"alice.*GET /chat.* 101 ")

    def test_over_http_2_a_stream_becomes_the_socket(self):
        cert, key = self.identity()
        said = self.run_tool("node", os.path.join(HERE, "peers", "chat2.js"), str(self.server.port), cert, key,
                             self.at("pki", "trust.crt"), "hello")
        self.assertEqual(said, "alice: hello\n1000\n")
        self.server.wait_for(r"alice.*CONNECT /chat HTTP/2.* 200 ")

    def test_a_ping_is_answered_and_a_large_message_is_not_taken(self):
        self.assertEqual(self.run_tool(*self.chat("ping")), "pong\n")
        self.assertEqual(self.run_tool(*self.chat("large", "1048577")), "1009\n")
        self.assertEqual(self.run_tool(*self.chat("large", "1048577")), "1009\n")

    def test_without_a_certificate_there_is_no_socket(self):
        said = self.run_tool(*self.chat("say", "hello", who=False), code=1)
        self.assertNotIn("hello\n", said)
        self.server.wait_for("refused .*no_certificate")

    def test_a_page_of_another_site_gets_none(self):
        asking = ("--http1.1", "-i", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13", "-H",
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        self.assertIn(" 403 ", self.curl("/chat", *asking, "-H", "Origin: https://evil.example"))
        self.assertIn(" 426 ", self.curl("/chat", "-i", "--http1.1"))
        self.assertIn(" 400 ", self.curl("/chat", "-i", "--http2"))

    def test_a_stop_says_goodbye_to_those_who_listen(self):
        listening = self.listen()
        began = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)
        self.assertEqual(listening.stdout.read(), "1001\n")

    def test_events_come_as_they_happen_and_a_stop_does_not_wait_for_them(self):
        cert, key = self.identity()
        reading = subprocess.Popen(("curl", "-sSN", "--cacert", self.at("pki", "trust.crt"), "--cert", cert, "--key", key,
                                    f"https://localhost:{self.server.port}/lines"), stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(reading.wait)
        self.addCleanup(reading.kill)
        self.addCleanup(reading.stdout.close)
        self.run_tool(*self.chat("say", "one"))
        self.assertEqual([reading.stdout.readline() for _ in range(3)], ["event: lines\n", "data: 1\n", "\n"])
        self.run_tool(*self.chat("say", "two"))
        self.assertEqual([reading.stdout.readline() for _ in range(3)], ["event: lines\n", "data: 2\n", "\n"])
        began = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)
        self.assertNotEqual(reading.wait(timeout=20), 0, "what was cut does not look whole")

    def test_a_written_body_comes_whole(self):
        self.assertEqual(self.curl("/countdown/3"), "3\n2\n1\n")


if __name__ == "__main__":
    unittest.main()
