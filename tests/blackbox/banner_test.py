"""What the start-up banner says is true: the line to try it with is run as it is printed."""

import os
import re
import shlex
import unittest

from serving import MUTUAL, ServingTest


class Try(ServingTest):
    def line(self, server):
        server.wait_for("Press Ctrl-C")
        found = re.search(r"^ \* Try: +(.*)$", server.log(), re.MULTILINE)
        self.assertIsNotNone(found, server.log())
        return found.group(1)

    def check_line_works(self, server, greeting="Hello, alice!\n"):
        line = self.line(server)
        self.assertEqual(self.run_tool("bash", "-c", line.replace("curl ", "curl -sS --max-time 20 ", 1), code=None), greeting, line)
        return line

    def init(self, *more):
        self.run_tool(MUTUAL, "init", "--client", "alice", *more)

    def test_the_line_is_short_where_nothing_needs_saying(self):
        self.init()
        server = self.serve()
        self.assertEqual(self.check_line_works(server), "curl --cacert pki/trust.crt --cert pki/issued/alice.p12 "
                         f"--cert-type p12 https://localhost:{server.port}/")

    def test_it_names_a_client_and_not_the_server_that_comes_first(self):
        self.init("--host", "aaa.example", "--host", "localhost")
        self.check_line_works(self.serve())

    def test_it_goes_by_a_name_that_the_certificate_has(self):
        for number, (hosts, listen, part) in enumerate((
                (("localhost",), "127.0.0.1:0", "https://localhost:"),
                (("localhost",), "0.0.0.0:0", "https://localhost:"),
                (("localhost",), "127.0.0.2:0", "--resolve localhost:"),
                (("127.0.0.1",), "127.0.0.1:0", "https://127.0.0.1:"),
                (("api.acme.example",), "127.0.0.1:0", "--resolve api.acme.example:"),
                (("*.acme.example",), "127.0.0.1:0", "--resolve www.acme.example:"),
                (("192.0.2.1",), "127.0.0.1:0", "--connect-to 192.0.2.1:"))):
            self.init("--pki", f"p{number}", *(word for host in hosts for word in ("--host", host)))
            line = self.check_line_works(self.serve("--pki", f"p{number}", listen=listen))
            self.assertIn(part, line)

    def test_paths_are_quoted_for_a_shell_and_for_curl(self):
        for folder in ("my pki", "it's $(touch owned)", 'a:b\\c"d', "한국어"):
            self.init("--pki", folder)
            self.check_line_works(self.serve("--pki", folder))
        self.assertFalse(os.path.exists(self.at("owned")))

    def test_a_client_whose_pkcs12_has_a_password_shows_certificate_and_key(self):
        with open(self.at("password"), "w", encoding="ascii") as file:
            file.write("sesame\n")
        self.init("--password-file", "password")
        self.assertIn("--key pki/issued/alice.key", self.check_line_works(self.serve()))

    def test_without_a_client_it_says_how_to_make_one(self):
        self.run_tool(MUTUAL, "init", "--pki", "my pki")
        server = self.serve("--pki", "my pki")
        line = self.line(server)
        self.assertTrue(line.endswith("mutual issue client NAME --pki 'my pki'"), line)
        self.run_tool(MUTUAL, *shlex.split(line[line.index("issue"):]))

    def test_it_names_nobody_whose_key_is_elsewhere(self):
        self.init()
        self.run_tool("openssl", "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "aaa.key", "-subj", "/CN=aaa", "-out", "aaa.csr")
        self.run_tool(MUTUAL, "sign", "aaa.csr")
        self.assertTrue(os.path.exists(self.at("pki/issued/aaa.crt")))
        self.assertIn("alice", self.check_line_works(self.serve()))

    def test_where_nobody_s_key_is_here_it_says_how_to_make_one(self):
        self.run_tool(MUTUAL, "init")
        self.run_tool("openssl", "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "aaa.key", "-subj", "/CN=aaa", "-out", "aaa.csr")
        self.run_tool(MUTUAL, "sign", "aaa.csr")
        self.assertIn("mutual issue client NAME", self.line(self.serve()))

    def test_the_authority_offers_a_page_that_it_has(self):
        self.init()
        line = self.check_line_works(self.serve(command=("ca", "serve")), "ok\n")
        self.assertTrue(line.endswith("/healthz"), line)

    def test_https_without_clients_needs_no_certificate(self):
        self.run_tool(MUTUAL, "init")
        self.check_line_works(self.serve("--client-auth", "none"), "Hello, World!\n")

    def test_self_signed_certificates_are_tried_too(self):
        self.init("--self-signed")
        self.check_line_works(self.serve())


if __name__ == "__main__":
    unittest.main()
