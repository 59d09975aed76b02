"""mutual init, issue, show and list, as a person or a script uses them; and the files, as other programs see them."""

import glob
import json
import os
import pty
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import termios
import threading
import time
import unittest

MUTUAL = os.path.join(os.environ["MUTUAL_BIN"], "mutual")


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MUTUAL_")}
    return {**kept, **more}


class AuthorityTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mutual-authority-")
        self.addCleanup(shutil.rmtree, self.folder)

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    def mutual(self, *arguments, env=None, stdin=subprocess.DEVNULL):
        return subprocess.run([MUTUAL, *arguments], cwd=self.folder, env=env or clean_environment(), stdin=stdin,
                              capture_output=True, text=True, timeout=120)

    def good(self, *arguments, **options):
        done = self.mutual(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def refused(self, code, *arguments, **options):
        """One sentence on standard error, nothing on standard output."""
        done = self.mutual(*arguments, **options)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        self.assertEqual(done.stdout, "")
        self.assertNotEqual(done.stderr, "")
        if done.stderr.startswith("mutual: "):
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def run_tool(self, *line, code=0, **options):
        done = subprocess.run(line, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120, **options)
        self.assertEqual(done.returncode, code, (line, done.stdout))
        return done.stdout

    def write(self, name, contents):
        with open(self.at(name), "wb") as file:
            file.write(contents)

    def read(self, *parts):
        with open(self.at(*parts), "rb") as file:
            return file.read()

    def everything(self):
        return sorted(os.path.relpath(os.path.join(where, name), self.folder)
                      for where, _, names in os.walk(self.folder) for name in names)

    def init(self, *more):
        return self.good("init", "--name", "Acme", "--host", "localhost", "--client", "alice", *more)


class FirstHour(AuthorityTest):
    def test_a_subject_is_shown_as_rfc_4514_writes_it(self):
        self.good("init", "--name", 'Müller, "Söhne"', "--client", "이영희")
        self.assertIn('CN=이영희,O=Müller\\, \\"Söhne\\"', self.good("show", "이영희"))
        self.assertEqual(json.loads(self.good("show", "이영희", "--json"))["certificates"][0]["subject"],
                         'CN=이영희,O=Müller\\, \\"Söhne\\"')

    def test_nobody_gets_a_name_that_is_a_ca_s_and_who_revokes_that_is_told_its_serial_number(self):
        self.init()
        for name in ("root", "Intermediate", "cross", "ocsp-intermediate"):
            for line in (["issue", "client", name], ["ca", "token", name]):
                self.assertIn("cannot be a name: mutual list calls CAs root, intermediate and cross", self.refused(2, *line))
        for line in (["issue", "client", "ocsp-" + "a" * 40], ["ca", "token", "ocsp-" + "A" * 40]):
            self.assertIn("calls those who sign OCSP answers for a CA that was replaced ocsp- and its serial number", self.refused(2, *line))
        self.good("issue", "server", "ocsp-1", "ocsp-1.example")
        for name in ("Acme Intermediate CA", "acme root  ca"):
            self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "x.key", "-out", "x.csr", "-subj", f"/CN={name}")
            for line in (["issue", "client", name], ["ca", "token", name], ["sign", "x.csr"]):
                self.assertIn("is a CA of this PKI", self.refused(2, *line))
        serials = {one["name"]: one["serial"] for one in json.loads(self.good("list", "--json"))}
        self.assertIn(f"a CA is revoked by its serial number ({serials['intermediate']} of 'CN=Acme Intermediate CA,O=Acme')",
                      self.refused(1, "revoke", "intermediate"))
        self.assertIn("a root cannot be revoked", self.refused(1, "revoke", "root"))
        # Nor does a CA get a name that is somebody's.
        self.good("issue", "client", "Acme Intermediate CA 2")
        self.assertIn("'CN=Acme Intermediate CA 3,O=Acme' (issues)", self.good("rotate", "intermediate"))

    def test_the_issues_own_lines_work(self):
        said = self.init()
        for part in ("pki/trust.crt", "pki/issued/alice.p12", "localhost, 127.0.0.1, ::1"):
            self.assertIn(part, said)
        self.assertRegex(said, r"\(397 days\)|\(396 days\)")  # The second it was made in may be over.
        said = self.good("issue", "client", "bob", "--uri", "spiffe://acme/ops/bob", "--email", "bob@acme.example")
        self.assertIn("spiffe://acme/ops/bob, bob@acme.example", said)
        for name in ("localhost", "alice", "bob"):
            for kind in ("crt", "key", "p12"):
                self.assertTrue(os.path.exists(self.at("pki/issued", f"{name}.{kind}")), (name, kind))

    def test_without_any_option_there_is_a_server_for_localhost(self):
        self.good("init")
        self.assertIn("localhost, 127.0.0.1, ::1", self.good("show", "localhost"))

    def test_json_is_for_programs(self):
        made = json.loads(self.good("init", "--client", "alice", "--json"))
        self.assertEqual([one["name"] for one in made["issued"]], ["localhost", "alice"])
        self.assertEqual(made["issued"][1]["p12"], "pki/issued/alice.p12")
        bob = json.loads(self.good("issue", "client", "bob", "--json", "--uri", "spiffe://acme/b"))
        self.assertEqual(bob["names"]["uris"], ["spiffe://acme/b"])
        listed = json.loads(self.good("list", "--json"))
        self.assertEqual({one["name"] for one in listed}, {"localhost", "alice", "bob", "root", "intermediate"})
        self.assertEqual([one["not_after"] for one in listed], sorted(one["not_after"] for one in listed))
        self.assertEqual(next(one["serial"] for one in listed if one["name"] == "bob"), bob["serial"])
        shown = json.loads(self.good("show", "bob", "--json"))
        self.assertEqual(shown["certificates"][0]["sha256"], bob["sha256"])

    def test_json_says_what_a_certificate_is_good_for_as_the_text_does(self):
        self.init()
        self.good("issue", "peer", "both")
        good_for = {"localhost": ("TLS servers", False, True, False), "alice": ("TLS clients", False, False, True),
                    "both": ("TLS servers and clients", False, True, True), "pki/trust.crt": ("a CA", True, False, False)}
        for name, (words, *expected) in good_for.items():
            self.assertIn(f"  good for     {words}\n", self.good("show", name))
            shown = json.loads(self.good("show", name, "--json"))["certificates"][0]
            self.assertEqual([shown["ca"], shown["server"], shown["client"]], expected, name)

    def test_list_is_a_table_by_expiry(self):
        self.init()
        self.good("issue", "client", "soon", "--days", "3")
        lines = self.good("list").splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "PROFILE", "STATUS", "ENDS", "LEFT", "SERIAL"])
        self.assertEqual(lines[1].split()[:3], ["soon", "client", "valid"])
        self.assertEqual(lines[-1].split()[0], "root")

    def test_the_folder_comes_from_the_option_or_the_environment(self):
        self.good("init", "--pki", "elsewhere")
        self.good("issue", "client", "bob", env=clean_environment(MUTUAL_PKI=self.at("elsewhere")))
        self.assertTrue(os.path.exists(self.at("elsewhere/issued/bob.crt")))
        self.assertIn("there is no PKI in pki: make one with mutual init --pki pki", self.refused(1, "issue", "client", "bob"))

    def test_help_and_version(self):
        self.assertRegex(self.good("--version"), r"^mutual \d+\.\d+\.\d+\n$")
        for command in (["--help"], ["init", "--help"], ["issue", "--help"], ["issue", "server", "--help"],
                        ["show", "--help"], ["list", "--help"], ["renew", "--help"], ["needs-renewal", "--help"],
                        ["revoke", "--help"], ["crl", "--help"], ["sign", "--help"], ["log", "--help"],
                        ["recover", "--help"]):
            self.assertIn("Usage:", self.good(*command))
        self.assertIn("--self-signed", self.good("init", "--help"))

    def test_bad_usage_is_exit_code_2(self):
        self.init()
        before = self.everything()
        for line in ([], ["nonsense"], ["init", "--nonsense"], ["issue"], ["issue", "client"], ["issue", "robot", "x"],
                     ["issue", "client", "x", "--days", "0"], ["issue", "client", "x", "--days", "-1"],
                     ["issue", "client", "x", "--days", "x"], ["issue", "client", "x", "--days", "99999999999"],
                     ["issue", "client", "x", "--key-kind", "rsa512"], ["issue", "client", "x", "--uri", "no uri"],
                     ["issue", "client", "x", "--email", "nobody"], ["issue", "client", "../x"],
                     ["issue", "client", ".."], ["issue", "server", "my web"], ["issue", "server", "web", "a b"],
                     ["show"], ["list", "x"], ["init", "--pki", "new", "--host", "a b"],
                     ["init", "--pki", "new", "--client", "a", "--client", "a"]):
            self.refused(2, *line)
        self.assertEqual(self.everything(), before)


class Refusals(AuthorityTest):
    def test_a_pki_is_never_made_over_another(self):
        self.init()
        before = {name: self.read(name) for name in self.everything()}
        self.assertIn("pki holds a PKI already", self.refused(1, "init", "--name", "Other"))
        self.assertIn("pki holds a PKI already", self.refused(1, "init", "--self-signed"))
        self.assertEqual({name: self.read(name) for name in self.everything()}, before)

    def test_of_many_inits_at_once_one_wins_and_the_pki_is_whole(self):
        started = [subprocess.Popen([MUTUAL, "init", "--name", f"Org{n}"], cwd=self.folder, env=clean_environment(),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for n in range(6)]
        codes = [(one.wait(), one.communicate()[1]) for one in started]
        self.assertEqual(sorted(code for code, _ in codes), [0, 1, 1, 1, 1, 1], codes)
        self.assertEqual(os.listdir(self.folder), ["pki"])
        self.run_tool("openssl", "verify", "-CAfile", "pki/trust.crt", "-untrusted", "pki/intermediate.crt",
                      "pki/issued/localhost.crt")

    def test_places_that_cannot_be_written(self):
        self.write("file", b"mine")
        for place in ("file", "file/pki", "/proc/nothing/pki"):
            said = self.refused(1, "init", "--pki", place)
            self.assertIn(place.split("/pki")[0], said)
        self.assertEqual(self.everything(), ["file"])

    def test_a_full_disk_leaves_nothing_half_written(self):
        # A limit on file size stands for the full disk: it holds for root too.
        done = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f 1; exec '{MUTUAL}' init"], cwd=self.folder,
                              env=clean_environment(), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stderr.startswith("mutual: cannot "), done.stderr)
        self.assertEqual(self.everything(), [])
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_was_issued_is_never_overwritten(self):
        self.init()
        before = self.read("pki/issued/alice.key")
        self.assertIn("'alice' was issued already", self.refused(1, "issue", "client", "alice"))
        self.write("pki/issued/carol.key", b"mine")
        said = self.refused(1, "issue", "client", "carol")
        self.assertIn("pki/issued/carol.key exists already and is not overwritten", said)
        self.assertEqual(self.read("pki/issued/alice.key"), before)
        self.assertEqual(self.read("pki/issued/carol.key"), b"mine")
        self.assertFalse(os.path.exists(self.at("pki/issued/carol.crt")))

    def test_a_ca_s_files_that_others_may_read_or_write_are_told_by_what_signs_and_nothing_is_refused(self):
        self.init()
        def said(*line):
            done = self.mutual(*line)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(all(one.startswith("mutual: note: ") for one in done.stderr.splitlines()), done.stderr)
            return done.stderr
        os.chmod(self.at("pki/intermediate.key"), 0o640)
        os.chmod(self.at("pki/root.key"), 0o622)
        os.chmod(self.at("pki"), 0o777)
        for line in (["issue", "client", "bob"], ["renew", "bob"], ["revoke", "bob"], ["crl"], ["rotate", "status"], ["rotate", "intermediate"]):
            told = said(*line)
            if line[-1] != "intermediate":
                self.assertRegex(told, r"may read the file of a CA's key, pki/intermediate.key \(mode 0640\), .*: chmod 600 pki/intermediate.key\n")
            self.assertRegex(told, r"may replace the file of a CA's key, pki/root.key \(mode 0622\)")
            self.assertRegex(told, r"may put files into pki \(mode 0777\), .*: chmod go-w pki\n")
        self.good("list")
        for name, mode in (("intermediate.key", 0o600), ("root.key", 0o600), ("", 0o755)):
            os.chmod(self.at("pki", name), mode)
        self.good("issue", "client", "carol")

    def test_a_pki_that_has_lost_a_part_says_which(self):
        self.init()
        shutil.copytree(self.at("pki"), self.at("good"))
        for part, sentence in (("inventory.db", "there is no inventory at pki/inventory.db, and the rest of the PKI is there: put the file back"),
                               ("intermediate.key", "cannot read pki/intermediate.key: No such file"),
                               ("intermediate.crt", "pki has no authority to issue with")):
            os.rename(self.at("pki", part), self.at("away"))
            self.assertIn(sentence, self.refused(1, "issue", "client", "bob"))
            os.rename(self.at("away"), self.at("pki", part))
        self.write("pki/intermediate.key", self.read("pki/root.key"))
        said = self.refused(1, "issue", "client", "bob")
        self.assertIn("pki/intermediate.key does not belong to the certificate in pki/intermediate.crt", said)
        self.write("pki/intermediate.key", b"")
        self.assertIn("pki/intermediate.key: it is empty", self.refused(1, "issue", "client", "bob"))
        self.write("pki/inventory.db", b"no database")
        self.assertIn("not an inventory", self.refused(1, "list"))
        self.assertFalse(os.path.exists(self.at("pki/issued/bob.key")))

    def test_show_says_what_is_wrong_with_a_file(self):
        self.init()
        cert = self.read("pki/root.crt")
        self.write("empty", b"")
        self.write("text", b"hello\n")
        self.write("cut", cert[:200])
        self.write("half", cert + cert[:200])
        self.write("flipped", cert.replace(b"MI", b"AA", 1))
        self.write("jks", b"\xfe\xed\xfe\xed" + bytes(100))
        self.write("label", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        self.write("params", b"-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n")
        self.write("ssh", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
        self.write("two", self.read("pki/root.key") + self.read("pki/intermediate.key"))
        with open(self.at("huge"), "wb") as file:
            file.truncate(5 * 1024 * 1024)
        os.mkdir(self.at("dir"))
        for name, sentence in (("empty", "cannot read empty: it is empty: restore it, or name another"),
                               ("text", "request or PKCS#12 in DER: name a file that is"),
                               ("cut", "cannot read cut: PEM block 1 of 1 is damaged or cut off"),
                               ("half", "cannot read half: PEM block 2 of 2 is damaged or cut off"),
                               ("flipped", "cannot read flipped: its PEM block 1 (CERTIFICATE) is damaged"),
                               ("label", "cannot read label: its PEM block 1 (CERTIFICATE) is damaged"),
                               ("params", "cannot read params: it holds no certificate, key"),
                               ("ssh", "cannot read ssh: it is an OpenSSH key"),
                               ("jks", "cannot read jks: it is a Java keystore"),
                               ("two", "cannot read two: it holds two private keys"),
                               ("huge", "cannot read huge: it is larger than"),
                               ("dir", "'dir' is a folder: name a file in it"),
                               ("none", "nothing of that name was issued in pki: name one that is there (mutual list")):
            self.assertIn(sentence, self.refused(1, "show", name))

    def test_self_signed_certificates_come_without_an_authority(self):
        self.good("init", "--self-signed", "--client", "alice")
        self.assertFalse(os.path.exists(self.at("pki/root.key")))
        self.assertIn("has no authority to issue with", self.refused(1, "issue", "client", "bob"))
        for name, purpose in (("localhost", "sslserver"), ("alice", "sslclient")):
            self.run_tool("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "pki/trust.crt",
                          f"pki/issued/{name}.crt")


class Passwords(AuthorityTest):
    def opens(self, name, password):
        return subprocess.run(["openssl", "pkcs12", "-in", self.at(name), "-passin", f"pass:{password}", "-noout"],
                              capture_output=True).returncode == 0

    def test_a_pkcs12_opens_without_one_unless_one_is_given(self):
        self.init()
        self.assertTrue(self.opens("pki/issued/alice.p12", ""))
        self.write("password", b"sesame open\nsecond line\n")
        said = self.good("issue", "client", "bob", "--password-file", "password")
        self.assertNotIn("sesame", said)
        self.assertTrue(self.opens("pki/issued/bob.p12", "sesame open"))
        self.assertFalse(self.opens("pki/issued/bob.p12", ""))
        self.good("issue", "client", "carol", env=clean_environment(MUTUAL_P12_PASSWORD="from outside"))
        self.assertTrue(self.opens("pki/issued/carol.p12", "from outside"))

    def test_a_password_file_must_hold_one(self):
        self.init()
        self.write("empty", b"\n")
        self.assertIn("holds no password", self.refused(1, "issue", "client", "bob", "--password-file", "empty"))
        self.assertIn("cannot read none", self.refused(1, "issue", "client", "bob", "--password-file", "none"))
        self.assertFalse(os.path.exists(self.at("pki/issued/bob.key")))

    def test_show_opens_what_is_encrypted(self):
        self.write("password", b"sesame\n")
        self.init("--password-file", "password")
        p12 = "pki/issued/alice.p12"
        self.assertIn("it is encrypted, and no password was given", self.refused(1, "show", p12))
        wrong = self.refused(1, "show", p12, env=clean_environment(MUTUAL_PASSWORD="wrong"))
        self.assertIn("the password that was given does not open it", wrong)
        self.assertIn("CN=alice", self.good("show", p12, "--password-file", "password"))
        shown = self.good("show", p12, env=clean_environment(MUTUAL_PASSWORD="sesame"))
        self.assertIn("private key\n  P-256, of the first certificate", shown)
        self.assertNotIn("BEGIN", shown)

    def at_a_terminal(self, typed, *arguments):
        """Runs mutual on a terminal of its own, types each answer at its prompt; gives the exit code and all output."""
        master, slave = pty.openpty()
        started = subprocess.Popen([MUTUAL, *arguments], cwd=self.folder, stdin=slave, stdout=slave, stderr=slave,
                                   env=clean_environment(), start_new_session=True,
                                   preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))
        seen = b""
        for prompt, answer in typed:
            while prompt not in seen:
                seen += os.read(master, 1000)
            os.write(master, answer)
        code = started.wait(60)
        echoes = bool(termios.tcgetattr(slave)[3] & termios.ECHO)
        os.close(slave)
        try:
            while more := os.read(master, 1000):
                seen += more
        except OSError:
            pass  # Linux says EIO when the other end of a terminal has gone.
        os.close(master)
        self.assertTrue(echoes, "the terminal was left without echo")
        return code, seen

    def test_a_person_at_a_terminal_is_asked_and_what_is_typed_is_not_shown(self):
        self.init()
        code, seen = self.at_a_terminal([(b"Password: ", "sesamé\x7fe\n".encode()), (b"The same again: ", b"sesame\r")],
                                        "issue", "client", "bob", "--ask-password")
        self.assertEqual(code, 0, seen)
        self.assertNotIn(b"sesam", seen)
        self.assertTrue(self.opens("pki/issued/bob.p12", "sesame"))
        code, seen = self.at_a_terminal([(b"Password of pki/issued/bob.p12: ", b"sesame\n")], "show",
                                        "pki/issued/bob.p12")
        self.assertEqual(code, 0, seen)
        self.assertIn(b"CN=bob", seen)

    def test_a_person_who_gives_up_or_mistypes_changes_nothing(self):
        self.init()
        for typed in ([(b"Password: ", b"sesa\x03")], [(b"Password: ", b"\x04")], [(b"Password: ", b"\n")],
                      [(b"Password: ", b"sesame\n"), (b"The same again: ", b"simsala\n")]):
            code, seen = self.at_a_terminal(typed, "issue", "client", "bob", "--ask-password")
            self.assertEqual(code, 1, seen)
            self.assertIn(b"mutual: ", seen)
        self.assertEqual(glob.glob(self.at("pki/issued/bob.*")), [])

    def test_without_a_terminal_nobody_is_asked(self):
        self.init()
        done = subprocess.run([MUTUAL, "issue", "client", "bob", "--ask-password"], cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, env=clean_environment(),
                              start_new_session=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--password-file", done.stderr)


class OtherPrograms(AuthorityTest):
    def test_openssl_and_gnutls_find_every_kind_strictly_good(self):
        self.init()
        for kind in ("p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096"):
            self.good("issue", "server", f"s-{kind}", "www.example.com", "192.0.2.1", "--key-kind", kind)
            self.good("issue", "client", f"c-{kind}", "--key-kind", kind, "--uri", "spiffe://acme/c")
            for name, purpose in ((f"s-{kind}", "sslserver"), (f"c-{kind}", "sslclient")):
                said = self.run_tool("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile",
                                     "pki/trust.crt", "-untrusted", f"pki/issued/{name}.crt", f"pki/issued/{name}.crt")
                self.assertIn("OK", said)
                self.run_tool("certtool", "--verify", "--load-ca-certificate", "pki/trust.crt", "--infile",
                              f"pki/issued/{name}.crt")
                self.run_tool("openssl", "pkey", "-in", f"pki/issued/{name}.key", "-check", "-noout")
                both = self.run_tool("openssl", "pkcs12", "-in", f"pki/issued/{name}.p12", "-passin", "pass:", "-nodes")
                self.assertEqual(both.count("BEGIN CERTIFICATE"), 2)

    def test_java_reads_the_pkcs12_and_the_trust(self):
        self.write("password", b"changeit\n")
        self.init("--password-file", "password")
        said = self.run_tool("keytool", "-list", "-v", "-keystore", "pki/issued/alice.p12", "-storepass", "changeit")
        self.assertIn("PrivateKeyEntry", said)
        self.assertIn("Certificate chain length: 2", said)
        self.run_tool("keytool", "-importcert", "-noprompt", "-file", "pki/trust.crt", "-keystore", "t.jks", "-storepass",
                      "changeit")

    def test_the_tutorials_own_files_are_read(self):
        for who in ("server", "client"):
            self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{who}.key", "-out",
                          f"{who}.crt", "-days", "30", "-subj", f"/CN={who}")
        self.run_tool("openssl", "pkcs12", "-export", "-in", "client.crt", "-inkey", "client.key", "-out", "client.pfx",
                      "-passout", "pass:PASSWORD")
        self.assertIn("itself (self-signed)", self.good("show", "client.crt"))
        self.assertIn("CN=client", self.good("show", "client.pfx", env=clean_environment(MUTUAL_PASSWORD="PASSWORD")))
        self.run_tool("openssl", "req", "-new", "-key", "client.key", "-subj", "/CN=x", "-outform", "DER", "-out", "x.bin")
        self.assertIn("proved: its sender holds the key", self.good("show", "x.bin"))

    def test_curl_reaches_a_server_with_the_pkcs12_and_no_password(self):
        self.init()
        server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "pki/issued/localhost.crt",
                                   "-cert_chain", "pki/issued/localhost.crt", "-key", "pki/issued/localhost.key",
                                   "-CAfile", "pki/trust.crt", "-Verify", "3", "-verify_return_error", "-www"],
                                  cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (server.kill(), server.wait(), server.stdout.close()))
        port = None
        for line in server.stdout:
            if line.startswith("ACCEPT"):
                port = line.strip().rsplit(":", 1)[1]
                break
        self.assertIsNotNone(port)
        line = ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "--cacert", "pki/trust.crt", "--max-time", "20"]
        url = f"https://localhost:{port}/"
        self.assertEqual(self.run_tool(*line, "--cert", "pki/issued/alice.p12", "--cert-type", "p12", url), "200")
        self.assertEqual(self.run_tool(*line, "--cert", "pki/issued/alice.crt", "--key", "pki/issued/alice.key", url),
                         "200")


class Permissions(AuthorityTest):
    def test_secrets_are_their_owners_from_the_first_byte(self):
        seen = {}
        stop = threading.Event()

        def watch():
            while not stop.is_set():
                for where, _, names in os.walk(self.folder):
                    for name in names:
                        try:
                            mode = stat.S_IMODE(os.stat(os.path.join(where, name)).st_mode)
                        except FileNotFoundError:
                            continue
                        if mode & 0o077 and not (name.endswith((".crt", ".crl")) or ".crt.new-" in name or ".crl.new-" in name):
                            seen[name] = oct(mode)

        watcher = threading.Thread(target=watch)
        watcher.start()
        before = os.umask(0)
        try:
            self.init()
            for n in range(10):
                self.good("issue", "client", f"c{n}")
        finally:
            os.umask(before)
            stop.set()
            watcher.join()
        self.assertEqual(seen, {})


class Crashes(AuthorityTest):
    def check_consistent(self):
        """Every certificate in a file is in the inventory, with its own key beside it; no serial is there twice."""
        database = sqlite3.connect(self.at("pki/inventory.db"))
        try:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            rows = database.execute("SELECT sha256, name, state, serial FROM certificates").fetchall()
        finally:
            database.close()
        recorded = {sha256: (name, state) for sha256, name, state, _ in rows}
        self.assertEqual(len({serial for *_, serial in rows}), len(rows))
        for path in glob.glob(self.at("pki/issued/*.crt")):
            name = os.path.basename(path)[:-4]
            shown = json.loads(self.good("show", path, "--json"))["certificates"]
            self.assertEqual(len(shown), 2, path)
            self.assertEqual(recorded[shown[0]["sha256"]][0], name)
            self.assertNotEqual(recorded[shown[0]["sha256"]][1], "lost")
        for path in glob.glob(self.at("pki/issued/*.p12")):
            shown = json.loads(self.good("show", path, "--json"))
            self.assertIn(shown["certificates"][0]["sha256"], recorded)
            self.assertTrue(shown["key"]["of_first_certificate"])
        return recorded

    def test_killed_at_any_moment_nothing_issued_is_lost(self):
        self.init()
        for n in range(40):
            started = subprocess.Popen([MUTUAL, "issue", "client", f"k{n}"], cwd=self.folder, env=clean_environment(),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.001 * (n % 30))
            started.send_signal(signal.SIGKILL)
            started.wait()
            if n % 10 == 0:
                self.check_consistent()
        self.check_consistent()
        self.good("issue", "client", "afterwards")
        recorded = self.check_consistent()
        # What was interrupted has been finished: each name either has all its files, or none, and can be issued now.
        for n in range(40):
            there = [os.path.exists(self.at("pki/issued", f"k{n}.{kind}")) for kind in ("crt", "key", "p12")]
            self.assertIn(there, ([True] * 3, [False] * 3), n)
            if not any(there):
                self.good("issue", "client", f"k{n}")
        self.assertEqual({state for _, state in recorded.values()} - {"issued", "lost"}, set())
        self.assertEqual([name for name in os.listdir(self.at("pki/issued")) if name.startswith(".") or ".new-" in name],
                         [])

    def test_an_init_that_is_killed_leaves_no_half_of_a_pki(self):
        for n in range(12):
            started = subprocess.Popen([MUTUAL, "init"], cwd=self.folder, env=clean_environment(),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.01 * n)
            started.send_signal(signal.SIGKILL)
            started.wait()
            if os.path.exists(self.at("pki")):
                self.check_consistent()
                self.good("issue", "client", "bob")
                shutil.rmtree(self.at("pki"))

    def test_eight_processes_issue_at_once(self):
        self.init()
        failures = []

        def work(worker):
            for n in range(5):
                done = self.mutual("issue", "client", f"w{worker}-{n}")
                if done.returncode != 0:
                    failures.append(done.stderr)

        workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        self.assertEqual(failures, [])
        recorded = self.check_consistent()
        self.assertEqual(len(recorded), 4 + 40)

    def test_one_name_is_issued_once_however_many_ask(self):
        self.init()
        started = [subprocess.Popen([MUTUAL, "issue", "client", "bob"], cwd=self.folder, env=clean_environment(),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(8)]
        self.assertEqual(sorted(one.wait() for one in started), [0] + [1] * 7)
        self.check_consistent()

    def test_the_log_of_acts_only_grows(self):
        self.init()
        database = sqlite3.connect(self.at("pki/inventory.db"))
        for sql in ("DELETE FROM acts", "UPDATE acts SET what = 'x'", "DELETE FROM certificates",
                    "UPDATE certificates SET serial = 'x'"):
            with self.assertRaises(sqlite3.IntegrityError):
                database.execute(sql)
        database.close()


if __name__ == "__main__":
    unittest.main()
