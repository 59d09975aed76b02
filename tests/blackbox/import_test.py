"""mutual import: CAs of other makers become PKIs that issue, revoke and list."""

import json
import os
import re
import shutil
import stat
import unittest

from authority_test import AuthorityTest
from serving import Server


class Roots(AuthorityTest):
    FORGOTTEN = (r"mutual: note: no revocation list of '([^'\n]*)' was given: whoever it has revoked so far counts as good [^\n]*"
                 r"with --crl FILE [^\n]*\n")
    OWNER_S = r"mutual: note: no revocation list of '([^'\n]*)' was given, whose key is not here: [^\n]*root.crl, and run mutual crl\n"

    def good(self, *arguments, **options):
        """As ever; but an import notes whose revocation list is lacking, and nothing else: see self.forgotten."""
        if arguments[0] != "import":
            return super().good(*arguments, **options)
        done = self.mutual(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.forgotten = re.findall(self.FORGOTTEN, done.stderr)
        self.lacking = re.findall(self.OWNER_S, done.stderr)
        self.assertEqual(re.sub(self.OWNER_S, "", re.sub(self.FORGOTTEN, "", done.stderr)), "")
        return done.stdout

    def openssl(self, *arguments, code=0):
        return self.run_tool("openssl", *arguments, code=code)

    SIGNS = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def root(self, name, *more):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt",
                     "-days", "365", "-subj", f"/O=Old Org/CN={name}", *more)

    def below(self, name, above, extensions):
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                     "-subj", f"/O=Old Org/CN={name}")
        self.write("ext", extensions.encode())
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{above}.crt", "-CAkey", f"{above}.key", "-CAcreateserial",
                     "-days", "300", "-extfile", "ext", "-out", f"{name}.crt")

    def serial(self, certificate):
        return self.openssl("x509", "-in", certificate, "-noout", "-serial").strip().split("=")[1].lower().lstrip("0")

    def list_of(self, name, *revoked, number="1000"):
        """The CA's revocation list, made by openssl ca, in NAME.crl."""
        lines = [f"R\t351231235959Z\t260101000000Z\t{serial.upper().zfill(len(serial) + len(serial) % 2)}\tunknown\t/CN=x\n"
                 for serial in revoked]
        self.write("index.txt", "".join(lines).encode())
        self.write("crlnumber", (number + "\n").encode())
        self.write("ca.cnf", b"[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n"
                             b"default_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n")
        self.openssl("ca", "-config", "ca.cnf", "-gencrl", "-keyfile", f"{name}.key", "-cert", f"{name}.crt", "-out", f"{name}.crl")

    def verifies(self, trust, name, code=0):
        return self.openssl("verify", "-crl_check_all", "-CAfile", trust, "-CRLfile", "pki/crl.pem", "-untrusted",
                            f"pki/issued/{name}.crt", f"pki/issued/{name}.crt", code=code)

    def revokes_and_lists(self, trust, *more):
        """Servers and others refuse who was revoked, and go on with the rest."""
        self.good("issue", "client", "carol")
        self.good("revoke", "carol", *more)
        self.verifies(trust, "alice")
        self.assertIn("certificate revoked", self.verifies(trust, "carol", code=2))
        server = Server(self.folder)
        self.addCleanup(server.stop)
        line = ["curl", "-sS", "--cacert", trust, "--max-time", "20", f"https://localhost:{server.port}/"]
        pair = lambda name: ["--cert", f"pki/issued/{name}.crt", "--key", f"pki/issued/{name}.key"]
        self.assertIn("Hello, alice", self.run_tool(*line, *pair("alice")))
        self.assertIn("revoked", self.good("list", "--revoked"))
        done = self.mutual("get", f"https://localhost:{server.port}/", "--cert", "pki/issued/carol.p12", "--trust",
                           "pki/trust.crt")
        self.assertEqual(done.returncode, 1)
        self.assertIn("revoked", done.stderr)

    def number_of(self, name):
        said = self.openssl("crl", "-inform", "DER", "-in", f"pki/{name}.crl", "-noout", "-crlnumber")
        return int(said.split("=")[1], 16)

    CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"


class Import(Roots):
    def works(self, trust, server_name="localhost", client="alice", strict=True):
        """A server and a client of the PKI meet, and whoever trusted the CA before believes both."""
        server = Server(self.folder, "--name", server_name)
        self.addCleanup(server.stop)
        said = self.good("get", f"https://localhost:{server.port}/", "--cert", f"pki/issued/{client}.p12", "--trust", "pki/trust.crt")
        self.assertEqual(said, f"Hello, {client}!\n")
        self.run_tool("curl", "-sS", "--cacert", trust, "--cert", f"pki/issued/{client}.crt", "--key",
                      f"pki/issued/{client}.key", f"https://localhost:{server.port}/")
        self.openssl("verify", "-x509_strict" if strict else "-CAfile", *(["-CAfile"] if strict else []), trust, "-untrusted",
                     "pki/intermediate.crt", f"pki/issued/{client}.crt")
        server.stop()

    def test_the_tutorial_s_own_certificate_becomes_an_authority(self):
        """openssl req -x509, as the tutorial has it: CA:TRUE, no key usage. Whoever trusts it trusts what it issues."""
        self.openssl("req", "-x509", "-newkey", "rsa:4096", "-nodes", "-keyout", "server.key", "-out", "server.crt", "-days",
                     "365", "-subj", "/CN=localhost")
        said = self.good("import", "server.crt", "--key", "server.key", "--host", "localhost", "--client", "alice")
        self.assertIn("intermediate", said)
        self.assertIn("its certificate was made anew, with the same name and key", said)
        # RFC 5280 wants a key usage of CAs, which openssl req -x509 leaves out.
        facts = ("-noout", "-subject", "-issuer", "-pubkey", "-enddate", "-ext", "subjectKeyIdentifier,basicConstraints")
        self.assertEqual(self.openssl("x509", "-in", "pki/trust.crt", *facts), self.openssl("x509", "-in", "server.crt", *facts))
        self.assertIn("Certificate Sign, CRL Sign", self.openssl("x509", "-in", "pki/trust.crt", "-noout", "-ext", "keyUsage"))
        self.assertNotEqual(self.serial("pki/trust.crt"), self.serial("server.crt"))
        self.works("server.crt", strict=False)
        self.works("pki/trust.crt")
        self.revokes_and_lists("server.crt")
        names = {one["name"] for one in json.loads(self.good("list", "--json"))}
        self.assertEqual(names, {"root", "intermediate", "localhost", "alice", "carol"})
        self.assertEqual(stat.S_IMODE(os.stat(self.at("pki/root.key")).st_mode), 0o600)

    def test_a_root_in_a_pkcs12_file_with_a_password(self):
        self.root("ca", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.openssl("pkcs12", "-export", "-in", "ca.crt", "-inkey", "ca.key", "-out", "ca.p12", "-passout", "pass:sesame")
        self.write("pass", b"sesame\n")
        made = json.loads(self.good("import", "ca.p12", "--source-password-file", "pass", "--json"))
        self.assertEqual(made["issued"], [])
        self.assertEqual([one["subject"] for one in made["authorities"]],
                         ["CN=ca,O=Old Org", "CN=Old Org Intermediate CA,O=Old Org"])
        self.good("issue", "client", "bob")
        self.assertIn("O=Old Org", self.good("show", "bob"))
        self.assertIn("accepted", self.good("check", "bob", "--trust", "ca.crt"))
        # What was encrypted is not written in the open.
        self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", self.read("pki/root.key"))
        self.openssl("pkey", "-in", "pki/root.key", "-passin", "pass:sesame", "-noout")

    def test_an_intermediate_goes_on_issuing(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.assertIn("--chain", self.refused(1, "import", "middle.crt", "--key", "middle.key"))
        self.good("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--host", "localhost", "--client", "alice")
        self.assertEqual(self.read("pki/intermediate.key").split(b"\n")[0], b"-----BEGIN PRIVATE KEY-----")
        self.assertFalse(os.path.exists(self.at("pki/root.key")))
        self.assertIn("CN=middle", self.good("show", "alice"))
        self.works("ca.crt", strict=False)
        # Its root's list is its root's to make.
        said = self.refused(1, "revoke", "alice")
        self.assertIn("servers do not know it yet", said)
        self.assertIn("--root-key", said)
        self.good("crl", "--root-key", "ca.key")
        self.assertIn("certificate revoked", self.verifies("ca.crt", "alice", code=2))

    def test_an_intermediate_comes_with_its_root_s_key_or_its_root_s_list(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        line = ["import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--host", "localhost", "--client", "alice"]
        self.good(*line, "--root-key", "ca.key")
        self.revokes_and_lists("ca.crt")
        shutil.rmtree(self.at("pki"))
        self.list_of("ca", "1234")
        self.good(*line, "--crl", "ca.crl")
        self.assertFalse(os.path.exists(self.at("pki/root.key")))
        self.revokes_and_lists("ca.crt")
        self.assertIn("Serial Number: 1234", self.openssl("crl", "-inform", "DER", "-in", "pki/root.crl", "-noout", "-text"))
        # And the next one of its root takes its place.
        os.remove(self.at("pki/root.crl"))
        self.refused(1, "crl")
        self.list_of("ca", "1234", number="1001")
        shutil.copy(self.at("ca.crl"), self.at("pki/root.crl"))
        self.good("crl")
        self.verifies("ca.crt", "alice")

    def test_whom_the_last_list_refuses_the_new_ones_refuse_and_their_numbers_go_on(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.below("old", "middle", "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n")
        self.list_of("middle", self.serial("old.crt"), number="0BEE")
        shutil.copy(self.at("middle.crl"), self.at("first.crl"))
        self.list_of("ca", "77", number="10")
        self.good("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--root-key", "ca.key", "--crl", "first.crl",
                  "--crl", "ca.crl", "--client", "alice")
        self.good("crl")
        for name, serial, number in (("intermediate", self.serial("old.crt"), 0x0BEF), ("root", "77", 0x11)):
            text = self.openssl("crl", "-inform", "DER", "-in", f"pki/{name}.crl", "-noout", "-text", "-crlnumber")
            self.assertEqual(int(text.split("crlNumber=")[1].split()[0], 16), number)
            self.assertIn(serial, text.lower())
        self.assertIn("certificate revoked", self.openssl("verify", "-crl_check_all", "-CAfile", "ca.crt", "-CRLfile", "pki/crl.pem",
                                                          "-untrusted", "middle.crt", "old.crt", code=2))
        self.verifies("ca.crt", "alice")

    def test_without_its_last_list_it_is_said_who_is_forgotten_and_servers_take_the_lists_to_come(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.list_of("middle", "1234", "5678", number="03")
        self.list_of("ca", number="07")
        line = ["import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--root-key", "ca.key"]
        for given, forgotten in (((), ["CN=ca,O=Old Org", "CN=middle,O=Old Org"]), (("ca",), ["CN=middle,O=Old Org"]),
                                 (("middle",), ["CN=ca,O=Old Org"]), (("ca", "middle"), [])):
            self.good(*line, *(word for name in given for word in ("--crl", f"{name}.crl")))
            self.assertEqual(self.forgotten, forgotten)
            self.good("crl")
            # Whoever has a list from before takes none with a smaller number.
            self.assertEqual(self.number_of("intermediate"), 4 if "middle" in given else 100_001)
            self.assertGreater(self.number_of("root"), 7)
            self.assertEqual("ca" in given, self.number_of("root") < 100_000)
            shutil.rmtree(self.at("pki"))

    def test_lists_that_are_forged_foreign_or_stale_are_refused_and_so_is_a_ca_that_was_revoked(self):
        self.root("ca", *self.SIGNS)
        self.root("other")
        self.below("middle", "ca", self.CA)
        before = self.everything()
        line = ["import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt"]
        def refused_with(words, *more):
            self.assertIn(words, self.refused(1, *line, *more, "--crl", "ca.crl"))
            self.assertFalse(os.path.exists(self.at("pki")))
        self.list_of("ca", self.serial("middle.crt"))
        refused_with("has revoked it")
        refused_with("has revoked it", "--root-key", "ca.key")
        self.list_of("other")
        shutil.copy(self.at("other.crl"), self.at("ca.crl"))
        refused_with("signed by none of the CAs")
        self.list_of("ca", number="80000000000000000000")
        refused_with("no list after it could be counted", "--root-key", "ca.key")
        self.write("ca.crl", b"no list\n")
        refused_with("cannot read ca.crl")
        self.assertEqual([name for name in self.everything() if name not in before and "pki" in name], [])

    def below_with_serial(self, name, above, serial, extensions):
        self.below(name, above, extensions)
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{above}.crt", "-CAkey", f"{above}.key", "-set_serial", serial,
                     "-days", "300", "-extfile", "ext", "-out", f"{name}.crt")

    def test_serial_numbers_that_two_cas_have_given_are_not_mixed_up(self):
        self.root("ca", *self.SIGNS)
        self.below_with_serial("middle", "ca", "0x1000", self.CA)
        self.list_of("middle", "1000", "02")
        said = self.refused(1, "import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--root-key", "ca.key", "--crl",
                            "middle.crl")
        self.assertIn("names the serial number 1000, which 'CN=ca,O=Old Org' has given to 'intermediate'", said)
        self.assertFalse(os.path.exists(self.at("pki")))

    def test_what_it_issued_elsewhere_is_not_forgotten_by_a_rotation(self):
        self.root("ca", *self.SIGNS)
        self.good("import", "ca.crt", "--key", "ca.key")
        self.good("rotate", "root")
        self.assertIn("it was imported", self.good("rotate", "status"))
        state = json.loads(self.good("rotate", "status", "--json"))["old"]
        self.assertEqual([one["may_go"] for one in state], [True, False])
        self.good("rotate", "finish")
        self.assertIn("nobody here knows what depends on it", self.refused(1, "rotate", "finish"))
        self.assertIn(b"BEGIN", self.read("pki/trust.crt"))
        self.assertEqual(self.read("pki/trust.crt").count(b"BEGIN CERT"), 2)
        self.assertIn("bring it to all who trust this PKI", self.mutual("rotate", "finish", "--imported-too").stderr)
        self.assertEqual(self.read("pki/trust.crt").count(b"BEGIN CERT"), 1)

    def test_a_ca_between_goes_on_being_listed_and_counted(self):
        self.root("ca", *self.SIGNS)
        self.below("upper", "ca", self.CA)
        self.below("lower", "upper", self.CA)
        self.write("chain.pem", self.read("ca.crt") + self.read("upper.crt"))
        self.list_of("upper")
        self.good("import", "lower.crt", "--key", "lower.key", "--chain", "chain.pem", "--root-key", "ca.key", "--crl", "upper.crl",
                  "--host", "localhost", "--client", "alice")
        self.good("crl")
        self.good("rotate", "root")
        self.verifies("pki/trust.crt", "alice")
        state = json.loads(self.good("rotate", "status", "--json"))["old"]
        self.assertEqual([(one["root"], one["in_use"], one["may_go"]) for one in state], [(False, 2, False), (True, 2, False)])
        self.assertIn("2 good certificates depend on", self.refused(1, "rotate", "finish", "--imported-too"))

    def test_a_root_s_list_that_was_made_elsewhere_goes_on_when_its_key_comes(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.list_of("ca", "77", number="57")
        self.good("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--crl", "ca.crl")
        self.good("rotate", "intermediate", "--root-key", "ca.key")
        text = self.openssl("crl", "-inform", "DER", "-in", "pki/root.crl", "-noout", "-text", "-crlnumber")
        self.assertIn("crlNumber=0x58", text)
        self.assertIn("Serial Number: 77", text)

    def test_it_is_imported_again_with_its_last_list_from_before_and_the_last_that_was_made_here(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.list_of("middle", "1234", number="03")
        line = ["import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--root-key", "ca.key", "--client", "alice"]
        done = self.mutual(*line)
        self.assertIn("once lists were made here, with --crl pki/intermediate.crl as well", done.stderr)
        self.assertIn("once lists were made here, with --crl pki/root.crl as well", done.stderr)
        self.good("revoke", "alice")
        alice = self.serial("pki/issued/alice.crt")
        for order in (("middle.crl", "old/intermediate.crl"), ("old/intermediate.crl", "middle.crl")):
            if not os.path.exists(self.at("old")):
                os.rename(self.at("pki"), self.at("old"))
            self.good(*line, "--crl", order[0], "--crl", order[1], "--crl", "old/root.crl")
            self.assertEqual(self.forgotten, [])
            self.good("crl")
            self.assertEqual(self.number_of("intermediate"), 100_002)
            self.assertEqual(self.number_of("root"), 100_002)
            text = self.openssl("crl", "-inform", "DER", "-in", "pki/intermediate.crl", "-noout", "-text").lower()
            self.assertIn("serial number: 1234", text)
            self.assertIn(alice, text)
            shutil.rmtree(self.at("pki"))

    def test_an_intermediate_with_a_ca_above_survives_an_older_backup(self):
        self.root("ca", *self.SIGNS)
        self.below("upper", "ca", self.CA)
        self.below("lower", "upper", self.CA)
        self.write("chain.pem", self.read("ca.crt") + self.read("upper.crt"))
        self.good("import", "lower.crt", "--key", "lower.key", "--chain", "chain.pem")
        shutil.copy(self.at("pki/inventory.db"), self.at("backup.db"))
        self.good("issue", "client", "bob")
        shutil.copy(self.at("backup.db"), self.at("pki/inventory.db"))
        for name in ("inventory.db-wal", "inventory.db-shm"):
            if os.path.exists(self.at("pki", name)):
                os.remove(self.at("pki", name))
        self.good("recover")
        self.good("issue", "client", "carol")

    def test_an_intermediate_s_root_without_a_key_usage_is_made_anew_by_its_key(self):
        self.root("ca")
        self.below("middle", "ca", self.CA)
        self.below("bare", "ca", "basicConstraints=critical,CA:TRUE\n")
        line = ("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--host", "localhost", "--client", "alice")
        self.assertIn("name that with --root-key", self.refused(1, *line))
        self.assertIn("have it issued anew with one", self.refused(1, "import", "bare.crt", "--key", "bare.key", "--chain", "ca.crt",
                                                                   "--root-key", "ca.key"))
        self.assertFalse(os.path.exists(self.at("pki")))
        self.good(*line, "--root-key", "ca.key")
        self.works("ca.crt", strict=False)
        self.revokes_and_lists("ca.crt")

    def test_intermediates_above_it_come_along(self):
        self.root("ca", *self.SIGNS)
        self.below("upper", "ca", self.CA)
        self.below("lower", "upper", self.CA)
        self.write("chain.pem", self.read("ca.crt") + self.read("upper.crt"))
        self.good("import", "lower.crt", "--key", "lower.key", "--chain", "chain.pem", "--host", "localhost", "--client", "alice")
        said = json.loads(self.good("show", "alice", "--json"))
        self.assertEqual([one["subject"].split(",")[0] for one in said["certificates"]], ["CN=alice", "CN=lower", "CN=upper"])
        self.works("ca.crt", strict=False)
        # Servers need a list of each CA in the chain.
        said = self.refused(1, "crl", "--root-key", "ca.key")
        self.assertIn("pki/above.crl holds no list of 'CN=upper,O=Old Org' that is current", said)
        self.list_of("upper")
        shutil.copy(self.at("upper.crl"), self.at("pki/above.crl"))
        self.good("crl")
        self.revokes_and_lists("ca.crt")
        shutil.rmtree(self.at("pki"))
        self.list_of("ca")
        self.good("import", "lower.crt", "--key", "lower.key", "--chain", "chain.pem", "--crl", "upper.crl", "--crl", "ca.crl",
                  "--host", "localhost", "--client", "alice")
        self.revokes_and_lists("ca.crt")

    def test_a_root_that_everybody_refuses_all_below_is_refused(self):
        for name, extension in (("unknown", "1.2.3.4.5=critical,ASN1:NULL"), ("policy", "policyConstraints=critical,requireExplicitPolicy:0"),
                                ("dot", "nameConstraints=critical,permitted;DNS:.acme.example")):
            self.root(name, *self.SIGNS, "-addext", extension)
            said = self.refused(1, "import", f"{name}.crt", "--key", f"{name}.key")
            self.assertIn("whatever it issued would be refused by servers and clients", said)
            self.assertFalse(os.path.exists(self.at("pki")))

    def test_names_outside_of_the_root_s_own_constraints_are_refused_on_every_way_in(self):
        self.root("ca", *self.SIGNS, "-addext", "nameConstraints=critical,permitted;DNS:acme.example,permitted;DNS:localhost")
        self.good("import", "ca.crt", "--key", "ca.key", "--host", "localhost", "--client", "alice")
        self.assertIn("'CN=ca,O=Old Org' may not certify these names",
                      self.refused(2, "issue", "server", "web", "www.other.example"))
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "web.key", "-out", "web.csr", "-subj", "/CN=web",
                     "-addext", "subjectAltName=DNS:www.other.example")
        self.assertIn("may not certify these names", self.refused(2, "sign", "web.csr", "--profile", "server"))
        self.assertFalse(os.path.exists(self.at("pki/issued/web.crt")))
        self.good("issue", "server", "web", "www.acme.example")
        self.openssl("verify", "-x509_strict", "-CAfile", "ca.crt", "-untrusted", "pki/intermediate.crt", "pki/issued/web.crt")
        self.works("ca.crt", strict=False)

    def test_names_outside_of_constraints_above_an_imported_intermediate_are_refused(self):
        self.root("ca", *self.SIGNS, "-addext", "nameConstraints=critical,permitted;email:acme.example")
        self.below("middle", "ca", self.CA)
        self.good("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt")
        self.assertIn("'CN=ca,O=Old Org' may not certify these names",
                      self.refused(2, "issue", "client", "x", "--email", "x@evil.example"))
        self.good("issue", "client", "x", "--email", "x@acme.example")
        self.openssl("verify", "-CAfile", "ca.crt", "-untrusted", "middle.crt", "pki/issued/x.crt")

    def test_what_could_not_issue_is_refused_and_nothing_is_left(self):
        self.root("ca", *self.SIGNS)
        self.root("narrow", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0")
        self.root("leaf", "-addext", "basicConstraints=critical,CA:FALSE")
        self.root("other")
        self.below("nosign", "ca", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n")
        self.below("nosign2", "ca", self.CA)
        self.openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "weak.key", "-out", "weak.crt", "-days", "9",
                     "-subj", "/CN=weak")
        self.root("nocrl", "-addext", "keyUsage=critical,keyCertSign")
        # A request that an expired CA and one of the future are made of, and a root whose signature is a bit off.
        self.openssl("req", "-new", "-key", "ca.key", "-subj", "/CN=times", "-out", "times.csr")
        self.write("ext", self.CA.encode())
        for name, days in (("ended", ("20200101000000Z", "20210101000000Z")), ("future", ("21200101000000Z", "21210101000000Z"))):
            self.write("times.cnf", b"[ca]\ndefault_ca=x\n[x]\ndatabase=t.txt\nserial=t.serial\nnew_certs_dir=.\npolicy=p\n"
                                    b"default_md=sha256\nrand_serial=yes\nunique_subject=no\n[p]\ncommonName=supplied\n")
            self.write("t.txt", b"")
            self.openssl("ca", "-config", "times.cnf", "-batch", "-selfsign", "-keyfile", "ca.key", "-in", "times.csr", "-extfile",
                         "ext", "-startdate", days[0], "-enddate", days[1], "-out", f"{name}.crt", "-notext")
        self.openssl("x509", "-in", "ca.crt", "-outform", "DER", "-out", "forged.der")
        der = self.read("forged.der")
        self.write("forged.der", der[:-1] + bytes([der[-1] ^ 1]))
        self.write("cut.crt", self.read("ca.crt")[:300])
        before = self.everything()
        self.root("soft", "-addext", "basicConstraints=CA:TRUE", *self.SIGNS)
        self.root("servers", "-addext", "extendedKeyUsage=serverAuth", *self.SIGNS)
        before = self.everything()
        for words, line in (("are not critical", ("soft.crt", "--key", "soft.key")),
                            ("both servers and clients", ("servers.crt", "--key", "servers.key")),
                            ("pathlen:0", ("narrow.crt", "--key", "narrow.key")), ("no CA", ("leaf.crt", "--key", "leaf.key")),
                            ("1024 bits", ("weak.crt", "--key", "weak.key")), ("does not belong", ("ca.crt", "--key", "other.key")),
                            ("private key", ("ca.crt",)), ("sign certificates", ("nosign.crt", "--key", "nosign.key", "--chain", "ca.crt")),
                            ("revocation lists", ("nocrl.crt", "--key", "nocrl.key")), ("it ended on", ("ended.crt", "--key", "ca.key")),
                            ("it begins on", ("future.crt", "--key", "ca.key")), ("signature", ("forged.der", "--key", "ca.key")),
                            ("cut off", ("cut.crt", "--key", "ca.key")), ("no private key", ("ca.crt", "--key", "ca.crt")),
                            ("holds no certificate", ("ca.key",)), ("No such file", ("none.crt", "--key", "ca.key")),
                            ("not its own", ("nosign2.crt", "--key", "nosign2.key", "--chain", "ca.crt", "--root-key", "other.key"))):
            self.assertIn(words, self.refused(1, "import", *line))
        self.refused(2, "import")
        self.refused(2, "import", "ca.crt", "--key", "ca.key", "--root-key", "ca.key")
        self.refused(2, "import", "nosign2.crt", "--key", "nosign2.key", "--chain", "ca.crt", "--leave-root-key")
        self.assertEqual(self.everything(), before)

    def test_a_pki_is_not_written_over(self):
        self.init()
        self.root("ca")
        before = self.everything()
        self.assertIn("holds a PKI already", self.refused(1, "import", "ca.crt", "--key", "ca.key"))
        self.assertEqual(self.everything(), before)

    def test_the_root_s_key_may_stay_where_it_is_or_be_encrypted(self):
        self.root("ca")
        self.good("import", "ca.crt", "--key", "ca.key", "--leave-root-key")
        self.assertFalse(os.path.exists(self.at("pki/root.key")))
        self.good("issue", "client", "bob")
        shutil.rmtree(self.at("pki"))
        self.write("pass", b"sesame\n")
        self.good("import", "ca.crt", "--key", "ca.key", "--root-password-file", "pass")
        self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", self.read("pki/root.key"))
        self.openssl("pkey", "-in", "pki/root.key", "-passin", "file:pass", "-noout")

    def test_a_key_that_was_encrypted_stays_so(self):
        self.write("pass", b"sesame\n")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-passout", "pass:sesame", "-keyout", "ca.key", "-out", "ca.crt", "-days",
                     "9", "-subj", "/O=Old Org/CN=ca")
        self.assertIn("is encrypted, and no password was given: give it with --source-password-file FILE, or in $MUTUAL_PASSWORD",
                      self.refused(1, "import", "ca.crt", "--key", "ca.key"))
        self.assertIn("name the key's file too (--key)", self.refused(1, "import", "ca.crt"))
        said = self.good("import", "ca.crt", "--key", "ca.key", "--source-password-file", "pass")
        self.assertIn("encrypted with the password that opened it", said)
        self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", self.read("pki/root.key"))
        self.openssl("pkey", "-in", "pki/root.key", "-passin", "file:pass", "-noout")

    def test_without_key_identifiers_too(self):
        self.root("ca", "-addext", "subjectKeyIdentifier=none", "-addext", "authorityKeyIdentifier=none")
        self.good("import", "ca.crt", "--key", "ca.key", "--host", "localhost", "--client", "alice")
        self.works("ca.crt", strict=False)
        self.revokes_and_lists("ca.crt")

    def test_limits_hold_from_the_first_day(self):
        self.root("ca")
        self.write("limits.toml", b"[names]\ndns = [\"acme.example\"]\n")
        self.assertIn("authority.toml", self.refused(2, "import", "ca.crt", "--key", "ca.key", "--host", "localhost", "--limits",
                                                     "limits.toml"))
        self.good("import", "ca.crt", "--key", "ca.key", "--host", "a.acme.example", "--limits", "limits.toml")
        self.assertIn("Name Constraints", self.openssl("x509", "-in", "pki/intermediate.crt", "-noout", "-text"))


if __name__ == "__main__":
    unittest.main()
