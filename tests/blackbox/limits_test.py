"""authority.toml: set once, and kept by every way of issuing; and the intermediate that other people's verifiers hold to it."""

import datetime
import json
import unittest

from authority_test import AuthorityTest

LIMITS = b"""
longest_days = 90
key_kinds = ["p256", "p384"]

[names]
dns = ["acme.example", "localhost"]
ips = ["127.0.0.0/8", "::1"]
uris = ["spiffe://acme/"]

[client]
longest_days = 7
"""


class Limits(AuthorityTest):
    def setUp(self):
        super().setUp()
        self.write("limits.toml", LIMITS)

    def init_limited(self, *more):
        return self.init("--limits", "limits.toml", *more)

    def test_what_is_within_is_issued_and_what_is_not_is_refused_and_leaves_nothing(self):
        self.init_limited()
        self.good("issue", "server", "web", "www.acme.example", "127.0.0.1")
        self.good("issue", "client", "bob", "--uri", "spiffe://acme/bob", "--days", "7")
        before = self.everything()
        for line in (["issue", "server", "evil", "www.bank.example"], ["issue", "server", "evil", "192.0.2.1"],
                     ["issue", "client", "evil", "--uri", "spiffe://acme.evil/x"], ["issue", "client", "evil", "--days", "8"],
                     ["issue", "client", "evil", "--email", "a@acme.example"], ["issue", "peer", "www.bank.example"],
                     ["issue", "server", "evil", "a.acme.example", "--days", "91"],
                     ["issue", "client", "evil", "--key-kind", "rsa2048"]):
            self.assertIn("authority.toml", self.refused(2, *line))
        self.assertEqual(self.everything(), before)
        self.assertNotIn("evil", self.good("list"))

    def test_a_life_that_nobody_asked_for_is_the_longest_that_is_allowed(self):
        self.init_limited()
        for name, days in (("alice", 7), ("localhost", 90)):
            one = json.loads(self.good("show", name, "--json"))["certificates"][0]
            begin, end = (datetime.datetime.fromisoformat(one[key].rstrip("Z")) for key in ("not_before", "not_after"))
            self.assertAlmostEqual((end - begin).total_seconds(), days * 86400 + 300, delta=30)

    def test_the_first_certificates_are_limited_too_and_a_refused_init_leaves_nothing(self):
        self.assertIn("authority.toml", self.refused(2, "init", "--host", "www.bank.example", "--limits", "limits.toml"))
        self.assertEqual(self.everything(), ["limits.toml"])
        self.write("wrong.toml", b"longest_day = 3\n")
        self.assertIn("wrong.toml, line 1", self.refused(1, "init", "--limits", "wrong.toml"))
        self.refused(2, "init", "--self-signed", "--limits", "limits.toml")
        self.refused(1, "init", "--limits", "missing.toml")
        self.assertEqual(self.everything(), ["limits.toml", "wrong.toml"])

    def test_a_file_that_cannot_be_understood_stops_issuing(self):
        self.init_limited()
        self.assertEqual(self.read("pki", "authority.toml"), LIMITS)
        self.write("pki/authority.toml", b"[names]\ndsn = []\n")
        self.assertIn("there is no setting 'dsn'", self.refused(1, "issue", "client", "bob"))

    def test_the_intermediate_is_constrained_for_everybody(self):
        """Whoever steals intermediate.key and issues by OpenSSL is refused by OpenSSL, GnuTLS and ourselves."""
        self.init_limited()
        said = self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-text")
        self.assertIn("X509v3 Name Constraints: critical", said)
        self.assertIn("DNS:acme.example", said)
        self.assertIn("IP:127.0.0.0/255.0.0.0", said)
        self.good("issue", "server", "web", "www.acme.example")
        self.run_tool("openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt", "pki/issued/web.crt")
        self.assertIn("accepted", self.good("check", "web", "--for", "server", "--host", "www.acme.example"))
        self.run_tool("certtool", "--verify", "--load-ca-certificate", "pki/root.crt", "--infile", "pki/issued/web.crt")
        # The thief.
        self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "e.key", "-out", "e.csr",
                      "-subj", "/CN=www.bank.example")
        self.write("ext", b"subjectAltName=DNS:www.bank.example\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n"
                   b"authorityKeyIdentifier=keyid\n")
        self.run_tool("openssl", "x509", "-req", "-in", "e.csr", "-CA", "pki/intermediate.crt", "-CAkey",
                      "pki/intermediate.key", "-set_serial", "4711", "-days", "9", "-extfile", "ext", "-out", "e.crt")
        self.write("chain.crt", self.read("e.crt") + self.read("pki/intermediate.crt"))
        done = self.mutual("check", "chain.crt", "--for", "server", "--host", "www.bank.example", "--json")
        self.assertEqual(json.loads(done.stdout)["reason"], "constraint_violated")
        self.run_tool("openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt", "e.crt", code=2)
        self.run_tool("certtool", "--verify", "--load-ca-certificate", "pki/root.crt", "--infile", "chain.crt", code=1)

    def test_limits_that_were_loosened_do_not_issue_what_the_intermediate_may_not(self):
        self.init_limited()
        self.write("pki/authority.toml", b"")
        self.assertIn("nameConstraints", self.refused(2, "issue", "server", "evil", "www.bank.example"))
        self.assertNotIn("evil", self.good("list"))

    def test_without_constraints_the_file_alone_limits(self):
        self.write("limits.toml", b"constrain_intermediate = false\n" + LIMITS)
        self.init_limited()
        self.assertNotIn("Name Constraints", self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-text"))
        self.assertIn("authority.toml", self.refused(2, "issue", "server", "evil", "www.bank.example"))


if __name__ == "__main__":
    unittest.main()
