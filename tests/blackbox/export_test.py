"""mutual export, and other people's programs that open what it wrote."""

import json
import os
import stat
import subprocess
import unittest

from authority_test import MUTUAL, AuthorityTest, clean_environment

TARGETS = ("modern", "legacy", "macos", "windows", "java")
PASSWORD = "sesame-open"


class Export(AuthorityTest):
    def setUp(self):
        super().setUp()
        self.init()
        self.write("pass", PASSWORD.encode() + b"\n")

    def export(self, *arguments):
        return json.loads(self.good("export", *arguments, "--json"))

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.at(name)).st_mode)

    def test_every_target_is_opened_by_openssl_keytool_pk12util_and_certtool(self):
        os.mkdir(self.at("nss"))
        self.run_tool("certutil", "-N", "-d", "sql:nss", "--empty-password")
        for target in TARGETS:
            made = self.export("alice", "--for", target, "--password-file", "pass")
            file = made["p12"]
            self.assertEqual((file, self.mode(file)), (f"alice-{target}.p12", 0o600))
            said = self.run_tool("openssl", "pkcs12", "-in", file, "-nodes", "-passin", "file:pass", "-info")
            # OpenSSL 3.0 writes "CN = alice", 3.5 "CN=alice".
            said = said.replace(" = ", "=")
            for part in ("CN=alice", "CN=Acme Intermediate CA", "BEGIN PRIVATE KEY", "friendlyName: alice"):
                self.assertIn(part, said, target)
            self.assertNotIn("Root CA\n\nissuer=O=Acme, CN=Acme Root CA", said)
            said = self.run_tool("keytool", "-list", "-v", "-keystore", file, "-storetype", "PKCS12", "-storepass:file", "pass")
            self.assertIn("Entry type: PrivateKeyEntry", said, target)
            self.assertIn("Certificate chain length: 2", said, target)
            said = self.run_tool("pk12util", "-l", file, "-w", "pass")
            self.assertIn("Friendly Name: alice", said, target)
            self.run_tool("pk12util", "-i", file, "-w", "pass", "-d", "sql:nss")
            self.assertIn("BEGIN CERTIFICATE", self.run_tool("certtool", "--p12-info", "--inder", "--infile", file,
                                                             "--password", PASSWORD))
        self.assertIn("alice", self.run_tool("certutil", "-K", "-d", "sql:nss"))

    def test_old_openssl_options_open_what_is_for_old_programs(self):
        """OpenSSL with its legacy provider, and curl, take every target too."""
        for target in TARGETS:
            self.export("alice", "--for", target, "--password-file", "pass")
            self.run_tool("openssl", "pkcs12", "-legacy", "-in", f"alice-{target}.p12", "-noout", "-passin", "file:pass")

    def test_every_target_opens_for_ourselves(self):
        for target in TARGETS:
            file = self.export("alice", "--for", target, "--password-file", "pass")["p12"]
            self.good("check", file, "--password-file", "pass")

    def test_nothing_is_overwritten_without_being_asked(self):
        self.export("alice", "--password-file", "pass")
        before = self.read("alice-modern.p12")
        said = self.refused(1, "export", "alice", "--password-file", "pass")
        self.assertIn("--overwrite", said)
        self.assertEqual(self.read("alice-modern.p12"), before)
        os.chmod(self.at("alice-modern.p12"), 0o644)
        self.export("alice", "--password-file", "pass", "--overwrite")
        self.assertNotEqual(self.read("alice-modern.p12"), before)
        self.assertEqual(self.mode("alice-modern.p12"), 0o600)

    def test_what_is_no_file_is_never_replaced(self):
        os.mkdir(self.at("folder"))
        os.mkfifo(self.at("pipe"))
        self.write("real", b"theirs")
        os.symlink("real", self.at("link"))
        for name, words in (("folder", "folder is a folder: name a file in it"), ("link", "link is a symbolic link"), ("pipe", "pipe is a device")):
            before = os.lstat(self.at(name))
            for more in ([], ["--overwrite"]):
                said = self.refused(1, "export", "alice", "--out", name, *more)
                self.assertIn(words, said)
                self.assertNotIn("--overwrite", said)
            self.assertEqual((os.lstat(self.at(name)).st_ino, os.lstat(self.at(name)).st_mode), (before.st_ino, before.st_mode))
        self.assertEqual((self.read("real"), os.listdir(self.at("folder"))), (b"theirs", []))
        self.good("export", "alice", "--out", "real", "--overwrite")

    def test_a_failure_leaves_the_file_that_was_there_and_nothing_beside_it(self):
        self.export("alice", "--password-file", "pass")
        before = self.read("alice-modern.p12")
        there = sorted(os.listdir(self.folder))
        # The disk takes no byte more of it: a file of at most 0 blocks (RLIMIT_FSIZE), whose signal is ignored.
        done = subprocess.run(["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\" 2>&1 | cat", "sh", MUTUAL, "export", "alice",
                               "--password-file", "pass", "--overwrite"], cwd=self.folder, env=clean_environment(),
                              stdout=subprocess.PIPE, text=True, check=False)
        self.assertIn("cannot write alice-modern.p12", done.stdout)
        self.assertEqual((self.read("alice-modern.p12"), sorted(os.listdir(self.folder))), (before, there))
        self.good("check", "alice-modern.p12", "--password-file", "pass")

    def test_a_password_is_needed_where_the_target_needs_one(self):
        for target in ("macos", "windows", "java"):
            said = self.refused(2, "export", "alice", "--for", target)
            self.assertIn("give one with --password-file FILE, --ask-password or $MUTUAL_P12_PASSWORD", said)
        self.write("short", b"short\n")
        self.assertIn("6 characters", self.refused(2, "export", "alice", "--for", "java", "--password-file", "short"))
        said = self.good("export", "alice")
        self.assertIn("none: whoever can read the file has the key", said)
        self.run_tool("openssl", "pkcs12", "-in", "alice-modern.p12", "-noout", "-passin", "pass:")
        env = clean_environment(MUTUAL_P12_PASSWORD=PASSWORD)
        self.good("export", "alice", "--for", "java", env=env)
        self.run_tool("keytool", "-list", "-keystore", "alice-java.p12", "-storepass:file", "pass")
        self.assertEqual([name for name in self.everything() if name.endswith(".p12") and "/" not in name],
                         ["alice-java.p12", "alice-modern.p12"])

    def test_a_password_is_never_an_argument(self):
        self.refused(2, "export", "alice", "--password", PASSWORD)

    def test_a_file_of_another_maker_is_exported_with_its_chain(self):
        """A leaf alone, its key and its intermediate in three files, as openssl users have them; the key encrypted."""
        self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt", "-out", "leaf.crt")
        self.run_tool("openssl", "pkcs8", "-topk8", "-in", "pki/issued/alice.key", "-out", "leaf.key", "-passout", "pass:inside")
        self.write("inside", b"inside\n")
        line = ("leaf.crt", "--key", "leaf.key", "--source-password-file", "inside", "--password-file", "pass")
        self.assertEqual(len(self.export(*line)["notes"]), 1)
        made = self.export(*line, "--chain", "pki/intermediate.crt", "--out", "whole.p12")
        self.assertEqual(made["notes"], [])
        self.assertEqual([one["subject"] for one in made["chain"]],
                         ["CN=alice,O=Acme", "CN=Acme Intermediate CA,O=Acme"])
        self.good("check", "whole.p12", "--password-file", "pass")

    def test_a_file_from_mkcert_s_algorithms_becomes_a_modern_one(self):
        self.run_tool("openssl", "pkcs12", "-export", "-legacy", "-in", "pki/issued/alice.crt", "-inkey",
                      "pki/issued/alice.key", "-out", "old.p12", "-passout", "pass:changeit")
        self.write("changeit", b"changeit\n")
        self.export("old.p12", "--source-password-file", "changeit", "--password-file", "pass")
        self.run_tool("openssl", "pkcs12", "-in", "old-modern.p12", "-noout", "-passin", "file:pass")

    def test_what_cannot_be_exported_is_named(self):
        self.assertIn("private key", self.refused(1, "export", "pki/issued/alice.crt"))
        self.assertIn("does not belong", self.refused(1, "export", "pki/issued/alice.crt", "--key", "pki/issued/localhost.key"))
        self.assertIn("nobody", self.refused(1, "export", "nobody"))
        self.refused(2, "export", "alice", "--for", "plan9")
        self.refused(1, "export", "alice", "--out", "no/such/folder/a.p12")
        self.assertEqual([name for name in self.everything() if "new-" in name], [])

    def test_curl_logs_in_with_every_target(self):
        from serving import Server
        server = Server(self.folder)
        self.addCleanup(server.stop)
        for target in TARGETS:
            file = self.export("alice", "--for", target, "--password-file", "pass")["p12"]
            done = subprocess.run(["curl", "-sS", "--cacert", "pki/trust.crt", "--cert-type", "P12", "--cert", f"{file}:{PASSWORD}",
                                   f"https://localhost:{server.port}/"], cwd=self.folder, capture_output=True, text=True,
                                  timeout=60, env=clean_environment())
            self.assertEqual(done.stdout, "Hello, alice!\n", (target, done.stderr))


if __name__ == "__main__":
    unittest.main()
