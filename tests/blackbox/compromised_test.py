"""That a key was compromised may be known later than that its certificate is revoked, and nobody certifies it again."""

import json
import math
import sqlite3
import time
import unittest

import stores
from keyless_test import der, number

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


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

    def take_back(self, version):
        """As an inventory of that version is, but for what a later one takes away."""
        for statement in stores.back_to(version, isinstance(self, stores.OnPostgresql)):
            self.sql(statement)

    def request_of(self, key, name):
        self.run_tool("openssl", "req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", f"{name}.csr")
        return f"{name}.csr"

    def test_a_hold_is_not_taken_back_once_the_key_was_compromised_under_another_certificate(self):
        self.run_tool("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "k.pem")
        self.mutual("sign", self.request_of("k.pem", "bob"))
        self.mutual("sign", self.request_of("k.pem", "carol"))
        held = self.serial_of("bob")
        self.mutual("revoke", "bob", "--reason", "certificateHold")
        self.mutual("revoke", "carol", "--reason", "keyCompromise")
        said = self.mutual("revoke", "bob", "--release", code=1)
        self.assertIn("was revoked as compromised under another certificate", said)
        self.assertIn(f"mutual revoke {held} --reason keyCompromise", said)
        self.assertIn(held, self.crl()[1])

    def test_a_key_that_was_compromised_is_certified_by_no_way(self):
        self.run_tool("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "k.pem")
        self.mutual("sign", self.request_of("k.pem", "bob"))
        self.mutual("revoke", "bob", "--reason", "superseded")
        self.mutual("sign", self.request_of("k.pem", "carol"))
        self.mutual("revoke", self.serial_of("bob"), "--reason", "keyCompromise")
        self.run_tool("openssl", "ec", "-in", "k.pem", "-conv_form", "compressed", "-out", "short.pem")
        refused = "its key was revoked as compromised"
        for round in range(2):
            said = self.mutual("sign", self.request_of("k.pem", "dave"), code=1)
            self.assertIn(refused, said)
            self.assertNotIn("--new-key", said)  # clients of EST hear the same
            self.assertIn(refused, self.mutual("sign", self.request_of("short.pem", "erin"), code=1))
            self.assertIn(refused, self.mutual("renew", "carol", code=1))
            # As in an inventory of before, which did not remember them by themselves.
            self.sql("DROP TABLE compromised_keys")
            self.take_back(5)
        self.mutual("renew", "alice")
        self.mutual("revoke", [one["serial"] for one in self.listed() if one["name"] == "alice"][0], "--reason", "cACompromise")
        self.assertIn("--new-key", self.mutual("renew", "alice", code=1))
        self.mutual("renew", "alice", "--new-key")

    def test_a_key_that_is_related_to_a_compromised_one_is_certified_by_no_way(self):
        for kind, how in (("ec", ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")), ("rsa", ("RSA",))):
            self.run_tool("openssl", "genpkey", "-algorithm", *how, "-out", f"{kind}.pem")
            self.run_tool("openssl", kind, "-in", f"{kind}.pem", "-outform", "DER", "-out", f"{kind}.der", "-traditional"
                          if kind == "rsa" else "-no_public")
        # Whoever has the one has the other: of the point's negative, and of another exponent.
        whole = self.read("ec.der")
        at = whole.index(b"\x04\x20") + 2
        secret = P256_ORDER - int.from_bytes(whole[at:at + 32], "big")
        self.write_key("ec", whole[:at] + secret.to_bytes(32, "big") + whole[at + 32:])
        shown = self.run_tool("openssl", "asn1parse", "-inform", "DER", "-in", "rsa.der")
        modulus, _, _, p, q = (int(line.rsplit(":", 1)[1], 16) for line in shown.splitlines()[2:7])
        exponent = next(e for e in range(65539, 70000, 2) if math.gcd(e, (p - 1) * (q - 1)) == 1)
        secret = pow(exponent, -1, (p - 1) * (q - 1))
        self.write_key("rsa", der(0x30, *(number(one) for one in (
            0, modulus, exponent, secret, p, q, secret % (p - 1), secret % (q - 1), pow(q, -1, p)))))
        for kind in ("ec", "rsa"):
            self.mutual("sign", self.request_of(f"{kind}.pem", kind))
            self.mutual("sign", self.request_of(f"{kind}-other.pem", f"{kind}-other"))
            told = self.mutual("revoke", kind, "--reason", "keyCompromise")
            self.assertIn(f"mutual revoke {self.serial_of(f'{kind}-other')} --reason keyCompromise", told)
            for round in range(2):
                self.assertIn("its key was revoked as compromised",
                              self.mutual("sign", self.request_of(f"{kind}-other.pem", "mallory"), code=1))
                # As in an inventory of before, whose digests were others.
                if round == 0:
                    self.sql("DROP TABLE compromised_keys")
                    self.sql("CREATE TABLE compromised_keys (digest TEXT PRIMARY KEY, serial TEXT NOT NULL, at BIGINT NOT NULL)")
                    self.take_back(6)

    def write_key(self, kind, key):
        with open(self.at(f"{kind}-other.der"), "wb") as file:
            file.write(key)
        self.run_tool("openssl", kind, "-inform", "DER", "-in", f"{kind}-other.der", "-out", f"{kind}-other.pem")

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
