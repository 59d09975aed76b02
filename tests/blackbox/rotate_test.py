"""mutual rotate: a new intermediate and a new root under running servers and other programs; and when the old may go."""

import json
import os
import shutil
import stat
import time
import unittest

from serving import MUTUAL, ServingTest


class Rotate(ServingTest):
    def setUp(self):
        super().setUp()
        self.make_pki()

    def mutual(self, *arguments, code=0, **options):
        return self.run_tool(MUTUAL, *arguments, code=code, **options)

    def read(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def status(self):
        return json.loads(self.mutual("rotate", "status", "--json"))

    def verify(self, name, trust="pki/trust.crt", lists=True, code=0):
        checked = ["-crl_check_all", "-CRLfile", "pki/crl.pem"] if lists else []
        return self.run_tool("openssl", "verify", "-x509_strict", *checked, "-CAfile", trust, "-untrusted",
                             f"pki/issued/{name}.crt", f"pki/issued/{name}.crt", code=code)

    def serials(self, name):
        return [one["serial"] for one in json.loads(self.mutual("list", "--json")) if one["name"] == name]

    def renew_and_revoke_the_old(self, *names):
        for name in names:
            old = self.serials(name)
            self.mutual("renew", name)
            for serial in old:
                self.mutual("revoke", serial, "--reason", "superseded", "--no-crl")
        self.mutual("crl")

    def fetch(self, server, name, trust="pki/trust.crt", code=0):
        return self.run_tool("curl", "-sS", "--cacert", trust, "--max-time", "20", "--cert", f"pki/issued/{name}.crt", "--key",
                             f"pki/issued/{name}.key", f"https://localhost:{server.port}/", code=code)

    def soon(self, condition, what):
        end = time.monotonic() + 15
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.2)

    def test_the_states_of_an_intermediate(self):
        self.mutual("crl")
        before = self.status()
        self.assertEqual((before["issuing"], before["old"]), ("CN=Acme Intermediate CA,O=Acme", []))
        self.assertIn("there is nothing to finish", self.mutual("rotate", "finish", code=1))
        said = self.mutual("rotate", "intermediate", "--why", "yearly")
        self.assertIn("'CN=Acme Intermediate CA 2,O=Acme' (issues)", said)
        self.assertIn("2 good certificates depend on it, until ", said)
        self.mutual("issue", "client", "bob")
        for name in ("alice", "bob", "localhost"):
            self.verify(name)
        state = self.status()["old"]
        self.assertEqual([(one["subject"], one["root"], one["in_use"], one["may_go"]) for one in state],
                         [("CN=Acme Intermediate CA,O=Acme", False, 2, False)])
        self.assertRegex(state[0]["until"], r"^20\d\d-\d\d-\d\dT")
        said = self.mutual("rotate", "finish", code=1)
        self.assertIn("2 good certificates depend on 'CN=Acme Intermediate CA,O=Acme' until ", said)
        # Revocations of what the old one has issued go on being told.
        self.mutual("revoke", "alice")
        self.assertIn("certificate revoked", self.verify("alice", code=2))
        self.assertIn("1 good certificate depends on it", self.mutual("rotate", "status"))
        self.renew_and_revoke_the_old("localhost")
        self.assertIn("nothing depends on it, and it may go: mutual rotate finish", self.mutual("rotate", "status"))
        self.assertIn("No older CA is left", self.mutual("rotate", "finish"))
        self.assertEqual([name for name in os.listdir(self.at("pki/retired")) if name.endswith(".key")], [])
        self.assertEqual(stat.S_IMODE(os.stat(self.at("pki/retired")).st_mode), 0o700)
        self.assertIn("certificate revoked", self.verify("alice", code=2))
        self.verify("bob")
        self.verify("localhost")
        acts = [(one["what"], one["why"]) for one in json.loads(self.mutual("log", "--json"))]
        self.assertIn(("rotated", "yearly"), acts)
        self.assertIn("retired", [what for what, _ in acts])

    def test_a_new_root_is_believed_by_who_has_the_old_one_the_new_one_or_both(self):
        shutil.copy(self.at("pki/trust.crt"), self.at("old.crt"))
        self.mutual("crl")
        said = self.mutual("rotate", "root")
        self.assertIn("'CN=Acme Root CA 2,O=Acme'", said)
        self.assertIn("old root      'CN=Acme Root CA,O=Acme'", said)
        shutil.copy(self.at("pki/root.crt"), self.at("new.crt"))
        self.mutual("issue", "client", "bob")
        for trust in ("old.crt", "new.crt", "pki/trust.crt"):
            self.verify("bob", trust)
            self.run_tool("certtool", "--verify", "--load-ca-certificate", trust, "--infile", "pki/issued/bob.crt")
        self.verify("alice", "old.crt")
        self.verify("alice")
        self.verify("alice", "new.crt", code=2)
        self.assertEqual(stat.S_IMODE(os.stat(self.at("pki/root.key")).st_mode), 0o600)
        self.renew_and_revoke_the_old("alice", "localhost")
        self.assertIn("No older CA is left", self.mutual("rotate", "finish"))
        self.assertEqual(self.read("pki/trust.crt"), self.read("new.crt"))
        # The last lists alone are left, for servers that trust the old root still.
        self.assertEqual({os.path.splitext(name)[1] for name in os.listdir(self.at("pki/retired"))}, {".crl", ".crt"})
        self.verify("alice", "new.crt")
        self.mutual("issue", "client", "carol")
        self.verify("carol", "new.crt")
        self.verify("carol", "old.crt", code=2)

    def test_a_running_server_goes_along_from_root_to_root_and_obeys_revocations_all_the_while(self):
        self.mutual("issue", "client", "bob")
        self.mutual("issue", "client", "eve")
        self.mutual("crl")
        shutil.copy(self.at("pki/trust.crt"), self.at("old.crt"))
        server = self.serve()
        self.assertIn("Hello, alice", self.fetch(server, "alice"))
        self.mutual("rotate", "root")
        self.mutual("issue", "client", "carol")
        self.soon(lambda: "Hello, carol" in self.fetch(server, "carol", "old.crt", code=None), "the new CA's client is let in")
        self.assertIn("Hello, alice", self.fetch(server, "alice", "old.crt"))
        self.mutual("revoke", "eve")
        self.soon(lambda: "Hello" not in self.fetch(server, "eve", "old.crt", code=None), "eve is refused")
        self.renew_and_revoke_the_old("alice", "bob", "localhost")
        new = self.read("pki/issued/localhost.crt").split(b"-----END")[0]
        self.soon(lambda: new.decode().strip() in self.run_tool("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}",
                                                               "-showcerts", code=None), "the server presents its new one")
        self.mutual("rotate", "finish")
        self.soon(lambda: "Hello, alice" in self.fetch(server, "alice", code=None), "alice is let in by the new root alone")
        self.mutual("revoke", "bob")
        self.soon(lambda: "Hello" not in self.fetch(server, "bob", code=None), "bob is refused after the old root is gone")
        self.assertIn("Hello, carol", self.fetch(server, "carol"))

    def test_a_revocation_that_only_an_old_ca_s_delta_says_survives_an_older_backup(self):
        self.mutual("crl")
        self.mutual("rotate", "intermediate")
        shutil.copy(self.at("pki/inventory.db"), self.at("backup.db"))
        self.mutual("revoke", "alice", "--no-crl")
        self.mutual("crl", "--delta")
        shutil.copy(self.at("backup.db"), self.at("pki/inventory.db"))
        for name in ("inventory.db-wal", "inventory.db-shm"):
            if os.path.exists(self.at("pki", name)):
                os.remove(self.at("pki", name))
        self.mutual("recover")
        self.mutual("crl")
        self.assertIn("certificate revoked", self.verify("alice", code=2))

    def test_a_server_elsewhere_that_trusts_the_old_root_still_hears_of_revocations_after_the_end(self):
        self.mutual("crl")
        self.mutual("rotate", "root")
        self.mutual("issue", "client", "eve")
        shutil.copy(self.at("pki/trust.crt"), self.at("both.crt"))
        self.renew_and_revoke_the_old("alice", "localhost")
        server = self.serve("--cert", "pki/issued/localhost.crt", "--key", "pki/issued/localhost.key", "--trust", "both.crt", "--crl",
                            "pki/crl.pem")
        self.assertIn("Hello, eve", self.fetch(server, "eve"))
        said = self.mutual("rotate", "finish")
        self.assertIn("bring it to all who trust this PKI", said)
        self.mutual("revoke", "eve")
        self.soon(lambda: "Hello" not in self.fetch(server, "eve", code=None), "eve is refused")
        self.assertIn("Hello, alice", self.fetch(server, "alice"))
        self.assertNotIn("keeps", server.log())

    def test_a_running_server_takes_up_lists_after_an_intermediate_is_finished_with(self):
        self.mutual("issue", "client", "bob")
        self.mutual("crl")
        server = self.serve()
        self.mutual("rotate", "intermediate")
        self.renew_and_revoke_the_old("alice", "bob", "localhost")
        self.mutual("rotate", "finish")
        self.soon(lambda: "Hello, bob" in self.fetch(server, "bob", code=None), "bob's new certificate is let in")
        self.mutual("revoke", "bob")
        self.soon(lambda: "Hello" not in self.fetch(server, "bob", code=None), "bob is refused")
        self.assertIn("Hello, alice", self.fetch(server, "alice"))

    def test_the_root_s_key_is_asked_for_and_a_new_one_is_as_closed(self):
        with open(self.at("pass"), "w", encoding="utf-8") as file:
            file.write("sesame\n")
        shutil.rmtree(self.at("pki"))
        self.mutual("init", "--root-password-file", "pass", "--client", "alice")
        before = sorted(os.listdir(self.at("pki")))
        for step in ("intermediate", "root"):
            self.assertIn("--root-password-file", self.mutual("rotate", step, code=1))
        self.assertEqual(sorted(os.listdir(self.at("pki"))), before)
        self.mutual("rotate", "root", "--root-password-file", "pass")
        self.run_tool("openssl", "pkey", "-in", "pki/root.key", "-passin", "file:pass", "-noout")
        self.run_tool("openssl", "pkey", "-in", "pki/root.key", "-passin", "pass:x", "-noout", code=1)
        os.rename(self.at("pki/root.key"), self.at("away.key"))
        self.assertIn("--root-key-out", self.mutual("rotate", "root", "--root-key", "away.key", "--root-password-file", "pass", code=2))
        self.mutual("rotate", "root", "--root-key", "away.key", "--root-password-file", "pass", "--root-key-out", "newer.key")
        self.assertFalse(os.path.exists(self.at("pki/root.key")))
        public = self.run_tool("openssl", "pkey", "-in", "newer.key", "-passin", "file:pass", "-pubout")
        self.assertEqual(public, self.run_tool("openssl", "x509", "-in", "pki/root.crt", "-noout", "-pubkey"))
        self.mutual("rotate", "intermediate", "--root-key", "newer.key", "--root-password-file", "pass", "--key-kind", "p384")
        self.mutual("issue", "client", "bob")
        self.verify("bob", lists=False)
        self.verify("alice", lists=False)

    def test_the_end_of_a_rotation_takes_the_old_root_s_password(self):
        with open(self.at("pass"), "w", encoding="utf-8") as file:
            file.write("sesame\n")
        shutil.rmtree(self.at("pki"))
        self.mutual("init", "--root-password-file", "pass", "--client", "alice")
        self.mutual("crl")
        old = self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-serial").split("=")[1].strip().lower()
        self.mutual("rotate", "root", "--root-password-file", "pass")
        self.mutual("revoke", old, "--no-crl")
        said = self.mutual("rotate", "finish", code=1)
        self.assertIn("--root-password-file", said)
        self.assertEqual(len(self.status()["old"]), 1, "the intermediate has gone, and the root that must sign has not")
        self.mutual("rotate", "finish", "--root-password-file", "pass")
        self.assertEqual(self.status()["old"], [])

    def test_an_old_root_whose_key_is_kept_away_is_not_let_go_while_its_list_lacks_a_stolen_ca(self):
        shutil.rmtree(self.at("pki"))
        self.mutual("init", "--root-key-out", "stick.key", "--host", "localhost", "--client", "alice")
        self.mutual("crl")
        stolen = self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-serial").split("=")[1].strip().lower()
        self.mutual("rotate", "root", "--root-key", "stick.key", "--root-key-out", "new.key")
        self.mutual("revoke", stolen, "--reason", "cACompromise", code=1)
        both = self.read("pki/trust.crt")
        for more, words in (((), "--old-root-key-lost"), (("--root-key", "stik.key"), "stik.key: No such file"),
                            (("--root-key", "stik.key", "--old-root-key-lost"), "stik.key: No such file"),
                            (("--root-key", "new.key", "--old-root-key-lost"), "is not the key of the root")):
            self.assertIn(words, self.mutual("rotate", "finish", *more, code=1))
            self.assertEqual(self.read("pki/trust.crt"), both)
        self.mutual("rotate", "finish", "--root-key", "stick.key")
        self.assertEqual(self.read("pki/trust.crt"), self.read("pki/root.crt"))
        last = [name for name in os.listdir(self.at("pki/retired")) if name.endswith(".crl")]
        told = [self.run_tool("openssl", "crl", "-inform", "DER", "-in", f"pki/retired/{name}", "-noout", "-text") for name in last]
        self.assertEqual([stolen.upper() in text for text in told].count(True), 1, told)

    def test_an_imported_root_that_allows_no_cross_certificate_overlaps_all_the_same(self):
        shutil.rmtree(self.at("pki"))
        self.self_signed("ca", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:1", "-addext",
                         "keyUsage=critical,keyCertSign,cRLSign")
        self.mutual("import", "ca.crt", "--key", "ca.key", "--client", "alice")
        self.mutual("rotate", "root")
        self.mutual("issue", "client", "bob")
        for name in ("alice", "bob"):
            self.verify(name, lists=False)
        self.assertEqual(self.read("pki/issued/bob.crt").count(b"BEGIN"), 2)

    def test_a_ca_that_was_revoked_is_told_wherever_somebody_asks_and_another_mends_it(self):
        serial = self.serials("intermediate")[0]
        self.mutual("revoke", serial, "--reason", "certificateHold", "--no-crl")
        self.assertIn(f"(on hold: mutual revoke {serial} --release)", self.mutual("rotate", "status"))
        self.assertIn(f"release it with mutual revoke {serial} --release", self.mutual("needs-renewal", "alice", "--quiet", code=255))
        self.mutual("revoke", serial, "--release", "--no-crl")
        self.mutual("needs-renewal", "alice", code=1)
        self.assertNotIn("stopped", self.status())
        self.mutual("lint", "alice")
        self.mutual("revoke", serial, "--no-crl")
        said = self.mutual("rotate", "status")
        self.assertIn("'CN=Acme Intermediate CA,O=Acme' (revoked: mutual rotate intermediate)", said)
        self.assertNotIn("(issues)", said)
        self.assertEqual(self.status()["stopped"], "revoked: mutual rotate intermediate")
        self.assertRegex(self.mutual("needs-renewal", "alice", "--quiet", code=255),
                         "was revoked on .* so servers refuse 'alice', and no renewal mends that: make another with mutual rotate intermediate")
        with open(self.at("leaf.crt"), "w", encoding="utf-8") as file:
            file.write(self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt"))
        for what in ("alice", "leaf.crt", "pki/intermediate.crt"):
            self.assertRegex(self.mutual("lint", what, code=1),
                             r"wrong +revoked\n +of +CN=Acme Intermediate CA,O=Acme\n.*\n +mend it +make another with: mutual rotate intermediate")
        self.mutual("rotate", "intermediate")
        self.assertIn("'CN=Acme Intermediate CA 2,O=Acme' (issues)", self.mutual("rotate", "status"))
        self.assertIn("to be renewed now: its CA 'CN=Acme Intermediate CA,O=Acme' was revoked", self.mutual("needs-renewal", "alice"))
        self.assertIn("another CA issues here by now", self.mutual("lint", "alice", code=1))
        self.mutual("renew", "alice")
        self.mutual("needs-renewal", "alice", code=1)
        self.mutual("lint", "alice")

    def test_limits_of_today_constrain_the_new_intermediate(self):
        with open(self.at("pki/authority.toml"), "w", encoding="utf-8") as file:
            file.write("[names]\ndns = [\"acme.example\"]\n")
        self.mutual("rotate", "intermediate")
        self.assertIn("acme.example", self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-text"))
        self.mutual("issue", "server", "www.acme.example")
        self.verify("www.acme.example", lists=False)


if __name__ == "__main__":
    unittest.main()
