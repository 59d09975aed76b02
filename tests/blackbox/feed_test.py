"""From the authority to its servers: a revocation reaches each of them at once, by the change feed."""

import hashlib
import http.server
import os
import re
import shutil
import sqlite3
import ssl
import subprocess
import threading
import time
import unittest

from ca_service_test import CaTest
from revocation_test import Client
from serving import MUTUAL, clean_environment, free_port


class FeedTest(CaTest):
    def setUp(self):
        super().setUp()
        self.mutual("issue", "client", "bob")
        # A server elsewhere: it has a certificate for both sides of a connection, and whom to trust.
        self.mutual("issue", "peer", "web", "localhost", "127.0.0.1")
        os.mkdir(self.at("site"))
        for name in ("web.crt", "web.key"):
            shutil.copy(self.at("pki/issued", name), self.at("site", name))
        shutil.copy(self.at("pki/root.crt"), self.at("site/root.crt"))

    def ca_serve(self, *arguments, **options):
        return super().ca_serve("--name", "localhost", *arguments, **options)

    def site(self, *more, url=None, **options):
        return self.serve("--cert", "site/web.crt", "--key", "site/web.key", "--trust", "site/root.crt", "--revocations-from",
                          url or self.url, *more, **options)

    def hello(self, server, name, code=0):
        return self.run_tool("curl", "-sS", "--cacert", "pki/root.crt", "--max-time", "20", "--cert", f"pki/issued/{name}.crt", "--key",
                             f"pki/issued/{name}.key", f"https://localhost:{server.port}/", code=code)

    def shut(self, server, name="alice", within=10.0):
        """The seconds until that client is refused; None if it is still let in after `within`."""
        started = time.monotonic()
        while time.monotonic() - started < within:
            if "Hello" not in self.hello(server, name, code=None):
                return time.monotonic() - started
            time.sleep(0.02)
        return None


class LyingAuthority:
    """What `mutual ca serve` would never say: it mends its lists by itself."""

    def __init__(self, test, contents):
        self.changed = threading.Condition()
        self.event = None
        self.contents = contents
        self.count = 1
        lies = self

        class Answers(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send_response(200)
                if self.path != "/changes":
                    self.send_header("Content-Length", str(len(lies.contents)))
                    self.end_headers()
                    self.wfile.write(lies.contents)
                    return
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                told = 0
                while True:
                    with lies.changed:
                        lies.changed.wait_for(lambda: lies.count != told)
                        told, event = lies.count, lies.event
                    if told < 0:
                        return
                    self.wfile.write(event or b"event: lists\nid: %s\ndata: x\n\n" % lies.announced())
                    self.wfile.flush()

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(test.at("pki/issued/localhost.crt"), test.at("pki/issued/localhost.key"))
        context.load_verify_locations(test.at("pki/root.crt"))
        context.verify_mode = ssl.CERT_REQUIRED
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # Whoever is lied to hangs up.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        test.addCleanup(self.stop)

    def announced(self):
        """What it says its lists are, by their SHA-256."""
        return hashlib.sha256(self.contents).hexdigest().encode()

    def says(self, contents, event=None):
        with self.changed:
            self.contents, self.event = contents, event
            self.count += 1
            self.changed.notify_all()

    def stop(self):
        with self.changed:
            self.count = -1
            self.changed.notify_all()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class EndToEnd(FeedTest):
    def test_a_revocation_reaches_new_handshakes_sessions_and_live_connections_within_a_second(self):
        """The contract is a second. A busy machine may hold any process back for longer, once; so the best of three is asked
        for that, which a fault (a wait, a look too rarely) would fail each time, and each for no more than five."""
        self.ca_serve("--quiet")
        server = self.site()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version.name):
                slowest = []
                while len(slowest) < 3 and min(slowest, default=1) >= 1:
                    took = self.revoke_alice(version, server)
                    print(f"\n{version.name}: shut after the CA's answer, in seconds: " +
                          ", ".join(f"{what} {seconds:.3f}" for what, seconds in took.items()))
                    slowest.append(max(took.values()))
                    self.assertLess(slowest[-1], 5)
                self.assertLess(min(slowest), 1)
        self.assertEqual(server.stop(), 0)

    def revoke_alice(self, version, server):
        live = Client(self, version, server.port)
        self.addCleanup(live.close)
        self.assertEqual(live.get(), 200)
        other = Client(self, version, server.port, context=live.context)
        self.assertEqual(other.get(), 200)
        session = other.tls.session
        other.close()
        again = Client(self, version, server.port, session=session, context=live.context)
        self.assertTrue(again.tls.session_reused)
        self.assertEqual(again.get(), 200)
        session = again.tls.session
        again.close()

        self.mutual("revoke", "alice", "--reason", "keyCompromise")
        answered = time.monotonic()
        took = {"live connection": live.closes_within(10)}
        self.assertIsNotNone(took["live connection"], server.log())
        for what, resumed in (("resumed session", session), ("new handshake", None)):
            self.assertIsNone(self.try_to_get(version, server.port, resumed, live.context), what)
            took[what] = time.monotonic() - answered
        self.assertIn("Hello, bob", self.hello(server, "bob"))
        self.mutual("issue", "client", "alice")
        return took

    def try_to_get(self, version, port, session, context):
        try:
            client = Client(self, version, port, session=session, context=context)
        except (ssl.SSLError, ConnectionError):
            return None
        try:
            return client.get()
        finally:
            client.close()

    def test_what_the_server_judges_by_is_in_its_log(self):
        self.ca_serve()
        server = self.site()
        self.assertIn("checked, by 2 revocation lists", server.log())
        self.mutual("revoke", "alice")
        server.wait_for(r"the revocation list 0x[0-9a-f]+ of 'CN=Acme Intermediate CA,O=Acme' was taken from localhost:\d+: dated .* ago, good until")


class Doubt(FeedTest):
    def test_a_server_outlives_its_authority_and_hears_what_it_has_missed(self):
        port = free_port()
        plain = ["--plain-listen", "127.0.0.1:0"]
        authority = self.serve("--name", "localhost", *plain, listen=f"localhost:{port}", command=("ca", "serve"))
        server = self.site(url=f"https://localhost:{port}")
        self.assertIn("Hello, alice", self.hello(server, "alice"))
        authority.stop()
        server.wait_for("is lost, and the revocation lists stay as they are")
        self.mutual("revoke", "alice")
        time.sleep(0.5)
        self.assertIn("Hello, alice", self.hello(server, "alice"))
        self.serve("--name", "localhost", *plain, listen=f"localhost:{port}", command=("ca", "serve"))
        server.wait_for("is followed again")
        self.assertIsNotNone(self.shut(server), server.log())
        self.assertIn("Hello, bob", self.hello(server, "bob"))

    def test_lists_that_are_forged_older_lacking_or_cut_off_change_nothing(self):
        self.mutual("crl")
        first = self.read("pki/crl.pem")
        self.mutual("revoke", "alice")
        newest = self.read("pki/crl.pem")
        authority = LyingAuthority(self, newest)
        server = self.site(url=authority.url)
        self.assertNotIn("Hello", self.hello(server, "alice", code=None))
        der = bytearray(self.read("pki/intermediate.crl"))
        der[-1] ^= 1
        self.write("forged.der", bytes(der))
        forged = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "forged.der").encode() + newest[newest.rindex(b"-----BEGIN"):]
        root_alone = newest[newest.rindex(b"-----BEGIN"):]
        for contents, sentence in ((first, "is older than the one in use"), (forged, "is not signed by the CA of that name"),
                                   (newest[:200], "damaged or cut off"), (root_alone, "has gone"), (b"", "cannot read"),
                                   (self.read("pki/issued/bob.crt"), "no set of revocation lists")):
            authority.says(contents)
            server.wait_for("not taken, everything stays as it was: .*" + re.escape(sentence))
            self.assertNotIn("Hello", self.hello(server, "alice", code=None))
            self.assertIn("Hello, bob", self.hello(server, "bob"))
        authority.says(newest, event=b"data: " + b"x" * 100_000)
        server.wait_for("is lost, .*larger than")
        self.mutual("revoke", "bob")
        authority.says(self.read("pki/crl.pem"))
        self.assertIsNotNone(self.shut(server, "bob"), server.log())

    def test_lists_that_are_not_those_announced_are_not_taken_until_they_are(self):
        """Two machines behind one name: one announces, and the other is asked."""
        self.mutual("crl")
        older = self.read("pki/crl.pem")
        authority = LyingAuthority(self, older)
        server = self.site(url=authority.url)
        self.mutual("revoke", "alice")
        newest = self.read("pki/crl.pem")
        announced = b"event: lists\nid: %s\ndata: x\n\n"
        authority.says(newest, event=announced % hashlib.sha256(older + b"of another").hexdigest().encode())
        server.wait_for("are not those that it has announced")
        self.assertIn("Hello, alice", self.hello(server, "alice"))
        authority.says(newest)
        self.assertIsNotNone(self.shut(server), server.log())
        server.wait_for("is followed again")

    def test_an_event_with_a_long_id_is_given_up(self):
        self.mutual("crl")
        authority = LyingAuthority(self, self.read("pki/crl.pem"))
        server = self.site(url=authority.url)
        authority.says(authority.contents, event=b"id: " + b"x" * 200 + b"\n" + b"data:\n\n" * 100)
        server.wait_for("is lost, .*the id of an event is longer than")
        self.assertIn("Hello, alice", self.hello(server, "alice"))

    def test_a_server_does_not_start_without_a_list(self):
        nobody = f"https://localhost:{free_port()}"
        line = ["serve", "--listen", "localhost:0", "--cert", "site/web.crt", "--key", "site/web.key", "--trust", "site/root.crt"]
        said = self.mutual(*line, "--revocations-from", nobody, code=1)
        self.assertIn("no revocation list can be had from", said)
        self.assertIn("--crl FILE", said)
        self.mutual("crl")
        server = self.site("--crl", "pki/crl.pem", url=nobody)
        self.assertIn("starts with those in files", server.log())
        self.assertIn("Hello, alice", self.hello(server, "alice"))

    def test_what_makes_no_sense_is_told(self):
        self.ca_serve()
        line = ["serve", "--listen", "localhost:0", "--cert", "site/web.crt", "--key", "site/web.key", "--trust", "site/root.crt"]
        for more in (["--revocations-from", "http://localhost:1"], ["--revocations-from", "nonsense"], ["--revocations-from", self.url + "/x"],
                     ["--revocations-cert", "site/web.crt"], ["--revocations-from", self.url, "--client-auth", "none"],
                     ["--revocations-from", self.url, "--plain"]):
            self.mutual(*line, *more, code=2)
        served = ["serve", "--listen", "localhost:0", "--name", "localhost", "--revocations-from", self.url]
        self.assertIn("is for a server alone", self.mutual(*served, code=2))
        server = self.serve("--name", "localhost", "--revocations-from", self.url, "--revocations-cert", "pki/issued/bob.crt",
                            "--revocations-key", "pki/issued/bob.key")
        self.assertIn("Hello, alice", self.hello(server, "alice"))

    def test_the_feed_is_for_those_who_prove_who_they_are(self):
        self.ca_serve()
        line = ["curl", "-sS", "--cacert", "pki/root.crt", "--max-time", "2", "-w", "%{http_code}", self.url + "/changes"]
        self.assertTrue(self.run_tool(*line, code=None).endswith("403"))
        said = self.run_tool(*line, "--cert", "pki/issued/bob.crt", "--key", "pki/issued/bob.key", code=None)
        self.assertRegex(said, r"event: lists\nid: [0-9a-f]{64}\ndata: /crl/all.pem\n\n")
        self.assertEqual(self.get("/changes")[0], 404)


class Large(FeedTest):
    COUNT = 100_000

    def revoke_a_fleet(self):
        """A fleet that was revoked before, put into the inventory."""
        with sqlite3.connect(self.at("pki/inventory.db")) as inventory:
            inventory.execute(
                "INSERT INTO certificates (name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, "
                "p12_has_password, der, state, is_current, has_key, revoked_at, revoked_reason) "
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                "SELECT 'gone ' || i, 'client', printf('7%039x', i * 7919), 'CN=gone', (SELECT issuer FROM certificates WHERE "
                "name = 'alice'), 'gone ' || i, 0, ?, 0, 0, x'30', 'issued', 0, 0, 1000000, 4 FROM n", (self.COUNT, int(time.time()) + 86400))
        inventory.close()

    def test_a_list_far_larger_than_any_certificate_is_made_taken_and_obeyed(self):
        self.revoke_a_fleet()
        self.mutual("crl", timeout=300)
        self.assertGreater(os.path.getsize(self.at("pki/crl.pem")), 6_000_000)
        self.assertIn(str(self.COUNT), self.mutual("show", "pki/crl.pem", timeout=300))
        self.ca_serve("--quiet")
        by_feed, by_file = self.site(), self.serve("--name", "localhost")
        for server in (by_feed, by_file):
            self.assertIn("Hello, alice", self.hello(server, "alice"), server.log())
        self.mutual("revoke", "alice", timeout=300)
        for server in (by_feed, by_file):
            self.assertIsNotNone(self.shut(server, within=120), server.log())
            self.assertIn("Hello, bob", self.hello(server, "bob"))
            self.assertEqual(server.stop(), 0)


class Patience(FeedTest):
    def test_an_authority_that_never_comes_to_an_end_holds_up_no_stop(self):
        asked = threading.Event()
        authority = LyingAuthority(self, b"")

        def dribble(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000000")
            handler.end_headers()
            asked.set()
            while True:
                handler.wfile.write(b"-")
                time.sleep(0.1)

        authority.server.RequestHandlerClass.do_GET = dribble
        line = [MUTUAL, "serve", "--listen", "localhost:0", "--cert", "site/web.crt", "--key", "site/web.key", "--trust", "site/root.crt",
                "--revocations-from", authority.url]
        starting = subprocess.Popen(line, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean_environment())
        self.addCleanup(starting.kill)
        self.assertTrue(asked.wait(20))
        starting.terminate()
        said = starting.communicate(timeout=20)[1].decode()
        self.assertEqual((starting.returncode, "Stopped before it served" in said), (0, True), said)


if __name__ == "__main__":
    unittest.main()
