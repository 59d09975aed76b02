"""That a key was compromised may be known later than that its certificate is revoked, and nobody certifies it again."""

import json
import sqlite3
import time
import unittest

import stores


class OnSqlite(stores.OnSqlite):
    def revoked_as(self, serial):
        return self.sql(f"SELECT revoked_at, revoked_reason FROM certificates WHERE serial = '{serial}'")[0]

    def test_a_lesser_reason_gives_way_to_a_compromised_key_and_never_back(self):
        first = self.serial_of("alice")
        self.mutual("revoke", "alice", "--reason", "superseded")
        since, reason = self.revoked_as(first)
        self.assertEqual(reason, "4")
        self.mutual("issue", "client", "alice")
        self.mutual("ca", "token", "alice")
        self.assertIn("is revoked already", self.mutual("revoke", first, "--reason", "cessationOfOperation", code=1))
        time.sleep(1.1)
        self.mutual("revoke", first, "--reason", "keyCompromise", "--why", "found on a disk")
        self.assertEqual(self.revoked_as(first), (since, "1"))
        text = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.crl", "-noout", "-text")
        self.assertIn("Key Compromise", text)
        self.assertNotIn("Superseded", text)
        self.assertIn("keyCompromise in place of superseded: found on a disk", self.mutual("log"))
        # Who has the name since is somebody else, and so is whoever has a token for it.
        self.assertEqual([one["status"] for one in self.listed() if one["name"] == "alice"], ["revoked", "valid"])
        self.assertEqual(self.sql("SELECT count(*) FROM tokens WHERE used_at IS NULL"), [("1",)])
        for line in (["--reason", "superseded"], ["--reason", "keyCompromise"], ["--reason", "certificateHold"], ["--release"]):
            self.mutual("revoke", first, *line, code=1)
        for sql in (f"UPDATE certificates SET revoked_reason = 4 WHERE serial = '{first}'",
                    f"UPDATE certificates SET revoked_at = 7 WHERE serial = '{first}'", "DELETE FROM compromised_keys"):
            with self.assertRaises((sqlite3.IntegrityError, AssertionError), msg=sql):
                self.sql(sql)
        # A name of which none is good any more means the one that was revoked for less, if there is but one.
        self.mutual("revoke", "alice", "--reason", "superseded")
        second = self.serial_of("alice")
        self.mutual("revoke", "alice", "--reason", "affiliationChanged", code=1)
        self.mutual("revoke", "alice", "--reason", "keyCompromise")
        self.assertEqual(self.revoked_as(second)[1], "1")
        for _ in range(2):
            self.mutual("issue", "client", "bob")
            self.mutual("revoke", "bob", "--reason", "superseded")
        self.assertIn("means several things", self.mutual("revoke", "bob", "--reason", "keyCompromise", code=2))

    def test_a_changed_reason_is_on_a_delta_list(self):
        self.mutual("revoke", "alice", "--reason", "superseded")
        self.mutual("revoke", self.serial_of("alice"), "--reason", "keyCompromise", "--no-crl")
        self.mutual("crl", "--delta")
        text = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.delta.crl", "-noout", "-text")
        self.assertIn("Key Compromise", text)

    def request_of(self, key, name):
        self.run_tool("openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", f"{name}.csr")
        return f"{name}.csr"

    def test_a_key_that_was_compromised_is_certified_by_no_way(self):
        self.run_tool("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "k.pem")
        self.mutual("sign", self.request_of("k.pem", "bob"))
        self.mutual("revoke", "bob", "--reason", "superseded")
        self.mutual("sign", self.request_of("k.pem", "carol"))
        self.mutual("revoke", self.serial_of("bob"), "--reason", "keyCompromise")
        self.run_tool("openssl", "ec", "-in", "k.pem", "-conv_form", "compressed", "-out", "short.pem")
        refused = "its key was revoked as compromised"
        for round in range(2):
            self.assertIn(refused, self.mutual("sign", self.request_of("k.pem", "dave"), code=1))
            self.assertIn(refused, self.mutual("sign", self.request_of("short.pem", "erin"), code=1))
            self.assertIn(refused, self.mutual("renew", "carol", code=1))
            # As in an inventory of before, which did not remember them by themselves.
            self.sql("DROP TABLE compromised_keys")
            self.sql("UPDATE schema_version SET version = 5")
        self.mutual("renew", "alice")
        self.mutual("revoke", [one["serial"] for one in self.listed() if one["name"] == "alice"][0], "--reason", "cACompromise")
        self.assertIn("--new-key", self.mutual("renew", "alice", code=1))
        self.mutual("renew", "alice", "--new-key")

    def test_the_other_certificates_of_a_compromised_key_are_told_with_what_revokes_them(self):
        key = ("openssl", "genpkey", "-algorithm")
        for file, kind in (("p256.pem", ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")), ("rsa.pem", ("RSA",)),
                           ("ed.pem", ("ED25519",))):
            self.run_tool(*key, *kind, "-out", file)
            first, second, third, fourth = (f"{file[:-4]}-{n}" for n in range(4))
            for name in (first, second, third):
                self.mutual("sign", self.request_of(file, name))
            self.mutual("revoke", third, "--reason", "certificateHold")
            self.mutual("issue", "client", fourth)
            told = json.loads(self.mutual("revoke", first, "--reason", "superseded", "--json"))
            self.assertNotIn("same_key", told)
            told = json.loads(self.mutual("revoke", self.serial_of(first), "--reason", "keyCompromise", "--json"))
            serials = {one["name"]: one["serial"] for one in self.listed()}
            self.assertEqual([(one["name"], one["serial"], one["command"]) for one in told["same_key"]],
                             [(name, serials[name], f"mutual revoke {serials[name]} --reason keyCompromise")
                              for name in (second, third)])
            # Whoever has not read it says it again.
            text = self.mutual("revoke", serials[first], "--reason", "keyCompromise", code=1)
            self.assertIn(f"mutual revoke {serials[second]} --reason keyCompromise", text)
            text = self.mutual("revoke", second, "--reason", "cACompromise")
            self.assertIn("another certificate that is still good", text)
            self.assertIn(f"mutual revoke {serials[third]} --reason cACompromise", text)
            text = self.mutual("revoke", serials[third], "--reason", "keyCompromise")
            self.assertNotIn("same key", text)

    def test_what_shares_no_key_is_not_told(self):
        self.mutual("issue", "client", "bob")
        self.assertEqual(json.loads(self.mutual("revoke", "bob", "--reason", "keyCompromise", "--json"))["same_key"], [])
        self.mutual("renew", "alice")
        first, second = sorted((one for one in self.listed() if one["name"] == "alice"), key=lambda one: one["status"])
        told = self.mutual("revoke", first["serial"], "--reason", "superseded")
        self.assertNotIn("same key", told)


class OnPostgresql(stores.OnPostgresql, OnSqlite):
    pass


if __name__ == "__main__":
    unittest.main()
