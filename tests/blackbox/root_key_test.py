"""The root's key, encrypted or kept away: who reads it, who needs it, and how it is asked for."""

import json
import os
import stat
import unittest

import authority_test
from authority_test import AuthorityTest, clean_environment


class RootKey(AuthorityTest):
    at_a_terminal = authority_test.Passwords.at_a_terminal

    def setUp(self):
        super().setUp()
        self.write("pass", b"sesame\n")

    def openssl(self, *arguments, code=0):
        return self.run_tool("openssl", *arguments, code=code)

    def verify(self, name):
        self.openssl("verify", "-x509_strict", "-crl_check_all", "-CAfile", "pki/trust.crt", "-CRLfile", "pki/crl.pem",
                     "-untrusted", f"pki/issued/{name}.crt", f"pki/issued/{name}.crt")

    def everything_but_the_root_goes_on(self):
        self.good("issue", "client", "bob")
        self.good("issue", "peer", "node.example")
        self.good("renew", "bob", "--new-key")
        self.openssl("req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "k", "-out", "carol.csr", "-subj", "/CN=carol")
        self.good("sign", "carol.csr")
        self.good("revoke", "carol")
        self.good("crl")
        self.good("crl", "--delta")
        self.good("list")
        self.good("log")
        self.assertIn("not yet", self.mutual("needs-renewal", "bob").stdout)
        self.assertIn("nothing to recover", self.good("recover"))
        self.assertIn("accepted", self.good("check", "bob"))
        self.verify("bob")

    def test_it_is_encrypted_with_scrypt_and_openssl_reads_it(self):
        said = self.init("--root-password-file", "pass")
        self.assertIn("root's key   pki/root.key, encrypted with the password", said)
        self.assertEqual(stat.S_IMODE(os.stat(self.at("pki/root.key")).st_mode), 0o600)
        self.assertTrue(self.read("pki/root.key").startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        self.assertIn("scrypt", self.openssl("asn1parse", "-in", "pki/root.key"))
        self.openssl("pkey", "-in", "pki/root.key", "-passin", "pass:wrong", "-noout", code=1)
        public = self.openssl("pkey", "-in", "pki/root.key", "-passin", "file:pass", "-pubout")
        self.assertEqual(public, self.openssl("x509", "-in", "pki/root.crt", "-noout", "-pubkey"))
        self.assertIn("P-256", self.good("show", "pki/root.key", "--password-file", "pass"))
        self.assertNotIn("ENCRYPTED", self.read("pki/intermediate.key").decode())
        self.everything_but_the_root_goes_on()

    def test_what_needs_it_says_how_to_give_the_password(self):
        self.init("--root-password-file", "pass")
        os.remove(self.at("pki/root.crl"))
        said = self.refused(1, "crl")
        self.assertIn("the root's key pki/root.key is encrypted: give its password with --root-password-file", said)
        self.assertIn("does not open it", self.refused(1, "crl", env=clean_environment(MUTUAL_ROOT_PASSWORD="wrong")))
        self.good("crl", env=clean_environment(MUTUAL_ROOT_PASSWORD="sesame"))
        os.remove(self.at("pki/root.crl"))
        self.good("crl", "--root-password-file", "pass")
        self.openssl("crl", "-verify", "-inform", "DER", "-in", "pki/root.crl", "-CAfile", "pki/root.crt", "-noout")
        # The intermediate's revocation is the root's to say.
        serial = json.loads(self.good("show", "pki/intermediate.crt", "--json"))["certificates"][0]["serial"]
        said = self.refused(1, "revoke", serial)
        self.assertIn("is revoked in the inventory, but servers do not know it yet", said)
        self.assertIn("--root-password-file", said)
        self.good("crl", "--root-password-file", "pass")
        self.assertIn(serial, self.openssl("crl", "-inform", "DER", "-in", "pki/root.crl", "-noout", "-text").lower())

    def test_the_environment_and_a_terminal_give_the_password_too(self):
        self.assertIn("$MUTUAL_ROOT_PASSWORD is set and empty", self.refused(1, "init", env=clean_environment(MUTUAL_ROOT_PASSWORD="")))
        self.assertFalse(os.path.exists(self.at("pki")))
        self.good("init", env=clean_environment(MUTUAL_ROOT_PASSWORD="sesame"))
        self.openssl("pkey", "-in", "pki/root.key", "-passin", "pass:sesame", "-noout")
        os.remove(self.at("pki/root.crl"))
        code, seen = self.at_a_terminal([(b"Password of pki/root.key: ", b"sesame\n")], "crl")
        self.assertEqual(code, 0, seen)
        self.assertNotIn(b"sesame", seen)
        code, seen = self.at_a_terminal([(b"Password of the root's key: ", b"tr\xc3\xb8ll\n"), (b"The same again: ", b"tr\xc3\xb8ll\n")],
                                        "init", "--pki", "other", "--ask-root-password")
        self.assertEqual(code, 0, seen)
        self.openssl("pkey", "-in", "other/root.key", "-passin", "pass:trøll", "-noout")
        code, seen = self.at_a_terminal([(b"Password of the root's key: ", b"a\n"), (b"The same again: ", b"b\n")],
                                        "init", "--pki", "third", "--ask-root-password")
        self.assertEqual(code, 1, seen)
        self.assertFalse(os.path.exists(self.at("third")))

    def test_no_argument_holds_a_password(self):
        for line in (["init", "--root-password", "x"], ["crl", "--root-password", "x"]):
            self.assertIn("there is no option", self.refused(2, *line))

    def test_it_may_be_taken_away_and_only_what_needs_it_misses_it(self):
        self.init()
        os.rename(self.at("pki/root.key"), self.at("away.key"))
        self.everything_but_the_root_goes_on()
        os.remove(self.at("pki/root.crl"))
        said = self.refused(1, "crl")
        self.assertIn("pki/root.key is not there, and nothing else can sign this: put it there for the moment, or name the "
                      "file where it is kept with --root-key", said)
        self.assertIn("No such file", self.refused(1, "crl", "--root-key", "none"))
        self.assertIn("is not the key of the root", self.refused(1, "crl", "--root-key", "pki/intermediate.key"))
        self.good("crl", "--root-key", "away.key")
        self.verify("bob")

    def test_it_can_be_written_elsewhere_and_never_into_the_pki(self):
        os.mkdir(self.at("stick"))
        said = self.init("--root-key-out", "stick/root.key", "--root-password-file", "pass")
        self.assertIn("stick/root.key, encrypted", said)
        self.assertFalse(os.path.exists(self.at("pki/root.key")))
        self.assertEqual(stat.S_IMODE(os.stat(self.at("stick/root.key")).st_mode), 0o600)
        self.everything_but_the_root_goes_on()
        os.remove(self.at("pki/root.crl"))
        self.good("crl", "--root-key", "stick/root.key", "--root-password-file", "pass")
        self.assertIn("holds a PKI already", self.refused(1, "init"))

    def test_an_init_that_fails_leaves_no_key_anywhere(self):
        os.mkdir(self.at("stick"))
        before = self.everything()
        self.refused(2, "init", "--root-key-out", "stick/root.key", "--client", "x" * 65)
        self.assertIn("cannot", self.refused(1, "init", "--root-key-out", "nowhere/root.key"))
        self.assertEqual(self.everything(), before)
        self.write("stick/root.key", b"something of somebody\n")
        self.assertIn("stick/root.key exists already", self.refused(1, "init", "--root-key-out", "stick/root.key"))
        self.assertEqual(self.everything(), sorted([*before, "stick/root.key"]))
        self.assertEqual(self.read("stick/root.key"), b"something of somebody\n")

    def test_self_signed_certificates_have_no_root_to_protect(self):
        for option in (["--root-password-file", "pass"], ["--root-key-out", "root.key"], ["--ask-root-password"]):
            self.assertIn("contradict each other", self.refused(2, "init", "--self-signed", *option))
        self.good("init", "--self-signed", env=clean_environment(MUTUAL_ROOT_PASSWORD="sesame"))

    def test_a_key_in_the_open_is_encrypted_later_by_openssl(self):
        self.init()
        for derivation in (["-scrypt"], ["-v2", "aes-256-cbc", "-iter", "600000"]):
            self.openssl("pkcs8", "-topk8", *derivation, "-in", "pki/root.key", "-passin", "pass:sesame", "-out", "new",
                         "-passout", "pass:sesame")
            self.assertEqual(stat.S_IMODE(os.stat(self.at("new")).st_mode), 0o600)
            os.rename(self.at("new"), self.at("pki/root.key"))
            os.remove(self.at("pki/root.crl"))
            self.refused(1, "crl")
            self.good("crl", "--root-password-file", "pass")


if __name__ == "__main__":
    unittest.main()
