"""The commands of docs/tutorial.md, further than the page goes: other versions of TLS, and strangers."""

import unittest

from serving import ServingTest
from tutorial_page_test import blocks

PASSWORD = "tutorial"


class Tutorial(ServingTest):
    def certificates(self):
        lines = [line for _, body in blocks("tutorial.md") for line in body.splitlines() if line.startswith("openssl ")]
        self.assertEqual([line.split()[1] for line in lines], ["req", "req", "pkcs12"])
        for line in lines:
            self.run_tool(*line.split())

    def test_step_one_is_plain_http(self):
        server = self.serve("--plain")
        self.assertEqual(self.run_tool("curl", "-sS", f"http://localhost:{server.port}/"), "Hello, World!\n")
        self.assertIn("plain HTTP", server.log())
        self.assertEqual(server.stop(), 0)

    def test_step_two_is_https(self):
        self.certificates()
        server = self.serve("--cert", "server.crt", "--key", "server.key", "--client-auth", "none")
        self.assertEqual(self.run_tool("curl", "-sSk", f"https://localhost:{server.port}/"), "Hello, World!\n")
        self.assertIn("clients are not asked who they are", server.log())

    def test_step_three_is_mutual_tls(self):
        self.certificates()
        server = self.serve("--cert", "server.crt", "--key", "server.key", "--trust", "client.crt")
        url = f"https://localhost:{server.port}/"
        for version in ("--tlsv1.2", "--tlsv1.3"):
            limit = ("--tls-max", version[-3:])
            said = self.run_tool("curl", "-sSk", version, *limit, "--cert", f"client.pfx:{PASSWORD}", "--cert-type", "p12", url)
            self.assertEqual(said, "Hello, client!\n")

            said = self.run_tool("curl", "-sSk", version, *limit, url, code=None)
            self.assertNotIn("Hello", said)
            self.assertIn("alert", said)
            server.wait_for("no_certificate")

            self.self_signed("mallory")
            said = self.run_tool("curl", "-sSk", version, *limit, "--cert", "mallory.crt", "--key", "mallory.key", url, code=None)
            self.assertNotIn("Hello", said)
            self.assertIn("unknown ca", said)
            server.wait_for('self_signed: .*subject "CN=mallory"')

    def test_a_certificate_that_the_pinned_client_signs_itself_gets_nobody_in(self):
        # The tutorial's client certificate says CA:TRUE: whoever holds its key could make clients, if it were a CA here.
        self.certificates()
        self.run_tool("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "eve.key", "-out", "eve.csr", "-subj", "/CN=eve")
        self.run_tool("openssl", "x509", "-req", "-in", "eve.csr", "-CA", "client.crt", "-CAkey", "client.key",
                      "-CAcreateserial", "-out", "eve.crt", "-days", "30")
        server = self.serve("--cert", "server.crt", "--key", "server.key", "--trust", "client.crt")
        said = self.run_tool("curl", "-sSk", "--cert", "eve.crt", "--key", "eve.key", f"https://localhost:{server.port}/", code=None)
        self.assertNotIn("Hello", said)
        server.wait_for("refused .*eve")


if __name__ == "__main__":
    unittest.main()
