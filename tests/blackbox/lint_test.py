"""mutual lint: what is wrong with a certificate, and that the command it names mends it."""

import json
import os
import re
import shutil
import unittest

from authority_test import AuthorityTest
from later import Later


class Lint(AuthorityTest):
    def look(self, code, *arguments):
        done = self.mutual("lint", *arguments, "--json")
        self.assertEqual(done.returncode, code, (done.stdout, done.stderr))
        said = json.loads(done.stdout)
        self.assertEqual(said["wrong"], sum(one["weight"] == "wrong" for one in said["findings"]))
        for one in said["findings"]:
            for part in ("code", "about", "what", "fix"):
                self.assertTrue(one[part], one)
        return said

    def codes(self, code, *arguments):
        return {one["code"] for one in self.look(code, *arguments)["findings"]}

    def test_what_mutual_issues_has_nothing_wrong(self):
        self.init()
        self.good("issue", "client", "bob", "--uri", "spiffe://acme/bob")
        self.assertEqual(self.codes(0, "bob"), set())
        self.assertIn("nothing is wrong", self.good("lint", "bob"))
        self.assertEqual(self.codes(0, "localhost"), set())
        self.assertEqual(self.codes(0, "alice"), {"no_names"})
        self.assertEqual(self.look(0, "pki/trust.crt")["for"], "ca")
        self.assertEqual(self.codes(0, "pki/trust.crt"), set())

    def test_a_key_beside_what_was_issued_that_others_may_read_is_told(self):
        self.init()
        os.chmod(self.at("pki/issued/alice.key"), 0o640)
        found = {one["code"]: one for one in self.look(1, "alice")["findings"]}
        self.assertEqual((found["readable_key"]["about"], found["readable_key"]["fix"]),
                         ("pki/issued/alice.key", "chmod 600 pki/issued/alice.key"))
        os.chmod(self.at("pki/issued/alice.key"), 0o600)
        self.assertNotIn("readable_key", self.codes(0, "alice"))

    def test_the_tutorial_s_client_is_a_ca_and_the_command_that_is_named_mends_it(self):
        self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "client.key", "-out", "client.crt",
                      "-days", "365", "-subj", "/CN=client")
        said = self.look(1, "client.crt")
        wrong = [one for one in said["findings"] if one["weight"] == "wrong"]
        self.assertEqual([one["code"] for one in wrong], ["self_signed_ca"])
        self.assertIn("mutual init --self-signed --client NAME", wrong[0]["fix"])
        self.good("init", "--self-signed", "--client", "client")
        self.assertEqual(self.look(0, "client")["wrong"], 0)
        said = self.mutual("lint", "client.crt")
        self.assertRegex(said.stdout, "wrong +self_signed_ca\n")
        self.assertIn("1 thing is wrong with client.crt", said.stderr)

    def test_a_server_without_a_name_is_mended_by_the_line_that_it_is_told(self):
        self.init()
        self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "s.key", "-out", "s.crt",
                      "-days", "365", "-subj", "/CN=www.example.com")
        findings = self.look(1, "s.crt", "--for", "server")["findings"]
        fix = next(one["fix"] for one in findings if one["code"] == "no_names")
        words = re.search("mutual (issue server .*)$", fix).group(1).split()
        self.good(*words)
        self.assertEqual(self.codes(0, words[-1]), set())

    def test_a_pkcs12_without_its_intermediate_is_told_and_mended(self):
        """openssl pkcs12 -export without -certfile drops the intermediate, and the server says unknown issuer."""
        self.init()
        self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt", "-out", "leaf.crt")
        self.run_tool("openssl", "pkcs12", "-export", "-in", "leaf.crt", "-inkey", "pki/issued/alice.key", "-out", "a.p12",
                      "-passout", "pass:sesame")
        os.chmod(self.at("a.p12"), 0o600)
        self.write("pass", b"sesame\n")
        line = ("a.p12", "--password-file", "pass", "--trust", "pki/trust.crt")
        self.assertIn("intermediate_missing", self.codes(1, *line))
        self.good("export", "a.p12", "--source-password-file", "pass", "--password-file", "pass", "--chain",
                  "pki/intermediate.crt", "--out", "whole.p12")
        self.assertNotIn("intermediate_missing", self.codes(0, "whole.p12", *line[1:]))

    def test_old_algorithms_are_told_without_the_password(self):
        self.init()
        self.run_tool("openssl", "pkcs12", "-export", "-legacy", "-in", "pki/issued/alice.crt", "-inkey",
                      "pki/issued/alice.key", "-out", "old.p12", "-passout", "pass:changeit")
        said = self.look(1, "old.p12")
        self.assertIn("p12_weak", {one["code"] for one in said["findings"]})
        self.assertIn("password", said["unopened"])
        self.write("pass", b"changeit\n")
        os.chmod(self.at("old.p12"), 0o644)
        self.assertLessEqual({"p12_weak", "readable_key"}, self.codes(1, "old.p12", "--password-file", "pass"))
        self.good("export", "old.p12", "--source-password-file", "pass", "--password-file", "pass")
        self.assertEqual(self.look(0, "old-modern.p12", "--password-file", "pass")["wrong"], 0)

    def test_what_has_a_name_that_nobody_gets_any_more_is_issued_anew_under_another(self):
        self.init()
        # As it was given out once; what the folder has and the inventory has not is taken in as after a backup.
        serial = "5a" * 16
        self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "pki/issued/ocsp-root.key", "-out", "x.csr",
                      "-subj", "/O=Acme/CN=ocsp-root")
        self.write("ext", b"keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectKeyIdentifier=hash\n")
        self.run_tool("openssl", "x509", "-req", "-in", "x.csr", "-CA", "pki/intermediate.crt", "-CAkey", "pki/intermediate.key", "-set_serial",
                      "0x" + serial, "-days", "30", "-extfile", "ext", "-out", "x.crt")
        self.write("pki/issued/ocsp-root.crt", self.read("x.crt") + self.read("pki/intermediate.crt"))
        self.write("pki/inventory.mark", b"damaged")
        self.good("recover")
        self.good("revoke", serial)
        self.refused(2, "issue", "client", "ocsp-root")
        fix = next(one["fix"] for one in self.look(1, "ocsp-root")["findings"] if one["code"] == "revoked")
        self.assertRegex(fix, "^issue another under another name, since 'ocsp-root' .* with: mutual issue client ANOTHER_NAME$")
        for line, code in ((["renew", "ocsp-root"], 1), (["needs-renewal", "ocsp-root"], 255)):
            self.assertIn("issue it anew under another name, since 'ocsp-root' would be taken for a CA", self.refused(code, *line))

    def test_what_was_not_seen_is_not_called_good(self):
        self.init()
        self.write("pass", b"sesame\n")
        self.good("export", "alice", "--password-file", "pass")
        self.assertIn("password", self.refused(1, "lint", "alice-modern.p12"))
        self.assertIn("no certificate", self.refused(1, "lint", "pki/issued/alice.key"))
        self.assertIn("nobody", self.refused(1, "lint", "nobody"))
        self.refused(2, "lint")
        self.refused(2, "lint", "alice", "--for", "robot")


class OfOurOwn(Later, AuthorityTest):
    """The PKI's own certificates: what is told mends it, in the PKI as it is."""

    def setUp(self):
        super().setUp()
        self.make_clock()

    def fixes(self, days, what, *more):
        """By code and subject, what is told of it that many days from now."""
        done = self.mutual("lint", what, "--json", *more, env=self.in_days(days))
        return {(one["code"], one["about"].split(",")[0]): one["fix"] for one in json.loads(done.stdout)["findings"]}

    def follow(self, days, fix):
        """Each command of it."""
        lines = re.findall(r"mutual (\w[^,]*)", fix)
        self.assertTrue(lines, fix)
        for line in lines:
            done = self.mutual(*line.split(), env=self.in_days(days))
            self.assertEqual(done.returncode, 0, (line, done.stderr))

    MIDDLE = "CN=Acme Intermediate CA"

    def test_a_name_that_ends_soon_is_renewed(self):
        self.init()
        fix = self.fixes(300, "alice")["ends_soon", "CN=alice"]
        self.assertEqual(fix, "make it anew with: mutual renew alice")
        self.follow(300, fix)
        self.assertNotIn(("ends_soon", "CN=alice"), self.fixes(300, "alice"))
        # Also by its file, and after its end.
        fix = self.fixes(800, "pki/issued/alice.crt")["expired", "CN=alice"]
        self.assertEqual(fix, "make it anew with: mutual renew alice")
        self.follow(800, fix)
        self.assertNotIn(("expired", "CN=alice"), self.fixes(800, "alice"))

    def test_an_intermediate_that_ends_is_rotated_and_then_what_ends_with_it_renewed(self):
        for days, code in ((1800, "ends_soon"), (1900, "expired")):
            self.init()
            self.good("issue", "client", "bob", env=self.in_days(1100))
            self.mutual("renew", "bob", env=self.in_days(1440))
            self.assertEqual(self.fixes(days, "pki/intermediate.crt")[code, self.MIDDLE],
                             "make another with: mutual rotate intermediate")
            fixes = self.fixes(days, "bob")
            self.assertEqual(fixes[code, self.MIDDLE], "make another with: mutual rotate intermediate")
            self.assertEqual(fixes[code, "CN=bob"], "make it anew with: mutual rotate intermediate, and then mutual renew bob")
            if code == "expired":
                said = self.refused(1, "issue", "client", "carol", env=self.in_days(days))
                self.assertIn("make another with mutual rotate intermediate", said)
            self.follow(days, fixes[code, "CN=bob"])
            self.assertNotIn(code, {one[0] for one in self.fixes(days, "bob")})
            self.good("issue", "client", "carol", env=self.in_days(days))
            shutil.rmtree(self.at("pki"))

    def test_a_root_that_ends_is_rotated_and_so_is_an_intermediate_that_ends_with_it(self):
        for days, code in ((3500, "ends_soon"), (3700, "expired")):
            self.init()
            self.mutual("rotate", "intermediate", env=self.in_days(2500))
            self.assertEqual(self.fixes(days, "pki/root.crt")[code, "CN=Acme Root CA"], "make another with: mutual rotate root")
            fix = self.fixes(days, "pki/intermediate.crt")[code, "CN=Acme Intermediate CA 2"]
            self.assertEqual(fix, "make another with: mutual rotate root")
            self.follow(days, fix)
            self.good("issue", "client", "carol", env=self.in_days(days))
            self.assertNotIn(code, {one[0] for one in self.fixes(days, "carol")})
            shutil.rmtree(self.at("pki"))

    def test_what_was_revoked_is_issued_anew_and_what_is_held_is_released_first(self):
        self.init()
        self.good("issue", "client", "bob")
        self.good("revoke", "alice")
        self.good("revoke", "bob", "--reason", "certificateHold")
        self.assertIn("mutual issue client alice", self.fixes(300, "alice")["ends_soon", "CN=alice"])
        self.follow(300, self.fixes(300, "alice")["ends_soon", "CN=alice"])
        self.follow(300, self.fixes(300, "bob")["ends_soon", "CN=bob"])

    def test_what_was_revoked_is_wrong_by_the_inventory_and_by_the_list_alone(self):
        self.init()
        self.good("issue", "server", "web", "web.example", "--uri", "spiffe://acme/web")
        self.write("old.crt", self.read("pki/issued/web.crt"))
        self.good("revoke", "alice", "--reason", "certificateHold")
        self.good("revoke", "web")
        for what, name in (("alice", "CN=alice"), ("web", "CN=web"), ("old.crt", "CN=web")):
            done = self.mutual("lint", what, env=self.in_days(1))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, "wrong +revoked\n")
            self.assertIn(("revoked", name), self.fixes(1, what))
        self.assertIn("on hold since", self.mutual("lint", "alice").stdout)
        os.rename(self.at("pki/inventory.db"), self.at("away"))
        self.assertIn(("revoked", "CN=web"), self.fixes(1, "old.crt"))
        os.rename(self.at("away"), self.at("pki/inventory.db"))
        self.follow(1, self.fixes(1, "alice")["revoked", "CN=alice"])
        self.assertNotIn(("revoked", "CN=alice"), self.fixes(1, "alice"))
        self.assertIn("mutual issue server web web.example --uri spiffe://acme/web", self.fixes(1, "old.crt")["revoked", "CN=web"])
        self.follow(1, self.fixes(1, "old.crt")["revoked", "CN=web"])
        self.assertNotIn(("revoked", "CN=web"), self.fixes(1, "web"))
        self.assertIn("use pki/issued/web.crt", self.fixes(1, "old.crt")["revoked", "CN=web"])

    def test_what_cannot_be_looked_up_is_not_taken_for_good(self):
        self.init()
        self.write("pki/inventory.db", b"no inventory")
        said = self.mutual("lint", "alice")
        self.assertEqual(said.returncode, 0, said.stdout)
        self.assertRegex(said.stdout, "advice +revocation_unknown\n")
        self.assertNotIn("nothing is wrong", said.stdout)

    def test_another_folder_is_named(self):
        self.good("init", "--name", "Acme", "--client", "alice", "--pki", "other place")
        self.assertEqual(self.fixes(300, "alice", "--pki", "other place")["ends_soon", "CN=alice"],
                         "make it anew with: mutual renew alice --pki 'other place'")

    def test_a_ca_of_somebody_else_is_theirs_to_make_anew(self):
        self.init()
        self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "9",
                      "-subj", "/CN=Other", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.assertIn("have whoever runs it issue it anew", self.fixes(8, "ca.crt")["ends_soon", "CN=Other"])


if __name__ == "__main__":
    unittest.main()
