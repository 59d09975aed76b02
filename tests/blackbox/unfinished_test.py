"""What could not be finished keeps nobody else waiting: a certificate that is recorded, and whose files cannot be written."""

import json
import os
import sqlite3
import subprocess

from authority_test import AuthorityTest


class Unfinished(AuthorityTest):
    def setUp(self):
        super().setUp()
        self.good("init", "--name", "Acme", "--client", "alice", "--client", "bob")

    def record_of(self, name):
        return [one for one in json.loads(self.good("list", "--json")) if one["name"] == name][-1]

    def sql(self, text, *values):
        database = sqlite3.connect(self.at("pki/inventory.db"))
        try:
            with database:
                return database.execute(text, values).fetchall()
        finally:
            database.close()

    def interrupt(self, name):
        """As a process leaves it that was killed, on a disk that gives its key's place to something else."""
        serial = self.record_of(name)["serial"]
        self.sql("UPDATE certificates SET state = 'recorded' WHERE name = ?", name)
        os.remove(self.at(f"pki/issued/{name}.crt"))
        os.mkdir(self.at(f"pki/issued/.{serial}.key"))
        return serial

    def test_others_are_issued_to_and_revoked_and_it_is_told(self):
        serial = self.interrupt("alice")
        self.good("issue", "client", "carol")
        self.good("renew", "carol")
        done = self.mutual("revoke", "bob")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, f"^mutual: note: 'alice' \\(serial {serial}\\) is in the inventory, and its files cannot be "
                         "written: [^\n]+\n$")
        self.assertIn("Serial Number: " + self.record_of("bob")["serial"].upper(),
                      self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.crl", "-noout", "-text"))
        os.rmdir(self.at(f"pki/issued/.{serial}.key"))
        self.good("crl")
        self.check_whole("alice")

    def test_nothing_of_its_name_passes_it_by(self):
        """What came after it would be overwritten by it later, its key and all."""
        serial = self.interrupt("alice")
        for line in (["renew", "alice", "--new-key"], ["renew", "alice"]):
            done = self.mutual(*line)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, "^mutual: the last certificate of 'alice' is in the inventory, and its files must be written "
                             f"before there is another: [^\n]*\\.{serial}\\.key[^\n]*\n$")
        self.assertEqual(self.mutual("revoke", serial, "--reason", "superseded").returncode, 0)
        done = self.mutual("issue", "client", "alice")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("before there is another", done.stderr)
        os.rmdir(self.at(f"pki/issued/.{serial}.key"))
        self.good("issue", "client", "alice")
        self.check_whole("alice")
        key = self.run_tool("openssl", "pkey", "-in", "pki/issued/alice.key", "-pubout")
        self.assertEqual(self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt", "-noout", "-pubkey"), key)
        self.good("crl")
        self.assertEqual(self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt", "-noout", "-pubkey"), key)
        self.good("renew", "alice")

    def test_one_that_has_been_passed_by_leaves_the_files_alone_that_stand_in_its_place(self):
        for line in (["renew", "alice"], ["renew", "alice", "--new-key"]):
            first = self.record_of("alice")["serial"]
            self.good(*line)
            files = [self.contents(f"pki/issued/alice.{kind}") for kind in ("crt", "key", "p12")]
            self.sql("UPDATE certificates SET state = 'recorded' WHERE serial = ?", first)
            self.good("crl")
            self.assertEqual([self.contents(f"pki/issued/alice.{kind}") for kind in ("crt", "key", "p12")], files)
            self.assertEqual(self.sql("SELECT state FROM certificates WHERE serial = ?", first), [("issued",)])
        self.good("renew", "alice")

    def contents(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def test_it_is_finished_under_the_ca_that_has_signed_it(self):
        serial = self.interrupt("alice")
        self.assertEqual(self.mutual("rotate", "intermediate").returncode, 0)
        os.rmdir(self.at(f"pki/issued/.{serial}.key"))
        self.good("issue", "client", "carol")
        self.check_whole("alice")
        self.check_whole("carol")

    def test_a_renewal_for_a_key_that_is_gone_is_not_taken_for_one_that_nobody_has(self):
        self.good("renew", "alice")
        serial = self.record_of("alice")["serial"]
        self.sql("UPDATE certificates SET state = 'recorded' WHERE serial = ?", serial)
        for kind in ("crt", "key", "p12"):
            os.remove(self.at(f"pki/issued/alice.{kind}"))
        self.good("issue", "client", "carol")
        self.check_whole("alice")
        self.assertEqual(self.record_of("alice")["serial"], serial)
        self.good("revoke", serial)

    def check_whole(self, name):
        self.assertEqual(self.sql("SELECT state FROM certificates WHERE name = ? ORDER BY id DESC LIMIT 1", name), [("issued",)])
        self.run_tool("openssl", "verify", "-CAfile", "pki/trust.crt", "-untrusted", f"pki/issued/{name}.crt", f"pki/issued/{name}.crt")

    def test_a_name_that_pkcs12_cannot_hold_is_a_name_all_the_same(self):
        for name in ("𠮷野", "🔑", "a\U0010ffffb"):
            self.good("issue", "client", name)
            told = json.loads(self.good("show", f"pki/issued/{name}.p12", "--json"))
            self.assertTrue(told["key"]["of_first_certificate"])
            self.good("renew", name)
            self.good("export", name, "--overwrite")
        self.good("export", "alice", "--friendly-name", "Ωmega 🔑", "--overwrite")
        told = subprocess.run(["openssl", "pkcs12", "-in", "pki/issued/alice.p12", "-nokeys", "-passin", "pass:"], cwd=self.folder,
                              capture_output=True, check=True).stdout
        self.assertIn(b"friendlyName", told)
        self.good("revoke", "🔑")
