"""Every kind of key that certificates are made with, in handshakes with programs of other makers and with our own."""

import json
import unittest

from serving import MUTUAL, ServingTest

KINDS = {"p256": "P-256", "p384": "P-384", "ed25519": "Ed25519", "rsa2048": "RSA 2048", "rsa3072": "RSA 3072", "rsa4096": "RSA 4096"}


class KeyKinds(ServingTest):
    """A PKI in which the CA, the server and the client all have keys of one kind."""

    def shake_hands(self, kind, *more):
        pki = f"{kind}{'-pinned' if more else ''}"
        self.run_tool(MUTUAL, "init", "--pki", pki, "--host", "localhost", "--client", "alice", "--key-kind", kind, *more, timeout=240)
        trust, cert, key = (self.at(pki, *parts) for parts in (("trust.crt",), ("issued", "alice.crt"), ("issued", "alice.key")))
        server = self.serve("--pki", pki)
        url = f"https://localhost:{server.port}/"
        for version in ("1.2", "1.3"):
            # An Ed25519 key is certified for TLS 1.2 too (RFC 8422 section 5.10).
            said = self.run_tool("curl", "-sS", f"--tlsv{version}", "--tls-max", version, "--cacert", trust, "--cert", cert,
                                 "--key", key, url + "whoami")
            told = json.loads(said)
            self.assertEqual((told["peer"]["name"], told["connection"]["tls"]), ("alice", "TLSv" + version), kind)
            self.run_tool("curl", "-sS", f"--tlsv{version}", "--tls-max", version, "--cacert", trust, url, code=56 if version == "1.3" else None)
        said = self.run_tool(MUTUAL, "get", url, "-v", "--trust", trust, "--cert", cert, "--key", key)
        self.assertIn("Hello, alice!", said)
        self.assertIn(KINDS[kind], said)
        said = self.run_tool("gnutls-cli", "--x509cafile", trust, "-p", str(server.port), "localhost", "--x509certfile", cert,
                             "--x509keyfile", key, code=None, stdin="GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        self.assertIn("Hello, alice!", said)
        server.wait_for(' alice [0-9a-f]+ "GET / HTTP/1.1" 200 ')
        self.assertEqual(server.stop(), 0)

    def test_each_is_taken_under_both_versions_of_tls_from_a_ca(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.shake_hands(kind)

    def test_each_is_taken_as_a_self_signed_certificate_that_is_pinned(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.shake_hands(kind, "--self-signed")


if __name__ == "__main__":
    unittest.main()
