"""authority.toml: set once, and kept by every way of issuing; and the intermediate that other people's verifiers hold to it."""

import datetime
import json
import os
import shutil
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

    def csr(self, name, *more, key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        self.run_tool("openssl", "req", "-new", *key, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", *more)
        return f"{name}.csr"

    def test_requests_from_elsewhere_are_signed_within_the_limits_only(self):
        self.init_limited()
        names = lambda text: ("-addext", "subjectAltName=" + text)
        requests = [(self.csr(f"e{n}", "-subj", subject, *more), line) for n, (subject, more, line) in enumerate([
            ("/CN=evil", names("DNS:www.bank.example"), ["--profile", "server"]),
            ("/CN=evil", names("DNS:www.acme.example,DNS:www.bank.example"), ["--profile", "peer"]),
            ("/CN=evil", names("IP:192.0.2.1"), ["--profile", "server"]),
            ("/CN=evil", names("URI:spiffe://acme.evil/x"), []),
            ("/CN=evil", names("email:a@acme.example"), []),
            ("/CN=www.bank.example", (), []),
            ("/CN=www.bank.example", (), ["--profile", "server"]),
            ("/CN=evil", (), ["--name", "www.bank.example"]),
            ("/CN=evil", (), ["--days", "8"]),
            ("/CN=evil", names("DNS:a.acme.example"), ["--profile", "server", "--days", "91"])])]
        requests.append((self.csr("rsa", "-subj", "/CN=evil", key=("-newkey", "rsa:2048")), []))
        before = self.everything()
        for request, line in requests:
            self.assertIn("authority.toml", self.refused(2, "sign", request, *line), (request, line))
        self.assertEqual(self.everything(), before)
        # What is within is signed, and lives as long as it may.
        self.good("sign", self.csr("good", "-subj", "/CN=good", *names("URI:spiffe://acme/good")))
        self.assertLessEqual(self.days("good"), 8)
        self.write("pki/authority.toml", b'profiles = ["server"]\n' + LIMITS)
        self.assertIn("client certificates are not issued here", self.refused(2, "sign", self.csr("late", "-subj", "/CN=late")))
        listed = self.good("list")
        self.assertNotIn("evil", listed + self.good("log"))
        self.assertNotIn("bank", listed)

    def days(self, name):
        one = json.loads(self.good("show", name, "--json"))["certificates"][0]
        begin, end = (datetime.datetime.fromisoformat(one[key].rstrip("Z")) for key in ("not_before", "not_after"))
        return (end - begin).total_seconds() / 86400

    def test_what_was_issued_is_renewed_within_the_limits_of_today_only(self):
        self.write("limits.toml", b"constrain_intermediate = false\n" + LIMITS)
        self.init_limited()
        self.good("issue", "client", "bob", "--uri", "spiffe://acme/ops/bob")
        self.good("issue", "server", "web", "www.acme.example")
        tighter = {
            b'[names]\nuris = ["spiffe://acme/dev/"]\ndns = ["other.example"]\n': (["bob"], ["bob", "--new-key"], ["web"]),
            b'profiles = ["peer"]\n': (["bob"], ["web"]),
            b'key_kinds = ["ed25519"]\n': (["bob"], ["bob", "--new-key"], ["web", "--new-key", "--key-kind", "p384"]),
            b"longest_days = 3\n": (["bob", "--days", "4"], ["web", "--days", "90"]),
        }
        for toml, lines in tighter.items():
            self.write("pki/authority.toml", toml)
            before = (self.everything(), self.good("log"), self.read("pki/issued/bob.crt"))
            for line in lines:
                self.assertIn("authority.toml", self.refused(2, "renew", *line), (toml, line))
            self.assertEqual((self.everything(), self.good("log"), self.read("pki/issued/bob.crt")), before)
        # A life that nobody asks for is cut to what is allowed now; a kind that is allowed can be taken.
        self.assertAlmostEqual(self.days("web"), 90, delta=1)
        self.good("renew", "web")
        self.assertAlmostEqual(self.days("web"), 3, delta=0.1)
        self.write("pki/authority.toml", b'key_kinds = ["ed25519"]\n')
        self.good("renew", "bob", "--new-key", "--key-kind", "ed25519")

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

    def test_a_server_that_is_only_an_address_is_issued_and_believed_below_constraints(self):
        """OpenSSL and GnuTLS hold a common name that is an address against the constraints of DNS names."""
        here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", "Trusts.java")
        for names in (b'dns = ["acme.example", "localhost"]\nips = ["10.1.0.0/16", "2001:db8::/32", "127.0.0.1", "::1"]\n',
                      b'ips = ["10.1.0.0/16", "2001:db8::/32"]\n'):
            self.write("limits.toml", b"[names]\n" + names)
            self.good("init", "--name", "Acme", "--host", "10.1.0.1", "--limits", "limits.toml")
            self.good("issue", "server", "10.1.0.9")
            self.good("issue", "peer", "2001:db8::1")
            self.good("renew", "10.1.0.9")
            self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "csr", "-subj", "/CN=10.1.0.7")
            self.good("sign", "csr", "--profile", "server")
            for name in ("10.1.0.1", "10.1.0.9", "2001:db8::1", "10.1.0.7"):
                file = f"pki/issued/{name}.crt"
                said = self.run_tool("openssl", "x509", "-in", file, "-noout", "-subject")
                self.assertEqual(said.replace(" ", ""), "subject=O=Acme\n")
                self.run_tool("openssl", "verify", "-x509_strict", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt",
                              "-purpose", "sslserver", "-verify_ip", name, file)
                self.run_tool("certtool", "--verify", "--load-ca-certificate", "pki/root.crt", "--infile", file)
                self.assertEqual(self.run_tool("java", here, "pki/root.crt", file, "pki/intermediate.crt").strip(), "good")
                self.assertIn("accepted", self.good("check", name, "--for", "server", "--host", name))
            self.assertIn("10.1.0.9", self.good("list"))
            # Beyond the ranges, and by another word, it is refused as before.
            self.refused(2, "issue", "server", "10.2.0.1")
            self.refused(2, "issue", "server", "intranet", "10.1.0.9")
            shutil.rmtree(self.at("pki"))

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
