"""A PKI's whole folder that was put back from a backup: nothing in it can tell, but servers do, and it can be told."""

import json
import os
import shutil
import unittest

from stores import OnSqlite


class WholeFolder(OnSqlite):
    def setUp(self):
        super().setUp()
        self.mutual("crl")
        shutil.copytree(self.at("pki"), self.at("backup"))
        self.alice = self.serial_of("alice")
        self.mutual("revoke", "alice")
        self.mutual("crl")
        self.assertEqual(self.crl(), (3, {self.alice}))
        # A server elsewhere, with files of its own.
        shutil.copytree(self.at("pki"), self.at("server"))
        self.server = self.serve("--pki", "server")
        self.assertNotIn("alice", self.fetch())
        shutil.rmtree(self.at("pki"))
        shutil.copytree(self.at("backup"), self.at("pki"))

    def fetch(self):
        return self.run_tool("curl", "-sS", "--cacert", "server/trust.crt", "--max-time", "20", "--cert",
                             "server/issued/alice.crt", "--key", "server/issued/alice.key",
                             f"https://localhost:{self.server.port}/", code=None)

    def hand_over(self):
        shutil.copy(self.at("pki/crl.pem"), self.at("server/crl.pem.new"))
        os.replace(self.at("server/crl.pem.new"), self.at("server/crl.pem"))

    def test_a_list_that_says_something_else_under_a_number_that_servers_know_is_not_taken(self):
        # Nobody notices it here: all that could tell was put back, too.
        self.mutual("crl")
        self.hand_over()
        self.server.wait_for("which is older than the one in use")
        self.mutual("crl")
        self.assertEqual(self.crl(), (3, set()))
        self.hand_over()
        self.server.wait_for("has the number 0x3 as the one in use, and says something else")
        self.assertNotIn("alice", self.fetch())

    def test_whoever_says_so_has_the_revocations_of_a_servers_list_and_numbers_that_nobody_has(self):
        self.assertIn("--restored", self.mutual("recover"))
        shutil.copy(self.at("server/crl.pem"), self.at("pki/crl.pem"))
        said = self.mutual("recover", "--restored")
        self.assertIn(self.alice, said)
        self.mutual("crl")
        number, revoked = self.crl()
        self.assertEqual(revoked, {self.alice})
        self.assertGreater(number, 1000)
        self.hand_over()
        self.server.wait_for("the TLS files were read again: generation 2")
        self.assertNotIn("alice", self.fetch())
        self.assertEqual({one["status"] for one in self.listed() if one["name"] == "alice"}, {"revoked"})

    def test_numbers_are_left_out_also_where_the_backup_knew_of_no_list(self):
        self.mutual("init", "--pki", "young")
        self.mutual("recover", "--restored", "--pki", "young")
        said = self.mutual("crl", "--pki", "young", "--json")
        self.assertTrue(all(one["number"] > 1000 for one in json.loads(said)), said)


if __name__ == "__main__":
    unittest.main()
