"""A folder that has lost its memory of its inventory writes nothing into another PKI's, which would never forget it."""

import os
import shutil
import unittest

import stores
from serving import MUTUAL


class OtherInventory(stores.OnPostgresql):
    def setUp(self):
        super().setUp()
        self.other, self.url_of_other = self.postgres.new_database()
        self.run_tool(MUTUAL, "init", "--name", "Acme", "--pki", "theirs", "--client", "alice", "--store", self.url_of_other)

    def rows_of_other(self):
        return [self.postgres.sql(f"SELECT * FROM {table} ORDER BY 1, 2", self.other)
                for table in ("certificates", "acts", "revocations", "revocation_lists", "incarnations", "tokens")]

    def refused(self, *lines):
        before = self.rows_of_other()
        for line in lines:
            said = self.mutual(*line, "--store", self.url_of_other, code=1)
            self.assertIn("is the inventory of another PKI than pki", said, line)
            self.assertIn("name the right one with --store or --pki", said)
        self.assertEqual(self.rows_of_other(), before)
        self.assertFalse(os.path.exists(self.at("pki/crl.pem")))
        self.mutual("issue", "client", "bob", "--pki", "theirs")

    def test_a_damaged_mark_lets_nobody_recover_into_another_inventory(self):
        with open(self.at("pki/inventory.mark"), "wb") as file:
            file.write(b"damaged")
        self.refused(["recover"], ["recover", "--lost-machines"])
        self.mutual("recover")
        self.mutual("issue", "client", "carol")

    def test_a_missing_mark_is_told_and_lets_nobody_write_into_another_inventory(self):
        os.remove(self.at("pki/inventory.mark"))
        before = self.rows_of_other()
        for line in (["list"], ["crl"], ["revoke", "alice"], ["issue", "client", "bob"], ["rotate", "intermediate"]):
            for store in ([], ["--store", self.url_of_other]):
                self.assertIn("inventory.mark is missing, so nobody can tell", self.mutual(*line, *store, code=1))
        self.assertIn("inventory.mark is missing", self.mutual("store", "move", "--to", "sqlite", code=1))
        self.assertEqual(self.rows_of_other(), before)
        self.refused(["recover"])
        self.mutual("recover")
        self.mutual("issue", "client", "carol")
        self.mutual("crl")

    def test_a_mark_that_names_another_inventory_is_not_believed(self):
        shutil.copy(self.at("theirs/inventory.mark"), self.at("pki/inventory.mark"))
        self.refused(["crl"], ["revoke", "alice"], ["issue", "client", "eve"], ["rotate", "intermediate"])

    def test_a_root_above_both_makes_them_not_the_same(self):
        self.mutual("import", "pki/root.crt", "--pki", "ours", "--key", "pki/root.key", "--name", "One")
        other, url = self.postgres.new_database()
        self.mutual("import", "pki/root.crt", "--pki", "second", "--key", "pki/root.key", "--name", "Two", "--store", url)
        os.remove(self.at("ours/inventory.mark"))
        self.assertIn("another PKI than ours", self.mutual("recover", "--pki", "ours", "--store", url, code=1))
        self.mutual("recover", "--pki", "ours")
        self.mutual("crl", "--pki", "second")

    def test_what_was_rotated_since_a_backup_is_known_by_what_was_there_before(self):
        dump = self.postgres.at("dump")
        self.postgres.run("pg_dump", "-h", self.postgres.folder, "-U", "mutual", "-f", dump, self.database)
        self.mutual("rotate", "root")
        self.postgres.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", self.database)
        self.postgres.run("psql", "-q", "-h", self.postgres.folder, "-U", "mutual", "-d", self.database, "-f", dump)
        os.remove(self.at("pki/inventory.mark"))
        self.assertIn("certificates put back", self.mutual("recover"))
        self.mutual("issue", "client", "bob")
        self.mutual("crl")

    def test_a_pki_without_a_ca_is_known_by_what_is_pinned(self):
        self.mutual("init", "--self-signed", "--pki", "pinned", "--client", "carol")
        os.remove(self.at("pinned/inventory.mark"))
        before = self.rows_of_other()
        self.assertIn("another PKI than pinned", self.mutual("recover", "--pki", "pinned", "--store", self.url_of_other, code=1))
        self.assertEqual(self.rows_of_other(), before)
        self.mutual("recover", "--pki", "pinned")
        self.mutual("list", "--pki", "pinned")


if __name__ == "__main__":
    unittest.main()
