"""`mutual get` against servers of other makes and our own: what it prints, what it says of a refusal, how it exits."""

import hashlib
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import unittest

from serving import MUTUAL, ServingTest, clean_environment, free_port

BOTH = ("1.2", "1.3")
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class GetTest(ServingTest):
    def get(self, *arguments, code=0, env=None, stdin="", timeout=60):
        """Runs `mutual get`; gives what it printed on standard output (bytes) and on standard error (text)."""
        done = subprocess.run([MUTUAL, "get", *arguments], cwd=self.folder, input=stdin.encode(), capture_output=True,
                              timeout=timeout, env=env or clean_environment())
        error = done.stderr.decode("utf-8")
        self.assertEqual(done.returncode, code, (arguments, done.stdout[:2000], error))
        return done.stdout, error

    def refused(self, *arguments, **how):
        return self.get(*arguments, code=1, **how)[1]

    def check_refusal(self, said, reason, fault="the client's (ours)"):
        self.assertRegex(said, rf"\n  (reason|one of)\s+{reason}\b")
        self.assertIn(f"\n  fault   {fault}\n", said)
        self.assertRegex(said, r"\n  fix     \S")

    def certificate(self, name, *more, ca=None):
        """NAME.crt and NAME.key by OpenSSL: signed by `ca`, or by itself."""
        signer = ("-CA", f"{ca}.crt", "-CAkey", f"{ca}.key") if ca else ()
        self.run_tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "30", "-subj", f"/CN={name}", *signer,
                      *more)

    def make_openssl_pki(self):
        self.certificate("root", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.certificate("server", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext",
                         "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth", ca="root")
        self.certificate("alice", "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
                         "extendedKeyUsage=clientAuth", ca="root")
        self.certificate("stranger")

    def alice(self):
        return ("--cert", "alice.crt", "--key", "alice.key", "--trust", "root.crt")

    def stranger(self):
        return ("--cert", "stranger.crt", "--key", "stranger.key", "--trust", "root.crt")


class OfOurs(GetTest):
    def setUp(self):
        super().setUp()
        self.make_pki()

    def test_a_servers_chain_is_no_trust(self):
        said = self.run_tool(MUTUAL, "get", "https://localhost:1/", "--trust", "pki/issued/localhost.crt", code=1)
        self.assertIn("pki/issued/localhost.crt cannot be trusted", said)
        self.assertEqual(said.count("\n"), 1)

    def test_the_body_goes_to_standard_output_and_the_three_steps_to_standard_error(self):
        server = self.serve()
        for version in BOTH:
            body, told = self.get(f"https://localhost:{server.port}/", "--cert", "pki/issued/alice.crt", "--key",
                                  "pki/issued/alice.key", "--trust", "pki/trust.crt", "-v", "--tls", version)
            self.assertEqual(body, b"Hello, alice!\n")
            for words in ("1. What was agreed", f"TLS {version} with ", "2. Who proved what", "└─ localhost: a server",
                          "└─ alice: a client", "Judged by pki/trust.crt: good, and for localhost.",
                          "Judged by the server: it goes on with us.", "3. What protects the data",
                          "forward secrecy", "200 OK"):
                self.assertIn(words, told)
        self.assertEqual(self.get(f"https://localhost:{server.port}/", "--cert", "pki/issued/alice.p12", "--trust",
                                  "pki/trust.crt"), (b"Hello, alice!\n", ""))

    def test_a_client_without_a_certificate_hears_why_under_both_versions(self):
        server = self.serve()
        for version in BOTH:
            said = self.refused(f"https://localhost:{server.port}/", "--trust", "pki/trust.crt", "--tls", version)
            self.check_refusal(said, "no_certificate")
            self.assertIn("CN=Acme Root CA", said)
            self.assertIn("--cert FILE", said)
        server.wait_for(r"(?s)no_certificate: .*no_certificate: ")
        self.assertEqual(server.log().count("no_certificate: "), 2)

    def test_a_leaf_without_its_intermediate_is_told_what_is_missing(self):
        server = self.serve()
        with open(self.at("pki", "issued", "alice.crt"), encoding="ascii") as whole:
            leaf = whole.read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
        with open(self.at("leaf.crt"), "w", encoding="ascii") as file:
            file.write(leaf)
        said = self.refused(f"https://localhost:{server.port}/", "--cert", "leaf.crt", "--key",
                            "pki/issued/alice.key", "--trust", "pki/trust.crt")
        self.check_refusal(said, "intermediate_missing")
        self.assertIn("cat client.crt intermediate.crt", said)

    def test_insecure_says_loudly_what_it_gave_up_and_goes_on(self):
        server = self.serve()
        body, told = self.get(f"https://localhost:{server.port}/", "--cert", "pki/issued/alice.p12", "--insecure")
        self.assertEqual(body, b"Hello, alice!\n")
        self.assertIn("WARNING: --insecure", told)
        self.assertIn("without proof", told)
        self.assertIn("would have been refused: unknown_issuer", told)
        body, told = self.get(f"https://localhost:{server.port}/", "--cert", "pki/issued/alice.p12", "--insecure",
                              "--trust", "pki/trust.crt")
        self.assertIn("leave --insecure out", told)

    def test_without_a_trust_this_systems_decides(self):
        server = self.serve()
        url = f"https://localhost:{server.port}/"
        said = self.refused(url, "--cert", "pki/issued/alice.p12")
        self.check_refusal(said, "unknown_issuer", "the client's or the server's")
        self.assertIn("--trust FILE", said)
        body, told = self.get(url, "--cert", "pki/issued/alice.p12", "-v",
                              env=clean_environment(SSL_CERT_FILE=self.at("pki", "root.crt")))
        self.assertEqual(body, b"Hello, alice!\n")
        self.assertIn("Judged by the CA certificates of this system: good", told)

    def test_a_status_of_400_and_above_is_a_failure_in_the_servers_own_words(self):
        server = self.serve()
        body, said = self.get(f"https://localhost:{server.port}/nothing", "--cert", "pki/issued/alice.p12", "--trust",
                              "pki/trust.crt", code=1)
        self.assertEqual(json.loads(body)["status"], 404)
        self.assertIn("mutual: the server answered 404 Not Found: ", said)

    def test_json_holds_the_answer_and_the_handshake(self):
        server = self.serve()
        url = f"https://localhost:{server.port}/"
        body, told = self.get(url, "--cert", "pki/issued/alice.p12", "--trust", "pki/trust.crt", "--json")
        said = json.loads(body)
        self.assertEqual((said["status"], said["body"], told), (200, "Hello, alice!\n", ""))
        self.assertEqual(said["handshake"]["server"]["verdict"], {"good": True, "by": "pki/trust.crt"})
        good_for = [[one["ca"], one["server"], one["client"]] for one in said["handshake"]["server"]["chain"]]
        self.assertEqual(good_for, [[False, True, False], [True, False, False]])
        body, _ = self.get(url, "--trust", "pki/trust.crt", "--json", code=1)
        refusal = json.loads(body)["handshake"]["refusal"]
        self.assertEqual((refusal["by"], refusal["reasons"], refusal["fault"]),
                         ("server", ["no_certificate"], "client"))

    def test_every_signature_that_openssl_asks_for_has_a_name(self):
        server = self.serve()
        for version in ("1.2", "1.3"):
            body, _ = self.get(f"https://localhost:{server.port}/", "--cert", "pki/issued/alice.p12", "--trust",
                               "pki/trust.crt", "--tls", version, "--json")
            asked = json.loads(body)["handshake"]["client"]["signature_algorithms"]
            self.assertIn("ecdsa_secp256r1_sha256", asked)
            self.assertEqual([name for name in asked if name.startswith("0x")], [], version)

    def test_plain_http_says_that_the_certificate_is_not_used(self):
        server = self.serve("--plain")
        body, told = self.get(f"http://localhost:{server.port}/", "--cert", "pki/issued/alice.p12", "-v")
        self.assertTrue(body.startswith(b"Hello"))
        self.assertIn("the certificate is not used", told)
        self.assertIn("nothing protects the data", told)

    def test_a_url_of_the_wrong_kind_says_which_is_right(self):
        plain = self.serve("--plain")
        self.assertIn("http://", self.refused(f"https://localhost:{plain.port}/", "--trust", "pki/trust.crt"))
        secure = self.serve()
        body, said = self.get(f"http://localhost:{secure.port}/", code=1)
        self.assertIn(b"https", body)
        self.assertIn("400", said)


class OfOthers(GetTest):
    def setUp(self):
        super().setUp()
        self.make_openssl_pki()

    def openssl_server(self, *arguments):
        port = free_port()
        log = open(self.at(f"s_server-{port}.log"), "wb")
        process = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-cert", "server.crt", "-key",
                                    "server.key", "-CAfile", "root.crt", "-www", *arguments], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.addCleanup(log.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for_port(port, process)
        return port

    def wait_for_port(self, port, process):
        for _ in range(600):
            self.assertIsNone(process.poll(), "the server ended")
            with socket.socket() as probe:
                probe.settimeout(0.05)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            threading.Event().wait(0.02)
        self.fail("the server does not listen")

    def test_openssls_server(self):
        port = self.openssl_server("-Verify", "1", "-verify_return_error")
        url = f"https://localhost:{port}/"
        for version in BOTH:
            with self.subTest(version):
                body, _ = self.get(url, *self.alice(), "--tls", version)
                self.assertIn(b"Client certificate", body)
                self.check_refusal(self.refused(url, "--trust", "root.crt", "--tls", version), "no_certificate")
                self.check_refusal(self.refused(url, *self.stranger(), "--tls", version), "self_signed")

    def test_openssls_server_that_speaks_another_version(self):
        port = self.openssl_server("-tls1_2")
        said = self.refused(f"https://localhost:{port}/", "--trust", "root.crt", "--tls", "1.3")
        self.check_refusal(said, "no_common_protocol", "the client's or the server's")

    def test_openssls_server_without_a_cipher_in_common(self):
        port = self.openssl_server("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA")
        said = self.refused(f"https://localhost:{port}/", "--trust", "root.crt")
        self.check_refusal(said, "no_common_cipher", "the client's or the server's")

    def python_server(self, version, handler=None):
        """An https server of Python's that wants a certificate from root.crt."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = VERSIONS[version]
        context.load_cert_chain(self.at("server.crt"), self.at("server.key"))
        context.load_verify_locations(self.at("root.crt"))
        context.verify_mode = ssl.CERT_REQUIRED
        return self.http_server(handler or Hello, context)

    def http_server(self, handler, context=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.handle_error = lambda *_: None  # Refusals are what these tests are about.
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def test_pythons_server(self):
        for version in BOTH:
            with self.subTest(version):
                url = f"https://localhost:{self.python_server(version)}/"
                self.assertEqual(self.get(url, *self.alice())[0], b"hello\n")
                self.check_refusal(self.refused(url, "--trust", "root.crt"), "no_certificate")
                self.check_refusal(self.refused(url, *self.stranger()), "self_signed")
                server_only = ("--cert", "server.crt", "--key", "server.key", "--trust", "root.crt")
                self.check_refusal(self.refused(url, *server_only), "wrong_purpose")

    @unittest.skipUnless(shutil.which("node"), "Node is not installed")
    def test_nodes_server_which_closes_without_a_word(self):
        port = free_port()
        script = """
            const fs = require('fs');
            require('https').createServer({cert: fs.readFileSync('server.crt'), key: fs.readFileSync('server.key'),
              ca: fs.readFileSync('root.crt'), requestCert: true, rejectUnauthorized: true},
              (q, a) => a.end('hello ' + q.socket.getPeerCertificate().subject.CN)).listen(+process.argv[1]);"""
        process = subprocess.Popen(["node", "-e", script, str(port)], cwd=self.folder, stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for_port(port, process)
        for version in BOTH:
            with self.subTest(version):
                url = f"https://localhost:{port}/"
                self.assertEqual(self.get(url, *self.alice(), "--tls", version)[0], b"hello alice")
                self.check_refusal(self.refused(url, "--trust", "root.crt", "--tls", version), "no_certificate")
                said = self.refused(url, *self.stranger(), "--tls", version)
                self.check_refusal(said, "self_signed")
                self.assertIn("without saying why", said)

    @unittest.skipUnless(shutil.which("gnutls-serv"), "gnutls-serv is not installed")
    def test_gnutlss_server(self):
        port = free_port()
        process = subprocess.Popen(["gnutls-serv", "--http", "--x509certfile", "server.crt", "--x509keyfile",
                                    "server.key", "--x509cafile", "root.crt", "--require-client-cert",
                                    "--verify-client-cert", "-p", str(port)], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_for_port(port, process)
        url = f"https://localhost:{port}/"
        for version in BOTH:
            with self.subTest(version):
                self.get(url, *self.alice(), "--tls", version)
                self.check_refusal(self.refused(url, "--trust", "root.crt", "--tls", version), "no_certificate")

    def test_a_large_body_arrives_whole_and_slow_ones_too(self):
        port = self.http_server(Large)
        body, _ = self.get(f"http://127.0.0.1:{port}/large")
        self.assertEqual(hashlib.sha256(body).hexdigest(), hashlib.sha256(Large.body).hexdigest())
        self.assertEqual(self.get(f"http://127.0.0.1:{port}/slow")[0], b"abc" * 10)

    def test_a_body_that_stops_is_a_failure_but_what_came_is_printed(self):
        port = self.http_server(Large)
        body, said = self.get(f"http://127.0.0.1:{port}/short", code=1)
        self.assertEqual(body, b"only this")
        self.assertIn("incomplete", said)

    def test_no_redirect_is_followed(self):
        port = self.http_server(Large)
        body, _ = self.get(f"http://127.0.0.1:{port}/elsewhere")
        self.assertEqual(body, b"see there")

    def test_bytes_that_are_no_text_are_base64_in_json(self):
        port = self.http_server(Large)
        body, _ = self.get(f"http://127.0.0.1:{port}/bytes", "--json")
        self.assertEqual(json.loads(body)["body_base64"], "//4A")

    def test_standard_output_that_is_full_is_a_failure(self):
        port = self.http_server(Large)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([MUTUAL, "get", f"http://127.0.0.1:{port}/large"], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60, env=clean_environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b"hello\n")

    def answer(self, body, length=None, status=200, fields=()):
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Large(Hello):
    body = bytes(range(256)) * 40_000

    def do_GET(self):
        if self.path == "/slow":
            self.answer(b"", length=30)
            for _ in range(10):
                self.wfile.write(b"abc")
                self.wfile.flush()
                threading.Event().wait(0.05)
        elif self.path == "/short":
            self.answer(b"only this", length=1000)
        elif self.path == "/elsewhere":
            self.answer(b"see there", status=302, fields=[("Location", "http://127.0.0.1:1/")])
        elif self.path == "/bytes":
            self.answer(b"\xff\xfe\x00")
        else:
            self.answer(self.body)


class BadInput(GetTest):
    def bad(self, *arguments, code, has, env=None):
        out, said = self.get(*arguments, code=code, env=env)
        self.assertEqual(out, b"")
        for words in has:
            self.assertIn(words, said)
        return said

    def test_bad_usage_exits_with_2(self):
        self.bad(code=2, has=["URL"])
        self.bad("localhost:5000", code=2, has=["https://localhost:5000"])
        self.bad("ftp://localhost/", code=2, has=["only https:// and http://"])
        self.bad("https://localhost/", "--nonsense", code=2, has=["nonsense"])
        self.bad("https://localhost/", "--tls", "1.1", code=2, has=["1.1"])
        said = self.bad("https://alice:secret@localhost/", code=2, has=["no user name or password"])
        self.assertNotIn("secret", said)

    def test_files_that_cannot_be_used_are_named(self):
        self.self_signed("one")
        self.self_signed("two")
        open(self.at("empty"), "w", encoding="ascii").close()
        url = "https://localhost:1/"
        self.bad(url, "--cert", "missing.crt", code=1, has=["missing.crt", "No such file", "name one that is there"])
        self.bad(url, "--cert", "empty", code=1, has=["empty"])
        self.bad(url, "--cert", "one.crt", code=1, has=["one.crt", "private key"])
        self.bad(url, "--cert", "one.crt", "--key", "two.key", code=1, has=["two.key", "does not belong", "one.crt"])
        self.bad(url, "--trust", "one.key", code=1, has=["one.key"])

    def test_a_password_comes_from_a_file_or_the_environment_and_a_wrong_one_is_told(self):
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        self.self_signed("me")
        self.run_tool("openssl", "pkcs12", "-export", "-inkey", "me.key", "-in", "me.crt", "-out", "me.p12",
                      "-passout", "pass:right")
        server = self.serve("--cert", "server.crt", "--key", "server.key", "--trust", "me.crt")
        line = (f"https://localhost:{server.port}/", "--trust", "server.crt", "--cert", "me.p12")
        self.bad(*line, code=1, has=["me.p12", "no password"])
        self.bad(*line, code=1, has=["me.p12", "does not open"], env=clean_environment(MUTUAL_PASSWORD="wrong"))
        self.assertEqual(self.get(*line, env=clean_environment(MUTUAL_PASSWORD="right"))[0], b"Hello, me!\n")
        with open(self.at("password"), "w", encoding="ascii") as file:
            file.write("right\n")
        self.assertEqual(self.get(*line, "--password-file", "password")[0], b"Hello, me!\n")

    def test_nobody_there_and_no_such_name_are_one_sentence_each(self):
        port = free_port()
        said = self.bad(f"https://127.0.0.1:{port}/", code=1, has=[f"127.0.0.1:{port}", "refused", "start the service, or correct the address or port"])
        self.assertEqual(said.count("\n"), 1)
        said = self.bad("https://nowhere.invalid/", code=1, has=["nowhere.invalid", "check how it is written"])
        self.assertEqual(said.count("\n"), 1)

    def test_a_server_that_says_nothing_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
            said = self.bad(url, "--timeout", "1", code=1, has=["in time"])
            self.assertEqual(said.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
