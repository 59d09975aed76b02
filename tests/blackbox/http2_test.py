"""HTTP/2 clients of other makers against `mutual serve`, and frames that no honest client sends."""

import json
import os
import re
import socket
import ssl
import sys
import time
import unittest

from serving import MUTUAL, Server, ServingTest, sanitized

# Under the address sanitizer, what is freed is kept back for a while: memory would not look bounded.
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1")

HERE = os.path.dirname(os.path.abspath(__file__))

# The system's own packages (scripts/setup --tests), also if another Python than the system's runs this: they are Python
# and nothing else.
sys.path.append("/usr/lib/python3/dist-packages")
import h2.config  # noqa: E402
import h2.connection  # noqa: E402
import h2.events  # noqa: E402
import h2.settings  # noqa: E402
from hyperframe.frame import (  # noqa: E402
    ContinuationFrame, DataFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame)

BOOKS = os.path.join(os.path.dirname(MUTUAL), "books")


class Http2(ServingTest):
    def setUp(self):
        super().setUp()
        self.make_pki()

    def start(self, *arguments):
        self.server = self.serve(*arguments)
        self.url = f"https://localhost:{self.server.port}/"

    def pair(self):
        return self.at("pki", "issued", "alice.crt"), self.at("pki", "issued", "alice.key")

    def curl(self, *more, code=0):
        cert, key = self.pair()
        return self.run_tool("curl", "-sS", "--cacert", self.at("pki", "trust.crt"), "--cert", cert, "--key", key, *more,
                             code=code)

    def test_curl_chooses_http_2_by_itself(self):
        self.start()
        for version in ("1.2", "1.3"):
            said = self.curl("--tls-max", version, "-w", "%{http_version} %{http_code}", self.url)
            self.assertEqual(said, "Hello, alice!\n2 200")
        self.server.wait_for(r'alice [0-9a-f]{16} "GET / HTTP/2\.0" 200 14 ')
        self.assertEqual(self.curl("--http1.1", "-w", "%{http_version}", self.url), "Hello, alice!\n1.1")

    def test_it_can_be_switched_off(self):
        self.start("--http", "1.1")
        self.assertEqual(self.curl("--http2", "-w", "%{http_version}", self.url), "Hello, alice!\n1.1")

    def test_many_at_once_on_one_connection(self):
        self.start()
        said = self.curl("--parallel", "--parallel-max", "50", "-w", "%{http_version} %{num_connects}\n", "-o", "/dev/null",
                         self.url + "?[1-200]")
        self.assertEqual(len(re.findall(r"^2 [01]$", said, re.MULTILINE)), 200, said)

    def test_files_of_any_size_arrive_whole(self):
        os.mkdir(self.at("site"))
        for name, size in (("empty", 0), ("small", 10), ("record", 16384), ("large", 5_000_000)):
            with open(self.at("site", name), "wb") as file:
                file.write(os.urandom(1000) * (size // 1000) + b"x" * (size % 1000))
        self.start("site")
        for name in ("empty", "small", "record", "large"):
            self.curl("--http2", "-o", self.at("got"), self.url + name)
            with open(self.at("site", name), "rb") as one, open(self.at("got"), "rb") as other:
                self.assertEqual(one.read(), other.read(), name)

    def test_nghttp(self):
        self.start()
        cert, key = self.pair()
        said = self.run_tool("nghttp", "-v", "-m", "20", f"--cert={cert}", f"--key={key}", "-y", self.url)
        self.assertEqual(len(re.findall(r":status: 200", said)), 20, said)
        self.assertIn("SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100", said)

    def test_node(self):
        self.start()
        said = self.run_tool("node", os.path.join(HERE, "peers", "get2.js"), self.url, self.at("pki", "trust.crt"), *self.pair())
        self.assertEqual(said, "50 answers: Hello, alice!\n404\n")

    def test_java(self):
        self.start()
        self.run_tool("openssl", "pkcs12", "-export", "-in", self.pair()[0], "-inkey", self.pair()[1], "-passout", "pass:secret",
                      "-out", "alice-java.p12")
        self.run_tool("keytool", "-importcert", "-noprompt", "-file", self.at("pki", "trust.crt"), "-alias", "root",
                      "-keystore", "trust-java.p12", "-storetype", "PKCS12", "-storepass", "secret")
        said = self.run_tool("java", "-Djavax.net.ssl.keyStore=alice-java.p12", "-Djavax.net.ssl.keyStorePassword=secret",
                             "-Djavax.net.ssl.trustStore=trust-java.p12", "-Djavax.net.ssl.trustStorePassword=secret",
                             os.path.join(HERE, "peers", "Get2.java"), self.url, timeout=120)
        self.assertEqual(said, "HTTP_2 200 Hello, alice!\n50 more\n")

    def test_curl_hears_why_what_it_sends_is_refused_each_time(self):
        self.server = Server(self.folder, "127.0.0.1:0", listen=None, program=BOOKS, command=())
        self.addCleanup(self.server.stop)
        self.url = f"https://localhost:{self.server.port}/"
        for name, size in (("large", 3_000_000), ("middle", 500_000)):
            with open(self.at(name), "wb") as file:
                file.write(b"x" * size)
        said = ("-o", "/dev/null", "-w", "%{http_version} %{http_code} %{size_download}\n")
        for body, status, times in (('{"title":"Dune","year":1965}', 403, 30), ("@large", 413, 10)):
            for _ in range(times):
                self.assertRegex(self.curl("-H", "Content-Type: application/json", "--data-binary", body, *said,
                                           self.url + "books"), rf"^2 {status} [1-9]\d*$")
        self.start()
        for _ in range(10):
            self.assertRegex(self.curl("--data-binary", "@middle", *said, self.url), r"^2 405 [1-9]\d*$")

    def test_a_stop_finishes_what_runs_and_says_goaway(self):
        self.start()
        cert, key = self.pair()
        context = ssl.create_default_context(cafile=self.at("pki", "trust.crt"))
        context.load_cert_chain(cert, key)
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
                tls.recv(4096)
                began = time.monotonic()
                self.assertEqual(self.server.stop(), 0)
                self.assertLess(time.monotonic() - began, 5)
                said = b""
                while piece := tls.recv(4096):
                    said += piece
                self.assertEqual(said.count(b"\0\0\x08\x07\0\0\0\0\0"), 2, said)


class Frames(ServingTest):
    """A client that makes its frames itself."""

    FIELDS = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", "/")]

    def be(self, name):
        self.context = ssl.create_default_context(cafile=self.at("pki", "trust.crt"))
        self.context.load_cert_chain(self.at("pki", "issued", f"{name}.crt"), self.at("pki", "issued", f"{name}.key"))
        self.context.set_alpn_protocols(["h2"])

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.server.port), timeout=20)
        self.addCleanup(plain.close)
        tls = self.context.wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(tls.close)
        self.assertEqual(tls.selected_alpn_protocol(), "h2")
        config = h2.config.H2Configuration(client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False)
        talk = h2.connection.H2Connection(config=config)
        talk.initiate_connection()
        tls.sendall(talk.data_to_send())
        return tls, talk


class Attacks(Frames):
    """Each ends with GOAWAY (ENHANCE_YOUR_CALM), the log says so, and others are served as before."""

    def setUp(self):
        super().setUp()
        self.make_pki()
        self.server = self.serve()
        self.be("alice")

    def expect_calm(self, tls, chunks):
        """Sends until the server says GOAWAY, which must come, and say why."""
        tls.settimeout(20)
        said = b""
        for chunk in chunks:
            tls.sendall(chunk)
            tls.settimeout(0.001)
            try:
                said += tls.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                pass
            tls.settimeout(20)
            if self.goaway(said) is not None:
                break
        while self.goaway(said) is None:
            piece = tls.recv(65536)
            self.assertNotEqual(piece, b"", f"the connection ended without GOAWAY: {said}")
            said += piece
        self.assertEqual(self.goaway(said), 11)
        self.server.wait_for("the HTTP/2 connection was closed: ")
        self.assert_others_are_served()

    @staticmethod
    def goaway(said):
        """The code of the GOAWAY among those frames; None if there is none."""
        while len(said) >= 9:
            length = int.from_bytes(said[:3], "big")
            if said[3] == 7 and len(said) >= 17:
                return int.from_bytes(said[13:17], "big")
            said = said[9 + length:]
        return None

    def assert_others_are_served(self):
        tls, talk = self.connect()
        talk.send_headers(1, self.FIELDS, end_stream=True)
        tls.sendall(talk.data_to_send())
        body = b""
        while True:
            for event in talk.receive_data(tls.recv(65536)):
                if isinstance(event, h2.events.DataReceived):
                    body += event.data
                if isinstance(event, h2.events.StreamEnded):
                    self.assertEqual(body, b"Hello, alice!\n")
                    return

    def test_rapid_reset(self):
        tls, talk = self.connect()

        def flood():
            for stream in range(1, 20001, 2):
                talk.send_headers(stream, self.FIELDS, end_stream=True)
                talk.reset_stream(stream, 8)
                yield talk.data_to_send()

        self.expect_calm(tls, flood())

    def test_resets_that_we_are_made_to_send(self):
        tls, talk = self.connect()

        def flood():
            for stream in range(1, 20001, 2):
                talk.send_headers(stream, [(":method", "POST"), *self.FIELDS[1:]])
                # A window that overflows (MadeYouReset), which h2 would not send.
                yield talk.data_to_send() + b"\0\0\4\x08\0" + stream.to_bytes(4, "big") + b"\x7f\xff\xff\xff"

        self.expect_calm(tls, flood())

    def test_continuations_without_an_end(self):
        tls, talk = self.connect()
        first = HeadersFrame(1, data=talk.encoder.encode(self.FIELDS), flags=["END_STREAM"])
        more = ContinuationFrame(1, data=talk.encoder.encode([("x-more", "a" * 100)]))
        self.expect_calm(tls, [first.serialize(), *[more.serialize()] * 10_000])

    def test_pings(self):
        tls, _ = self.connect()
        self.expect_calm(tls, [PingFrame(0, opaque_data=b"12345678").serialize() * 100] * 100)

    def test_empty_pieces_of_a_body(self):
        tls, talk = self.connect()
        talk.send_headers(1, self.FIELDS)
        tls.sendall(talk.data_to_send())
        self.expect_calm(tls, [DataFrame(1, data=b"").serialize() * 100] * 100)

    def test_window_updates(self):
        """Of the connection, of a stream that is open, and of one that is over."""
        for what in ("connection", "open", "over"):
            with self.subTest(what):
                tls, talk = self.connect()
                talk.send_headers(1, self.FIELDS, end_stream=what == "over")
                tls.sendall(talk.data_to_send())
                one = WindowUpdateFrame(0 if what == "connection" else 1, window_increment=1)
                self.expect_calm(tls, [one.serialize() * 100] * 100)

    def test_resets_of_what_is_over(self):
        tls, talk = self.connect()
        talk.send_headers(1, self.FIELDS, end_stream=True)
        tls.sendall(talk.data_to_send())
        self.expect_calm(tls, [RstStreamFrame(1, error_code=8).serialize() * 100] * 100)

    def test_settings(self):
        tls, _ = self.connect()
        self.expect_calm(tls, [SettingsFrame(0, settings={4: 1000}).serialize() * 100] * 100)


class Unread(Frames):
    """Answers that are asked for and never taken."""

    REQUESTS = 100
    CONNECTIONS = 20

    def setUp(self):
        super().setUp()
        self.run_tool(MUTUAL, "init", "--name", "Acme", "--host", "localhost")
        self.run_tool(MUTUAL, "issue", "client", "staff", "--uri", "spiffe://acme/staff/one")
        self.be("staff")
        self.server = Server(self.folder, "127.0.0.1:0", listen=None, program=BOOKS, command=())
        self.addCleanup(self.server.stop)

    def memory(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    def read_until(self, tls, talk, holds):
        """All that has happened until something has of which that holds."""
        seen = []
        done = False
        while not done:
            came = tls.recv(65536)
            self.assertNotEqual(came, b"", seen)
            for event in talk.receive_data(came):
                seen.append(event)
                done = done or holds(event)
                if isinstance(event, h2.events.DataReceived):
                    talk.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            tls.sendall(talk.data_to_send())
        return seen

    def add_book(self, size):
        body = json.dumps({"title": "x" * size, "year": 1965}).encode()
        tls, talk = self.connect()
        talk.send_headers(1, [(":method", "POST"), *self.FIELDS[1:3], (":path", "/books"), ("content-type", "application/json")])
        for at in range(0, len(body), 16_000):
            talk.send_data(1, body[at:at + 16_000], end_stream=at + 16_000 >= len(body))
        tls.sendall(talk.data_to_send())
        seen = self.read_until(tls, talk, lambda event: isinstance(event, h2.events.StreamEnded))
        answered = next(event for event in seen if isinstance(event, h2.events.ResponseReceived))
        self.assertIn("/books/1", str(answered.headers))

    def ask_and_take_nothing(self):
        tls, talk = self.connect()
        talk.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        for stream in range(1, 2 * self.REQUESTS, 2):
            talk.send_headers(stream, [*self.FIELDS[:3], (":path", "/books/1")], end_stream=True)
        tls.sendall(talk.data_to_send())
        return tls, talk

    def test_answers_that_nobody_takes_do_not_fill_the_memory(self):
        """64 KB each, of which 128 MB are asked for."""
        self.add_book(64_000)
        before = self.memory()
        asked = [self.ask_and_take_nothing() for _ in range(self.CONNECTIONS)]
        time.sleep(1)
        for tls, talk in asked:
            # It answers still, and has begun what it may.
            talk.ping(b"are you?")
            tls.sendall(talk.data_to_send())
            seen = self.read_until(tls, talk, lambda event: isinstance(event, h2.events.PingAckReceived))
            begun = sum(isinstance(event, h2.events.ResponseReceived) for event in seen)
            self.assertGreaterEqual(begun, 30)
            self.assertLessEqual(begun, 40)
        self.assertLess(self.memory() - before, 72 * 1024)
        # Whoever takes them gets them all.
        tls, talk = asked[0]
        talk.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1_000_000})
        talk.increment_flow_control_window(10_000_000)
        tls.sendall(talk.data_to_send())
        ended = set()

        def all_have_ended(event):
            if isinstance(event, h2.events.StreamEnded):
                ended.add(event.stream_id)
            return len(ended) == self.REQUESTS

        seen = self.read_until(tls, talk, all_have_ended)
        came = sum(len(event.data) for event in seen if isinstance(event, h2.events.DataReceived))
        self.assertGreater(came, self.REQUESTS * 64_000)


class UnreadCompressed(Frames):
    """Files that are asked for compressed, and of which a byte is taken, so that each is begun."""

    REQUESTS = 100
    CONNECTIONS = 4
    MOST_KIB = 20 * 1024  # of a connection: encoders in 8 MiB, and a piece of each answer

    def setUp(self):
        super().setUp()
        self.make_pki()
        os.mkdir(self.at("site"))
        with open(self.at("site", "log.txt"), "w", encoding="ascii") as file:
            file.write("".join(f"line {i * i % 977} of a text\n" for i in range(100_000)))
        self.server = self.serve("site", "--compress")
        self.be("alice")

    def ask(self, tls, talk, streams, accepted):
        for stream in streams:
            talk.send_headers(stream, [*self.FIELDS[:3], (":path", "/log.txt"), ("accept-encoding", accepted)], end_stream=True)
        tls.sendall(talk.data_to_send())

    def codings(self, tls, talk):
        """The codings of all answers that have been begun; "" for those in plain bytes."""
        talk.ping(b"are you?")
        tls.sendall(talk.data_to_send())
        found = []
        heard = False
        while not heard:
            came = tls.recv(65536)
            self.assertNotEqual(came, b"", found)
            for event in talk.receive_data(came):
                heard = heard or isinstance(event, h2.events.PingAckReceived)
                if isinstance(event, h2.events.ResponseReceived):
                    fields = {self.text(name): self.text(value) for name, value in event.headers}
                    self.assertEqual((fields[":status"], fields["vary"].lower()), ("200", "accept-encoding"), fields)
                    self.assertNotEqual("content-encoding" in fields, "content-length" in fields, fields)
                    found.append(fields.get("content-encoding", ""))
            tls.sendall(talk.data_to_send())
        return found

    def codings_of(self, count, tls, talk):
        """Of so many answers; of fewer if the server does not begin them within a long while."""
        found, until = [], time.monotonic() + 30
        while len(found) < count and time.monotonic() < until:
            found += self.codings(tls, talk)
            time.sleep(0.05)
        return found

    @staticmethod
    def text(value):
        return value.decode() if isinstance(value, bytes) else value

    def test_compressed_answers_that_nobody_takes_do_not_fill_the_memory(self):
        """A hundred encoders of br are 50 MB."""
        before = self.memory_of_server()
        asked = []
        for accepted in ("br", "br", "br, gzip", "zstd, gzip"):
            tls, talk = self.connect()
            talk.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1})
            self.ask(tls, talk, range(1, 2 * self.REQUESTS, 2), accepted)
            asked.append((tls, talk))
        found = [self.codings_of(self.REQUESTS, tls, talk) for tls, talk in asked]
        grown = self.memory_of_server() - before
        self.assertEqual([len(each) for each in found], [self.REQUESTS] * self.CONNECTIONS)
        for each in found:
            encoded = [name for name in each if name]
            self.assertTrue(2 <= len(encoded) <= 40, encoded)
        self.assertEqual(set(found[0]), {"br", ""})
        self.assertEqual(set(found[2]), {"br", "gzip", ""})
        self.assertEqual(set(found[3]), {"zstd", "gzip", ""})
        if not sanitized():  # sanitizers keep memory of their own
            self.assertLess(grown, self.CONNECTIONS * self.MOST_KIB)
        # What was held is there again when the client takes its requests back.
        tls, talk = asked[0]
        for stream in range(1, 2 * self.REQUESTS, 2):
            talk.reset_stream(stream, 8)
        tls.sendall(talk.data_to_send())
        self.codings(tls, talk)  # and it has heard so
        stream, now_given, until = 2 * self.REQUESTS + 1, [], time.monotonic() + 30
        while now_given != ["br"] and time.monotonic() < until:
            self.ask(tls, talk, [stream], "br")
            now_given = self.codings_of(1, tls, talk)
            stream += 2
        self.assertEqual(now_given, ["br"])

    def memory_of_server(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))


if __name__ == "__main__":
    unittest.main()
