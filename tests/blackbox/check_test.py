"""mutual check says beforehand what a server says afterwards."""

import json
import time
import unittest

from authority_test import MUTUAL, AuthorityTest
from serving import Server

CA_CONFIG = """
[ca]
default_ca = it
[it]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 2
policy = any
[any]
"""


class CheckTest(AuthorityTest):
    def setUp(self):
        super().setUp()
        self.init()

    def verdict(self, code, *arguments, **options):
        done = self.mutual("check", *arguments, "--json", **options)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        said = json.loads(done.stdout)
        self.assertEqual(said["accepted"], code == 0)
        if code:
            self.assertIn(f"({said['reason']})", done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        else:
            self.assertEqual(done.stderr, "")
        return said

    def reason(self, *arguments, **options):
        return self.verdict(1, *arguments, **options)["reason"]

    def leaf_only(self, name):
        """alice.crt without its intermediate, as somebody who forgot it has it."""
        self.run_tool("openssl", "x509", "-in", f"pki/issued/{name}.crt", "-out", f"{name}-alone.crt")
        return f"{name}-alone.crt"

    def revocation_list(self, *serials, ca="pki/intermediate", out="list.crl", days="2"):
        """A list of that CA, made by OpenSSL."""
        lines = "".join(f"R\t490101000000Z\t260101000000Z\t{serial.upper()}\tunknown\t/CN=x\n" for serial in serials)
        self.write("index.txt", lines.encode())
        self.write("crlnumber", b"01\n")
        self.write("ca.cnf", CA_CONFIG.encode())
        self.run_tool("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-keyfile", ca + ".key", "-cert", ca + ".crt",
                      "-crldays", days, "-out", out)
        return out


class Check(CheckTest):
    def test_a_good_certificate_is_accepted_by_name_file_and_pkcs12(self):
        for what in ("alice", "pki/issued/alice.crt", "pki/issued/alice.p12"):
            said = self.verdict(0, what)
            self.assertEqual(said["name"], "alice")
            self.assertEqual([one["subject"] for one in said["chain"]],
                             ["CN=alice,O=Acme", "CN=Acme Intermediate CA,O=Acme", "CN=Acme Root CA,O=Acme"])
        said = self.good("check", "alice", "--trust", "pki/trust.crt")
        self.assertIn("accepted as a client", said)
        self.assertIn("CN=Acme Root CA,O=Acme", said)

    def test_each_reason_has_its_words_and_its_way_out(self):
        self.good("init", "--pki", "other", "--client", "mallory")
        self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "self.key", "-out", "self.crt",
                      "-days", "9", "-subj", "/CN=self")
        cases = {"unknown_issuer": ["other/issued/mallory.crt"], "intermediate_missing": [self.leaf_only("alice")],
                 "self_signed": ["self.crt"], "expired": ["alice", "--at", "2099-01-01"],
                 "not_yet_valid": ["alice", "--at", "2020-01-01T00:00:00Z"], "wrong_purpose": ["localhost"]}
        for reason, line in cases.items():
            said = self.verdict(1, *line)
            self.assertEqual(said["reason"], reason)
            for part in ("detail", "meaning", "remedy"):
                self.assertGreater(len(said[part]), 10)
            done = self.mutual("check", *line)
            self.assertIn(f"refused as a client: {reason}\n", done.stdout)
            self.assertIn(said["remedy"], done.stdout)

    def test_a_stranger_to_the_ca_s_intermediate_is_an_unknown_issuer(self):
        self.assertEqual(self.reason(self.leaf_only("alice"), "--trust", "pki/root.crt"), "unknown_issuer")

    def test_a_server_is_judged_by_the_host_that_is_asked_for(self):
        self.assertEqual(self.verdict(0, "localhost", "--for", "server", "--host", "127.0.0.1")["for"], "server")
        self.assertEqual(self.reason("localhost", "--for", "server", "--host", "elsewhere"), "wrong_purpose")
        self.assertEqual(self.reason("alice", "--for", "server"), "wrong_purpose")

    def test_revocation_lists_count(self):
        serial = self.verdict(0, "alice")["chain"][0]["serial"]
        leaves, root = self.revocation_list(serial), self.revocation_list(ca="pki/root", out="root.crl")
        self.assertEqual(self.reason("alice", "--crl", leaves, "--crl", root), "revoked")
        self.assertEqual(self.reason("alice", "--crl", root), "revocation_unknown")
        empty = self.revocation_list()
        self.verdict(0, "alice", "--crl", empty, "--crl", root)
        later = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86400))
        self.assertEqual(self.reason("alice", "--crl", empty, "--crl", root, "--at", later), "revocation_stale")

    def test_a_key_of_somebody_else_proves_nothing(self):
        self.good("issue", "client", "bob")
        self.write("mixed.pem", self.read("pki/issued/alice.crt") + self.read("pki/issued/bob.key"))
        self.assertEqual(self.reason("mixed.pem"), "proof_failed")

    def test_a_password_comes_from_a_file_or_the_environment(self):
        self.write("pass", b"sesame\n")
        self.good("issue", "client", "bob", "--password-file", "pass")
        self.verdict(0, "pki/issued/bob.p12", "--password-file", "pass")
        self.assertIn("password", self.refused(1, "check", "pki/issued/bob.p12"))

    def test_what_makes_no_sense_is_exit_code_2(self):
        self.refused(2, "check")
        self.refused(2, "check", "alice", "--for", "both")
        self.refused(2, "check", "alice", "--host", "localhost")
        self.refused(2, "check", "alice", "--at", "tomorrow")
        self.refused(2, "check", "alice", "--at", "2026-02-30")
        self.assertIn("--trust", self.refused(2, "check", "pki/issued/alice.crt", "--pki", "nowhere"))

    def test_what_cannot_be_read_is_named(self):
        self.assertIn("nobody", self.refused(1, "check", "nobody"))
        self.assertIn("pki/issued/alice.key", self.refused(1, "check", "pki/issued/alice.key"))
        self.assertIn("missing.crt", self.refused(1, "check", "alice", "--trust", "missing.crt"))
        self.assertIn("revocation list", self.refused(1, "check", "alice", "--crl", "pki/root.crt"))

    def test_the_server_says_the_same(self):
        """Each certificate is shown to a running server; its answer and its reason are those of mutual check."""
        self.good("init", "--pki", "other", "--client", "mallory")
        self.good("issue", "client", "bob")
        serial = self.verdict(0, "alice")["chain"][0]["serial"]
        lists = [self.revocation_list(serial), self.revocation_list(ca="pki/root", out="root.crl")]
        self.write("trust.pem", self.read("pki/trust.crt") + b"".join(self.read(one) for one in lists))
        self.write("alone.pem", self.read(self.leaf_only("bob")) + self.read("pki/issued/bob.key"))
        server = Server(self.folder, "--cert", "pki/issued/localhost.crt", "--key", "pki/issued/localhost.key", "--trust",
                        "trust.pem")
        self.addCleanup(server.stop)
        cases = {"pki/issued/bob.p12": None, "pki/issued/alice.p12": "revoked", "alone.pem": "intermediate_missing",
                 "other/issued/mallory.p12": "unknown_issuer", "pki/issued/localhost.p12": "wrong_purpose"}
        for file, reason in cases.items():
            # The server knows the intermediate because it presents it itself.
            said = self.mutual("check", file, "--trust", "trust.pem", "--known", "pki/intermediate.crt", "--json")
            before = len(server.log())
            got = self.mutual("get", f"https://localhost:{server.port}/", "--cert", file, "--trust", "pki/trust.crt")
            self.assertEqual(said.returncode, got.returncode, (file, said.stdout, got.stderr))
            if reason:
                self.assertEqual(json.loads(said.stdout)["reason"], reason, file)
                server.wait_for(f"refused .*{reason}")
                self.assertGreater(len(server.log()), before)


if __name__ == "__main__":
    unittest.main()
