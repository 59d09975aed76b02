"""mutual serve asks OCSP responders about its clients: openssl's, our own, and some that no honest authority would run."""

import http.server
import os
import re
import ssl
import subprocess
import threading
import time
import unittest

from ca_service_test import CaTest
from revocation_test import Client
from serving import free_port

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class OpenSsl:
    """`openssl ocsp` as the intermediate's responder. Whom it calls revoked is in its index; all others are good."""

    def __init__(self, test, *more):
        self.test = test
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.more = more
        self.revoked = set()
        self.process = None
        test.addCleanup(self.stop)
        self.start()

    def start(self):
        lines = []
        for name in sorted(os.listdir(self.test.at("pki/issued"))):
            if name.endswith(".crt"):
                serial = self.test.serial_of(f"pki/issued/{name}")
                gone = name.removesuffix(".crt") in self.revoked
                lines.append(f"{'R' if gone else 'V'}\t360101000000Z\t{'250101000000Z,keyCompromise' if gone else ''}\t{serial}\tunknown\t/CN={name}\n")
        self.test.write("index.txt", "".join(lines).encode())
        self.log = open(self.test.at("responder.log"), "wb")
        self.process = subprocess.Popen(["openssl", "ocsp", "-index", "index.txt", "-CA", "pki/intermediate.crt", "-rsigner",
                                         "pki/intermediate.crt", "-rkey", "pki/intermediate.key", "-port", str(self.port), *self.more],
                                        cwd=self.test.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        # Not by connecting: it takes a connection that says nothing for the end of its work.
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            if re.search(rb"(?i)waiting for OCSP client", self.test.read("responder.log")):
                return
            time.sleep(0.05)
        raise AssertionError(b"openssl ocsp did not start: " + self.test.read("responder.log"))

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.log.close()

    def revoke(self, name):
        self.stop()
        self.revoked.add(name)
        self.start()


class Liar:
    """A responder that answers every request with the same bytes, in its own time."""

    def __init__(self, test, body, drip=None, media_type="application/ocsp-response"):
        liar = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                liar.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    for at in range(len(body)) if drip else ():
                        self.wfile.write(body[at:at + 1])
                        time.sleep(drip)
                    if not drip:
                        self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


class OcspTest(CaTest):
    def setUp(self):
        super().setUp()
        for name in ("bob", "carol"):
            self.mutual("issue", "client", name)

    def serial_of(self, path):
        return self.run_tool("openssl", "x509", "-in", path, "-noout", "-serial").strip().split("=")[1]

    def site(self, url, *more, lists=True):
        """A server elsewhere, which has no list of the clients' CA; of the root's it has one, unless told otherwise."""
        self.mutual("crl")
        listed = ["--crl", "pki/root.crl"] if lists else []
        return self.serve("--cert", "pki/issued/localhost.crt", "--key", "pki/issued/localhost.key", "--trust", "pki/root.crt", *listed,
                          "--ocsp", url, *more)

    def curl(self, server, name, *more, code=None):
        """The status, and what was said; 0 if the handshake failed."""
        said = self.run_tool("curl", "-sS", "--cacert", "pki/root.crt", "--max-time", "20", "-w", "\n%{http_code}", "--cert",
                             f"pki/issued/{name}.crt", "--key", f"pki/issued/{name}.key", *more, f"https://localhost:{server.port}/", code=code)
        status = re.search(r"(\d{3})$", said.strip())
        return int(status.group(1)) if status else 0, said

    def expect_in(self, server, name, *more):
        status, said = self.curl(server, name, *more)
        self.assertEqual(status, 200, said + server.log())
        self.assertIn(f"Hello, {name}", said)

    def expect_refused(self, server, name, why, *more):
        status, said = self.curl(server, name, *more)
        self.assertEqual(status, 403, said + server.log())
        self.assertIn(f'"reason":"{why}"', said)
        server.wait_for(f"refused .*{why}: ")

    def expect_alert(self, server, name, words, *more):
        status, said = self.curl(server, name, *more)
        self.assertEqual(status, 0, said)
        self.assertIn(words, said)


class WithOpenSsl(OcspTest):
    def test_who_is_good_is_let_in_and_who_is_revoked_hears_why(self):
        for line in (["--tls-max", "1.2"], ["--tlsv1.3"], ["--http1.1"]):
            with self.subTest(line=line):
                responder = OpenSsl(self, "-nmin", "5")
                responder.revoke("bob")
                server = self.site(responder.url)
                self.assertIn("OCSP:", server.log())
                self.expect_in(server, "alice", *line)
                self.expect_refused(server, "bob", "revoked", *line)
                # From the answer that is known now, within the handshake.
                self.expect_alert(server, "bob", "revoked", *line)
                self.expect_in(server, "alice", *line)
                # What is known is not asked again, and nobody new gets in while there is nobody to ask.
                responder.stop()
                self.expect_in(server, "alice", *line)
                self.expect_refused(server, "carol", "revocation_unknown", *line)
                self.assertEqual(server.stop(), 0)

    def test_a_responder_that_is_down_counts_by_the_policy(self):
        nobody = f"http://127.0.0.1:{free_port()}/"
        for policy, status in (("strict", 403), ("grace=6h", 403), ("off", 200)):
            server = self.site(nobody, "--ocsp-policy", policy)
            self.assertEqual(self.curl(server, "alice")[0], status, server.log())
            if policy != "off":
                self.expect_alert(server, "alice", "certificate unknown")
            server.wait_for("OCSP responder http://127.0.0.1:.* gives no answer that counts")
            server.stop()

    def test_a_session_is_not_taken_up_again_once_its_client_is_revoked_and_live_connections_close(self):
        # Without an end in its answers: they hold for a minute here, and are asked for again after half of it.
        responder = OpenSsl(self)
        server = self.site(responder.url, "--metrics", "0")
        page = f"http://127.0.0.1:{server.wait_for(r'Metrics: +http://[^ ]*:([0-9]+)/metrics')}/metrics"
        live, sessions = [], []
        for version in VERSIONS:
            client = Client(self, version, server.port)
            self.addCleanup(client.close)
            self.assertEqual(client.get(), 200)
            live.append(client)
            other = Client(self, version, server.port, context=client.context)
            self.assertEqual(other.get(), 200)
            sessions.append((version, other.tls.session, client.context))
            other.close()
            again = Client(self, version, server.port, session=sessions[-1][1], context=client.context)
            self.assertTrue(again.tls.session_reused)
            self.assertEqual(again.get(), 200)
            sessions[-1] = (version, again.tls.session or sessions[-1][1], client.context)
            again.close()
        responder.revoke("alice")
        for client in live:
            self.assertIsNotNone(client.closes_within(50), "the live connection stayed open\n" + server.log())
        server.wait_for("revoked: .*the connection was open, and is closed")
        for version, session, context in sessions:
            try:
                client = Client(self, version, server.port, session=session, context=context)
                self.assertNotEqual(client.get(), 200)
                client.close()
            except (ssl.SSLError, ConnectionError):
                pass
        self.expect_in(server, "bob")
        told = self.run_tool("curl", "-sS", page)
        for outcome, least in (("good", 2), ("revoked", 1), ("unknown", 0), ("failed", 0)):
            count = re.search(rf'mutual_server_ocsp_answers_total{{outcome="{outcome}"}} (\d+)', told)
            self.assertGreaterEqual(int(count.group(1)), least, told)
        self.assertIn("mutual_server_ocsp_kept 2", told)


class Lies(OcspTest):
    def answer(self, *more, signer="pki/intermediate"):
        """What openssl would answer about alice, made in advance."""
        self.write("index.txt", f"V\t360101000000Z\t\t{self.serial_of('pki/issued/alice.crt')}\tunknown\t/CN=x\n".encode())
        self.run_tool("openssl", "ocsp", "-issuer", "pki/intermediate.crt", "-cert", "pki/issued/alice.crt", "-no_nonce", "-reqout", "asked.der")
        self.run_tool("openssl", "ocsp", "-index", "index.txt", "-CA", "pki/intermediate.crt", "-rsigner", f"{signer}.crt", "-rkey",
                      f"{signer}.key", "-reqin", "asked.der", "-respout", "answer.der", *more)
        return self.read("answer.der")

    def test_an_answer_that_does_not_count_lets_nobody_in(self):
        good = self.answer("-nmin", "5")
        signed_last = self.answer("-nmin", "5", "-resp_no_certs")
        forged = signed_last[:-1] + bytes([signed_last[-1] ^ 1])
        stranger = self.answer("-nmin", "5", signer="pki/root")
        client = self.answer("-nmin", "5", signer="pki/issued/bob")
        other_nonce = self.answered_to_somebody_else()
        for body, more, said in ((forged, {}, "neither by the certificate's issuer"), (stranger, {}, "neither by the certificate's issuer"),
                                 (client, {}, "neither by the certificate's issuer"), (other_nonce, {}, "another nonce"),
                                 (good[:-20], {}, "cut off"), (b"<html>", {}, "no DER"), (b"\x30\x03\x0a\x01\x03", {}, "trylater"),
                                 (good + bytes(100_000), {}, "larger than"), (good, {"media_type": "text/plain"}, "is no OCSP responder"),
                                 (good, {"drip": 0.2}, "no answer has come whole")):
            with self.subTest(said=said):
                liar = Liar(self, body, **more)
                server = self.site(liar.url)
                began = time.monotonic()
                self.expect_refused(server, "alice", "revocation_unknown")
                self.assertLess(time.monotonic() - began, 20)
                self.assertIn(said, server.log())
                self.assertEqual(len(liar.asked), 1)
                server.stop()
        # The same one, told as it was made, counts; and not for others.
        liar = Liar(self, good)
        server = self.site(liar.url)
        self.expect_in(server, "alice")
        self.expect_refused(server, "bob", "revocation_unknown")
        self.assertIn("does not speak of the certificate", server.log())

    def answered_to_somebody_else(self):
        self.run_tool("openssl", "ocsp", "-issuer", "pki/intermediate.crt", "-cert", "pki/issued/alice.crt", "-reqout", "asked.der")
        self.run_tool("openssl", "ocsp", "-index", "index.txt", "-CA", "pki/intermediate.crt", "-rsigner", "pki/intermediate.crt", "-rkey",
                      "pki/intermediate.key", "-reqin", "asked.der", "-respout", "answer.der", "-nmin", "5")
        return self.read("answer.der")

    def test_others_are_served_while_a_responder_lets_one_wait(self):
        liar = Liar(self, self.answer("-nmin", "5"), drip=0.2)
        server = self.site(liar.url, "--threads", "1", "--client-auth", "optional")
        waits = threading.Thread(target=self.curl, args=(server, "alice"))
        waits.start()
        end = time.monotonic() + 20
        while not liar.asked and time.monotonic() < end:
            time.sleep(0.01)
        said = self.run_tool("curl", "-sS", "--cacert", "pki/root.crt", "--max-time", "3", f"https://localhost:{server.port}/")
        self.assertIn("Hello, World", said)
        self.assertTrue(waits.is_alive(), "it was to wait yet")
        waits.join()


class OurOwn(OcspTest):
    def test_the_authority_answers_for_the_whole_chain(self):
        self.ca_serve()
        self.mutual("revoke", "bob")
        server = self.site(self.plain + "/ocsp", lists=False)
        self.expect_in(server, "alice")
        self.expect_refused(server, "bob", "revoked")
        self.expect_alert(server, "bob", "revoked")
        self.assertNotIn("gives no answer", server.log())

    def test_a_certificate_names_its_responder(self):
        port = free_port()
        self.write("pki/authority.toml", self.read("pki/authority.toml") + f'\npublic_url = "http://127.0.0.1:{port}/"\n'.encode()
                   if os.path.exists(self.at("pki/authority.toml")) else f'public_url = "http://127.0.0.1:{port}/"\n'.encode())
        authority = self.serve("--plain-listen", f"127.0.0.1:{port}", command=("ca", "serve"))
        authority.wait_for("Plain:")
        for name in ("dave", "erin"):
            self.mutual("issue", "client", name)
        self.mutual("revoke", "erin")
        server = self.site("certificate")
        self.expect_in(server, "dave")
        self.expect_refused(server, "erin", "revoked")
        # Issued before the authority had an address.
        self.expect_alert(server, "alice", "certificate unknown")
        self.assertIn("names no OCSP responder", server.log())
        # A stranger's certificate may name what it likes: nobody goes there.
        trap = Liar(self, b"x")
        self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "pki/issued/mallory.key", "-out",
                      "pki/issued/mallory.crt", "-days", "5", "-subj", "/CN=mallory", "-addext", f"authorityInfoAccess=OCSP;URI:{trap.url}",
                      "-addext", "extendedKeyUsage=clientAuth")
        self.assertEqual(self.curl(server, "mallory")[0], 0)
        self.assertEqual(trap.asked, [])


class CommandLine(OcspTest):
    def test_what_makes_no_sense_is_told(self):
        for line, said in ((["--ocsp", "https://ocsp.example/"], "is no place of an OCSP responder"),
                           (["--ocsp", "nonsense"], "is no place of an OCSP responder"),
                           (["--ocsp", "certificate", "--ocsp-policy", "grace"], "is no policy"),
                           (["--ocsp", "certificate", "--ocsp-policy", "grace=soon"], "is no policy"),
                           (["--ocsp", "certificate", "--client-auth", "none"], "leave one"),
                           (["--ocsp-policy", "off"], "--ocsp"), (["--ocsp", "certificate", "--plain"], "--plain")):
            self.assertIn(said, self.mutual("serve", "--listen", "localhost:0", *line, code=2), line)


if __name__ == "__main__":
    unittest.main()
