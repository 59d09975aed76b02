"""Machines that share an inventory: each finishes what it has begun itself, and nobody takes another for itself."""

import os
import shutil
import socket
import unittest

import stores


class Machines(stores.OnPostgresql):
    def unfinished(self, name, place):
        """As a process leaves it that was killed after the record and before the files."""
        serial = self.serial_of(name)
        for kind in ("crt", "p12"):
            os.remove(self.at(f"pki/issued/{name}.{kind}"))
        os.rename(self.at(f"pki/issued/{name}.key"), self.at(f"pki/issued/.{serial}.key"))
        self.sql(f"UPDATE certificates SET state = 'recorded', place = '{place}' WHERE name = '{name}'")

    def place_of(self, folder="pki"):
        with open(self.at(folder, "place"), encoding="utf-8") as file:
            return file.read().split()[0]

    def state_of(self, name):
        return self.sql(f"SELECT state FROM certificates WHERE name = '{name}'")

    def test_a_copy_of_a_folder_under_the_same_host_and_path_is_another_machine(self):
        self.mutual("issue", "client", "bob")
        here = self.place_of()
        self.assertEqual(os.stat(self.at("pki/place")).st_mode & 0o777, 0o600)
        self.mutual("issue", "client", "carol")
        self.assertEqual(self.place_of(), here)
        self.unfinished("carol", here)
        self.other_machine()
        os.rename(self.at("pki"), self.at("away"))
        os.rename(self.at("other"), self.at("pki"))
        self.mutual("issue", "client", "dave")
        self.assertNotEqual(self.place_of(), here)
        self.assertEqual(self.state_of("carol"), [("recorded",)], "it is nobody's to say that her key is lost")
        self.mutual("crl", "--pki", "away")
        self.assertEqual(self.place_of("away"), here, "a folder that was moved is the same")
        self.assertEqual(self.state_of("carol"), [("issued",)])
        self.run_tool("openssl", "verify", "-CAfile", "away/trust.crt", "-untrusted", "away/issued/carol.crt", "away/issued/carol.crt")

    def test_what_a_lost_machine_had_begun_can_be_ended_and_is_no_less_revocable(self):
        self.other_machine()
        self.mutual("issue", "client", "bob")
        self.mutual("issue", "client", "carol")
        self.mutual("revoke", "carol")
        self.unfinished("bob", self.place_of())
        shutil.rmtree(self.at("pki"))
        os.rename(self.at("other"), self.at("pki"))
        self.mutual("crl")
        self.assertIn("mutual recover --lost-machines", self.mutual("store", "move", "--to", "sqlite", code=1))
        self.assertIn("nothing to recover", self.mutual("recover"))
        self.assertEqual(self.state_of("bob"), [("recorded",)])
        said = self.mutual("recover", "--lost-machines")
        self.assertIn("issued from now on: bob.", said)
        self.assertEqual({one["status"] for one in self.listed() if one["name"] == "bob"}, {"valid"})
        self.assertIn("it may have left", self.mutual("log"))
        self.assertIn("'bob' was issued already", self.mutual("issue", "client", "bob", code=1))
        serial = self.serial_of("bob")
        self.mutual("revoke", "bob")
        self.assertIn(serial.lstrip("0"), {one.lstrip("0") for one in self.crl()[1]})
        self.mutual("issue", "client", "bob")
        self.assertIn("issued from now on: none", self.mutual("recover", "--lost-machines"))
        self.mutual("store", "move", "--to", "sqlite")

    def test_what_was_begun_under_the_name_of_before_is_finished_where_its_key_is(self):
        self.mutual("issue", "client", "bob")
        self.mutual("issue", "client", "carol")
        before = f"{socket.gethostname()}:{os.path.realpath(self.at('pki'))}"
        self.unfinished("bob", before)
        self.unfinished("carol", before)
        os.remove(self.at("pki", f"issued/.{self.serial_of('carol')}.key"))  # another folder of that name has it
        os.remove(self.at("pki/place"))
        self.mutual("crl")
        self.assertEqual(self.state_of("bob"), [("issued",)])
        self.assertEqual(self.state_of("carol"), [("recorded",)])
        for damage in ("", "x", self.place_of() + " 1 elsewhere\n", "0" * 600):
            with open(self.at("pki/place"), "w", encoding="utf-8") as file:
                file.write(damage)
            self.mutual("issue", "client", f"n{len(damage)}")
            self.assertEqual(len(self.place_of()), 32)

    def facts(self):
        with open(self.at("pki/place"), encoding="utf-8") as file:
            return file.read().split()

    def write_facts(self, *words):
        with open(self.at("pki/place"), "w", encoding="utf-8") as file:
            file.write(" ".join(words) + "\n")

    def is_whole(self, name):
        self.assertEqual(self.state_of(name), [("issued",)])
        self.run_tool("openssl", "verify", "-CAfile", "pki/trust.crt", "-untrusted", f"pki/issued/{name}.crt", f"pki/issued/{name}.crt")

    def test_a_folder_whose_host_has_another_name_finishes_what_it_had_begun(self):
        self.mutual("issue", "client", "bob")
        self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "sue.key", "-subj", "/CN=sue", "-out", "sue.csr")
        self.mutual("sign", "sue.csr")
        here, inode, host, machine = self.facts()
        self.assertEqual(host, socket.gethostname())
        for changed in ((inode, "another-host", machine), (inode, host, "f" * 32), ("1", host, machine), (inode, host)):
            before = self.place_of()
            self.unfinished("bob", before)
            os.remove(self.at("pki/issued/sue.crt"))
            self.sql(f"UPDATE certificates SET state = 'recorded', place = '{before}' WHERE name = 'sue'")
            self.write_facts(before, *changed)
            self.mutual("crl")
            self.assertNotEqual(self.place_of(), before, changed)
            for name in ("bob", "sue"):
                self.is_whole(name)
            self.assertTrue(os.path.exists(self.at("pki/issued/bob.key")))
        self.assertNotEqual(self.place_of(), here)
        self.assertIn("its folder has another name now", self.mutual("log"))

    def test_the_only_key_of_what_is_recorded_is_never_thrown_away(self):
        for name in ("bob", "carol", "dave"):
            self.mutual("issue", "client", name)
        for name in ("bob", "carol", "dave"):
            self.unfinished(name, "of-nobody")
        bob, carol = (self.at(f"pki/issued/.{self.serial_of(name)}.key") for name in ("bob", "carol"))
        shutil.copy(self.at("pki/issued/alice.key"), carol)  # not hers
        orphan = self.at(f"pki/issued/.{'0' * 40}.key")
        shutil.copy(carol, orphan)
        os.remove(self.at(f"pki/issued/.{self.serial_of('dave')}.key"))
        self.mutual("crl")
        self.is_whole("bob")
        self.assertEqual(self.state_of("carol") + self.state_of("dave"), [("recorded",)] * 2)
        self.assertTrue(os.path.exists(carol))
        self.assertFalse(os.path.exists(orphan))
        self.mutual("crl")
        self.assertTrue(os.path.exists(carol))
        self.assertFalse(os.path.exists(bob))


if __name__ == "__main__":
    unittest.main()
