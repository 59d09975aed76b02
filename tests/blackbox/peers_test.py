"""Real clients of other makers against `mutual serve`: what they see, and what the server says of it."""

import http.client
import json
import os
import re
import ssl
import unittest

from serving import MUTUAL, ServingTest

HERE = os.path.dirname(os.path.abspath(__file__))


class Peers(ServingTest):
    """Each client comes with a good certificate, with none, and with one of a CA that is not trusted."""

    @classmethod
    def setUpClass(cls):
        cls.java = os.path.join(HERE, "peers", "Get.java")

    def setUp(self):
        super().setUp()
        self.make_pki()
        # A client that another authority vouches for.
        self.run_tool(MUTUAL, "init", "--pki", "other", "--name", "Other", "--host", "localhost", "--client", "mallory")
        self.server = self.serve()
        self.url = f"https://localhost:{self.server.port}/"

    def good(self):
        return self.at("pki", "issued", "alice.crt"), self.at("pki", "issued", "alice.key")

    def wrong(self):
        return self.at("other", "issued", "mallory.crt"), self.at("other", "issued", "mallory.key")

    def trust(self):
        return self.at("pki", "trust.crt")

    def expect_served(self):
        """What the server says of the good client: who it was, and what it got."""
        self.server.wait_for(r' alice [0-9a-f]+ "GET /(whoami)? HTTP/[0-9.]+" 200 ')

    def expect_logged(self, reason, *more):
        self.server.wait_for("refused .*" + reason + ".*".join(["", *more]))

    def test_curl(self):
        for version in ("1.2", "1.3"):
            base = ("curl", "-sS", f"--tlsv{version}", "--tls-max", version, "--cacert", self.trust())
            cert, key = self.good()
            self.assertEqual(self.run_tool(*base, "--cert", cert, "--key", key, self.url), "Hello, alice!\n")
            said = self.run_tool(*base, "--cert", self.at("pki", "issued", "alice.p12"), "--cert-type", "p12", self.url + "whoami")
            told = json.loads(said)
            self.assertEqual(told["peer"]["name"], "alice")
            self.assertEqual(told["connection"]["tls"], "TLSv" + version)
            said = self.run_tool(*base, self.url, code=None)
            self.assertIn("alert", said)
            cert, key = self.wrong()
            said = self.run_tool(*base, "--cert", cert, "--key", key, self.url, code=None)
            self.assertIn("unknown ca", said)
        self.expect_logged("no_certificate")
        self.expect_logged("unknown_issuer", "mallory")
        self.expect_served()

    def test_openssl_s_client(self):
        cert, key = self.good()
        request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        for version in ("-tls1_2", "-tls1_3"):
            base = ("openssl", "s_client", "-connect", f"localhost:{self.server.port}", "-CAfile", self.trust(),
                    "-verify_return_error", "-verify_hostname", "localhost", "-servername", "localhost", "-ign_eof", version)
            said = self.run_tool(*base, "-cert", cert, "-cert_chain", cert, "-key", key, stdin=request)
            self.assertIn("Hello, alice!", said)
            self.assertIn("Verify return code: 0 (ok)", said)
            said = self.run_tool(*base, stdin=request, code=None)
            self.assertNotIn("Hello", said)
            self.assertRegex(said, "alert (certificate required|handshake failure)")
            wrong_cert, wrong_key = self.wrong()
            said = self.run_tool(*base, "-cert", wrong_cert, "-cert_chain", wrong_cert, "-key", wrong_key, stdin=request, code=None)
            self.assertIn("alert unknown ca", said)
        self.expect_logged("no_certificate")
        self.expect_served()

    def test_python(self):
        def get(pair):
            context = ssl.create_default_context(cafile=self.trust())
            if pair:
                context.load_cert_chain(*pair)
            connection = http.client.HTTPSConnection("localhost", self.server.port, context=context, timeout=20)
            try:
                connection.request("GET", "/whoami")
                first = json.loads(connection.getresponse().read())
                connection.request("GET", "/")  # the same connection again
                return first["peer"]["name"], connection.getresponse().read()
            finally:
                connection.close()

        self.assertEqual(get(self.good()), ("alice", b"Hello, alice!\n"))
        with self.assertRaises(ssl.SSLError) as none:
            get(None)
        self.assertIn("CERTIFICATE_REQUIRED", str(none.exception))
        with self.assertRaises(ssl.SSLError) as wrong:
            get(self.wrong())
        self.assertIn("UNKNOWN_CA", str(wrong.exception))
        self.expect_logged("unknown_issuer", "mallory")
        self.expect_served()

    def test_node(self):
        script = os.path.join(HERE, "peers", "get.js")
        self.assertEqual(self.run_tool("node", script, self.url, self.trust(), *self.good()), "200 Hello, alice!\n")
        said = self.run_tool("node", script, self.url, self.trust(), code=1)
        self.assertRegex(said, "CERTIFICATE_REQUIRED|certificate required")
        said = self.run_tool("node", script, self.url, self.trust(), *self.wrong(), code=1)
        self.assertRegex(said, "UNKNOWN_CA|unknown ca")
        self.expect_logged("no_certificate")
        self.expect_served()

    def test_java(self):
        self.run_tool("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", self.trust(), "-keystore", "trust.p12",
                      "-storetype", "PKCS12", "-storepass", "changeit", timeout=120)
        for folder, name in (("pki", "alice"), ("other", "mallory")):
            self.run_tool("openssl", "pkcs12", "-export", "-in", self.at(folder, "issued", name + ".crt"), "-inkey",
                          self.at(folder, "issued", name + ".key"), "-out", name + ".p12", "-passout", "pass:changeit")

        def get(store, code):
            key = ("-Djavax.net.ssl.keyStore=" + self.at(store), "-Djavax.net.ssl.keyStorePassword=changeit") if store else ()
            # Java 17's HttpClient, on a busy machine, sometimes closes its own channel before it has read the alert, cancels
            # its request since that is closed, or waits for ever for a connection that is closed.
            for _ in range(4):
                said = self.run_tool("java", "-Djavax.net.ssl.trustStore=" + self.at("trust.p12"),
                                     "-Djavax.net.ssl.trustStorePassword=changeit", *key, self.java, self.url, code=code, timeout=120)
                if code == 0 or not re.search("HttpTimeoutException|ClosedChannelException|Stream 1 cancelled", said):
                    break
            return said

        self.assertEqual(get("alice.p12", 0), "200 Hello, alice!\n")
        self.assertRegex(get(None, 1), "certificate_required|bad_certificate|handshake_failure")
        # Java presents nothing that the server's list of CAs does not name, so the server sees no certificate.
        self.assertRegex(get("mallory.p12", 1), "certificate_required|unknown_ca")
        self.expect_logged("no_certificate")
        self.expect_served()

    def test_gnutls(self):
        request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        base = ("gnutls-cli", "--x509cafile", self.trust(), "-p", str(self.server.port), "localhost")
        cert, key = self.good()
        said = self.run_tool(*base, "--x509certfile", cert, "--x509keyfile", key, stdin=request, code=None)
        self.assertIn("Hello, alice!", said)
        said = self.run_tool(*base, stdin=request, code=None)
        self.assertNotIn("Hello", said)
        self.assertIn("Certificate is required", said)
        cert, key = self.wrong()
        said = self.run_tool(*base, "--x509certfile", cert, "--x509keyfile", key, stdin=request, code=None)
        self.assertNotIn("Hello", said)
        # GnuTLS, like Java, keeps to the list of CAs that the server names, and presents nothing.
        self.assertRegex(said, "Certificate is required|CA is unknown")
        self.expect_logged("no_certificate")
        self.expect_served()


if __name__ == "__main__":
    unittest.main()
