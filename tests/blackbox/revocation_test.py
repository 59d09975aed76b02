"""mutual revoke, crl, renew, needs-renewal and sign; other programs' view of them; and what a running server does."""

import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import time
import unittest

from serving import MUTUAL, ServingTest


class LifeTest(ServingTest):
    def setUp(self):
        super().setUp()
        self.make_pki()

    def mutual(self, *arguments, code=0, **options):
        return self.run_tool(MUTUAL, *arguments, code=code, **options)

    def serial(self, name):
        return json.loads(self.mutual("show", name, "--json"))["certificates"][0]["serial"]

    def status(self, name):
        return json.loads(self.mutual("show", name, "--json"))["certificates"][0]["status"]

    def read(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def write(self, name, contents):
        with open(self.at(name), "wb") as file:
            file.write(contents)


class Verbs(LifeTest):
    def test_a_certificate_is_revoked_by_name_serial_or_file(self):
        for name in ("bob", "carol", "dave"):
            self.mutual("issue", "client", name)
        serial = self.serial("carol")
        colons = ":".join(serial[at:at + 2] for at in range(0, len(serial), 2)).upper()
        for what, name in (("bob", "bob"), (colons, "carol"), ("pki/issued/dave.crt", "dave")):
            self.assertIn(f"revoked client certificate '{name}'", self.mutual("revoke", what))
            self.assertEqual(self.status(name), "revoked")
        self.assertIn("revoked since", self.mutual("show", "bob"))
        self.assertEqual(self.status("alice"), "valid")
        number = self.crl_number()
        for line in (["bob"], ["bob", "--reason", "superseded"], [serial], ["dave", "--reason", "certificateHold"]):
            self.assertIn("is revoked already, since", self.mutual("revoke", *line, code=1))
        self.mutual("revoke", "nobody", code=1)
        self.assertIn("'bob' is revoked already, since", self.mutual("revoke", "bob", code=1))
        self.mutual("revoke", "bob", "--reason", "keyCompromise")
        said = self.mutual("revoke", "bob", "--reason", "keyCompromise", code=1)
        self.assertRegex(said, r"'bob' is revoked already, since .* \(keyCompromise\), and stays so")
        self.assertEqual(self.crl_number(), number + 1)
        self.assertIn("no certificate 'nobody' that is still good", self.mutual("revoke", "nobody", code=1))
        self.assertIn("is revoked already", self.mutual("revoke", serial, code=1))
        self.assertIn("was not issued by the authority", self.mutual("revoke", self.foreign(), code=1))

    def crl_number(self):
        said = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.crl", "-noout", "-crlnumber")
        return int(said.split("=")[1], 16)

    def foreign(self):
        self.self_signed("foreign")
        return "foreign.crt"

    def test_every_reason_of_rfc_5280_is_on_the_list_and_a_hold_can_be_taken_back(self):
        reasons = {"keyCompromise": "Key Compromise", "cACompromise": "CA Compromise",
                   "affiliationChanged": "Affiliation Changed", "superseded": "Superseded",
                   "cessationOfOperation": "Cessation Of Operation", "certificateHold": "Certificate Hold",
                   "privilegeWithdrawn": "Privilege Withdrawn", "unspecified": None, "aACompromise": "AA Compromise"}
        for name in reasons:
            self.mutual("issue", "client", name)
            self.mutual("revoke", name, "--reason", name, "--no-crl")
        self.mutual("issue", "client", "x")
        self.mutual("revoke", "x", "--reason", "key-compromise")
        text = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.crl", "-noout", "-text")
        entries = text.split("Serial Number: ")[1:]
        self.assertEqual(len(entries), len(reasons) + 1)
        for words in reasons.values():
            if words:
                self.assertIn(words, text)
        self.assertEqual(self.status("certificateHold"), "on-hold")
        self.assertIn("is on hold", self.mutual("issue", "client", "certificateHold", code=1))
        self.mutual("revoke", "certificateHold", "--release")
        self.assertEqual(self.status("certificateHold"), "valid")
        self.assertIn("is not on hold", self.mutual("revoke", "certificateHold", "--release", code=1))
        serial = self.serial("superseded")
        self.assertIn("only a hold can be taken back", self.mutual("revoke", serial, "--release", code=1))
        for line in (["revoke", "alice", "--reason", "boredom"], ["revoke"], ["crl", "--days", "0"],
                     ["revoke", "alice", "--release", "--reason", "superseded"], ["list", "--expiring", "x"],
                     ["sign", "x", "--profile", "root"]):
            self.mutual(*line, code=2)
        self.assertEqual(self.status("alice"), "valid")

    def test_other_programs_read_the_lists_and_refuse_who_is_on_them(self):
        self.mutual("issue", "client", "bob")
        self.mutual("revoke", "alice", "--reason", "keyCompromise")
        self.run_tool("openssl", "crl", "-verify", "-inform", "DER", "-in", "pki/intermediate.crl", "-CAfile",
                      "pki/intermediate.crt", "-noout")
        self.run_tool("openssl", "crl", "-verify", "-inform", "DER", "-in", "pki/root.crl", "-CAfile", "pki/root.crt", "-noout")
        line = ["openssl", "verify", "-crl_check_all", "-x509_strict", "-CAfile", "pki/root.crt", "-CRLfile", "pki/crl.pem",
                "-untrusted", "pki/intermediate.crt"]
        self.run_tool(*line, "pki/issued/bob.crt")
        self.assertIn("certificate revoked", self.run_tool(*line, "pki/issued/alice.crt", code=2))
        text = self.run_tool("certtool", "--crl-info", "--inder", "--infile", "pki/intermediate.crl")
        self.assertIn("Revoked certificates (1)", text)
        self.assertIn(self.serial("alice"), text.lower())
        whole = self.read("pki/root.crt") + self.read("pki/intermediate.crt")
        self.write("cas.pem", whole)
        for name, good in (("bob", True), ("alice", False)):
            said = self.run_tool("certtool", "--verify", "--load-ca-certificate", "cas.pem", "--load-crl", "pki/crl.pem",
                                 "--infile", f"pki/issued/{name}.crt", code=0 if good else 1)
            self.assertIn("Verified." if good else "revoked", said)

    def test_a_delta_says_what_has_changed_since_the_full_list(self):
        for name in ("bob", "carol"):
            self.mutual("issue", "client", name)
        self.mutual("revoke", "alice", "--reason", "certificateHold")
        self.mutual("revoke", "bob", "--no-crl")
        self.mutual("revoke", "alice", "--release", "--no-crl")
        made = json.loads(self.mutual("crl", "--delta", "--json"))
        self.assertEqual(made[0]["revoked"], 2)
        text = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.delta.crl", "-noout", "-text")
        self.assertRegex(text, r"Delta CRL Indicator: critical\s+1")
        self.assertIn("Remove From CRL", text)
        self.run_tool("openssl", "crl", "-verify", "-in", "pki/delta.pem", "-CAfile", "pki/intermediate.crt", "-noout")
        pem = self.run_tool("openssl", "crl", "-in", "pki/delta.pem", "-noout", "-text")
        self.assertEqual(pem, text)
        self.assertEqual(os.stat(self.at("pki/delta.pem")).st_mode & 0o777, 0o644)
        full = json.loads(self.mutual("crl", "--json"))
        self.assertEqual((full[0]["number"], full[0]["revoked"]), (made[0]["number"] + 1, 1))
        self.run_tool("openssl", "crl", "-verify", "-inform", "DER", "-in", "pki/intermediate.delta.crl", "-CAfile",
                      "pki/intermediate.crt", "-noout")

    def test_the_deltas_of_all_cas_are_in_one_pem_that_no_server_takes_for_its_lists(self):
        self.mutual("crl")
        self.mutual("rotate", "intermediate")
        self.mutual("crl")
        before = self.read("pki/crl.pem")
        self.mutual("revoke", "alice", "--no-crl")
        self.assertIn("PEM of these: pki/delta.pem", self.mutual("crl", "--delta"))
        self.assertEqual(self.read("pki/crl.pem"), before)
        pem = self.read("pki/delta.pem")
        self.assertEqual(pem.count(b"BEGIN X509 CRL"), 2)
        found = set()
        for part in pem.split(b"-----END X509 CRL-----\n")[:-1]:
            self.write("one.pem", part + b"-----END X509 CRL-----\n")
            text = self.run_tool("openssl", "crl", "-in", "one.pem", "-noout", "-text")
            self.assertIn("Delta CRL Indicator", text)
            found |= {issuer for issuer in ("Acme Intermediate CA 2", "Acme Intermediate CA") if re.search(issuer + "$", text, re.M)}
        self.assertEqual(found, {"Acme Intermediate CA 2", "Acme Intermediate CA"})

    def test_the_next_update_is_as_asked_and_never_beyond_the_ca(self):
        made = json.loads(self.mutual("crl", "--days", "7", "--json"))
        until = time.mktime(time.strptime(made[0]["next_update"], "%Y-%m-%dT%H:%M:%SZ"))
        self.assertAlmostEqual(until - time.mktime(time.gmtime()), 7 * 86400, delta=120)
        ends = json.loads(self.mutual("show", "pki/intermediate.crt", "--json"))["certificates"][0]["not_after"]
        self.assertLessEqual(json.loads(self.mutual("crl", "--days", "3650", "--json"))[0]["next_update"], ends)

    def test_a_list_that_cannot_be_made_says_that_the_revocation_stands(self):
        os.rename(self.at("pki/intermediate.key"), self.at("away"))
        said = self.mutual("revoke", "alice", code=1)
        self.assertIn("'alice' is revoked in the inventory, but servers do not know it yet", said)
        self.assertEqual(self.status("alice"), "revoked")
        os.rename(self.at("away"), self.at("pki/intermediate.key"))
        self.mutual("crl")

    def test_a_damaged_list_of_the_root_is_not_passed_over_and_says_what_to_do(self):
        self.mutual("crl")
        for junk in (b"", b"junk\n", self.read("pki/root.crl")[:-1]):
            self.write("pki/root.crl", junk)
            told = self.mutual("crl", code=1)
            self.assertIn("delete it: mutual crl makes another", told)
            self.assertIn("pki/root.crl", told)
        os.remove(self.at("pki/root.crl"))
        self.mutual("crl")
        self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/root.crl", "-noout")

    def test_check_knows_who_was_revoked(self):
        self.assertIn("accepted", self.mutual("check", "alice"))
        self.mutual("revoke", "alice")
        self.assertIn("revoked", self.mutual("check", "alice", code=1))

    def test_a_key_that_was_compromised_is_certified_no_more(self):
        self.run_tool("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "carol.key",
                      "-out", "carol.csr", "-subj", "/CN=carol")
        self.mutual("sign", "carol.csr")
        self.mutual("revoke", "carol", "--reason", "keyCompromise")
        self.assertIn("its key was revoked as compromised", self.mutual("sign", "carol.csr", code=1))

    def test_who_says_it_again_has_the_lists_made_that_an_interruption_left_out(self):
        self.mutual("revoke", "alice")
        before = self.read("pki/crl.pem")
        self.mutual("issue", "client", "bob")
        # As if the command had been killed between the inventory and the lists.
        self.mutual("revoke", "bob", "--no-crl")
        self.assertEqual(self.read("pki/crl.pem"), before)
        self.assertIn("is revoked already", self.mutual("revoke", "bob", code=1))
        after = self.read("pki/crl.pem")
        self.assertNotEqual(after, before)
        self.mutual("revoke", "bob", code=1)
        self.assertEqual(self.read("pki/crl.pem"), after)
        # Or between the lists.
        self.write("pki/crl.pem", before)
        self.mutual("revoke", "bob", code=1)
        self.assertNotEqual(self.read("pki/crl.pem"), before)

    def test_renewal_by_a_timer(self):
        self.assertIn("not yet", self.mutual("needs-renewal", "alice", code=1))
        self.assertEqual(self.mutual("needs-renewal", "alice", "--quiet", code=1), "")
        for line in (["nobody"], ["pki"], ["pki/issued/alice.key"]):
            self.mutual("needs-renewal", *line, code=255)
        self.run_tool("certtool", "--generate-privkey", "--key-type=ecdsa", "--outfile", "due.key")
        self.write("template", b'cn = due\nactivation_date = "2020-01-01"\nexpiration_date = "2021-01-01"\n')
        self.run_tool("certtool", "--generate-self-signed", "--load-privkey", "due.key", "--template", "template", "--outfile", "due.crt")
        self.assertIn("to be renewed since 2020-08", self.mutual("needs-renewal", "due.crt"))
        self.assertEqual(self.mutual("needs-renewal", "due.crt", "--at", "100", "--quiet"), "")
        self.mutual("issue", "client", "short", "--days", "1")
        self.assertIn("not yet", self.mutual("needs-renewal", "short", code=1))
        time.sleep(1)
        self.mutual("renew", "alice")
        self.assertIn("not yet", self.mutual("needs-renewal", "pki/issued/alice.crt", code=1))
        self.mutual("revoke", "alice", "--reason", "certificateHold", "--no-crl")
        self.assertIn("'alice' is on hold since", self.mutual("needs-renewal", "alice", "--quiet", code=255))
        self.mutual("revoke", "alice", "--release", "--no-crl")
        self.mutual("needs-renewal", "alice", code=1)
        self.mutual("revoke", "alice", "--reason", "superseded", "--no-crl")
        self.assertRegex(self.mutual("needs-renewal", "alice", "--quiet", code=255), r"'alice' was revoked on .* \(superseded\), and is not renewed")
        self.mutual("issue", "client", "alice")
        self.mutual("needs-renewal", "alice", code=1)
        os.rename(self.at("pki/inventory.db"), self.at("away"))  # a folder of files alone
        self.mutual("needs-renewal", "alice", code=1)

    def test_a_timer_s_slip_of_the_pen_is_a_failure_and_no_quiet_skip(self):
        """systemd's ExecCondition= skips a unit without a word for 1 to 254, and fails it for 255."""
        for line in ([], ["alice", "--quite"], ["alice", "bob"], ["alice", "--at", "0"], ["alice", "--at", "101"], ["alice", "--at"],
                     ["alice", "--pki", "nowhere"], ["../x"], [""], ["*"]):
            said = self.mutual("needs-renewal", *line, code=255)
            self.assertNotEqual(said, "", line)
        self.mutual("--pki", "pki", "needs-renewal", "alice", code=255)
        self.mutual("show", "needs-renewal", "--quite", code=2)
        # What cannot be printed must not look like "not yet" either.
        self.write("template", b'cn = due\nactivation_date = "2020-01-01"\nexpiration_date = "2021-01-01"\n')
        self.run_tool("certtool", "--generate-privkey", "--key-type=ecdsa", "--outfile", "due.key")
        self.run_tool("certtool", "--generate-self-signed", "--load-privkey", "due.key", "--template", "template", "--outfile", "due.crt")
        with open("/dev/full", "w") as full:
            done = subprocess.run([MUTUAL, "needs-renewal", "due.crt"], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 255)

    def test_an_expired_name_is_issued_anew_and_its_old_files_are_kept(self):
        # Its end is moved into the past where nothing guards it: in a copy of the table's own rules.
        database = sqlite3.connect(self.at("pki/inventory.db"))
        database.executescript("DROP TRIGGER certificates_keep; UPDATE certificates SET not_after = 1 WHERE name = 'alice'")
        database.close()
        before = self.read("pki/issued/alice.key")
        serial = self.serial("alice")
        self.assertEqual(self.status("alice"), "expired")
        self.assertIn("alice", self.mutual("list", "--expiring", "10"))
        self.mutual("issue", "client", "alice")
        self.assertNotEqual(self.read("pki/issued/alice.key"), before)
        self.assertEqual(self.read(f"pki/issued/replaced/alice.{serial}.key"), before)
        self.assertEqual(os.stat(self.at("pki/issued/replaced")).st_mode & 0o777, 0o700)
        self.assertNotIn("alice", self.mutual("list", "--expiring", "10"))

    def test_list_has_filters(self):
        self.mutual("issue", "client", "soon", "--days", "3")
        self.mutual("revoke", "alice")
        named = lambda *line: [one["name"] for one in json.loads(self.mutual("list", "--json", *line))]
        self.assertEqual(named("--revoked"), ["alice"])
        self.assertEqual(named("--expiring", "5"), ["soon"])
        self.assertEqual(len(named()), 5)
        row = json.loads(self.mutual("list", "--json", "--revoked"))[0]
        self.assertEqual((row["status"], row["reason"]), ("revoked", "unspecified"))

    def test_list_shows_those_of_a_name_a_profile_and_an_issuer(self):
        self.mutual("issue", "client", "bob")
        self.mutual("renew", "bob", "--new-key")
        self.mutual("rotate", "intermediate")
        self.mutual("issue", "server", "web", "--days", "3")
        self.mutual("issue", "peer", "node")
        named = lambda *line: sorted(one["name"] for one in json.loads(self.mutual("list", "--json", *line)))
        self.assertEqual(named("--name", "bob"), ["bob", "bob"])
        self.assertEqual(named("--profile", "server"), ["localhost", "web"])
        self.assertEqual(named("--profile", "root"), ["root"])
        self.assertEqual(named("--issuer", "Acme Intermediate CA 2"), ["node", "web"])
        self.assertEqual(named("--issuer", "CN=Acme Intermediate CA,O=Acme"), ["alice", "bob", "bob", "localhost"])
        self.assertEqual(named("--issuer", "Acme Root CA"), ["intermediate", "intermediate", "root"])
        # Together, and with those that there were.
        self.assertEqual(named("--issuer", "Acme Intermediate CA", "--profile", "server"), ["localhost"])
        self.assertEqual(named("--profile", "server", "--expiring", "5"), ["web"])
        self.mutual("revoke", "node")
        self.assertEqual(named("--revoked", "--profile", "peer"), ["node"])
        self.assertEqual(named("--revoked", "--name", "bob"), [])
        lines = self.mutual("list", "--name", "web").splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^NAME  +PROFILE")
        self.assertRegex(lines[1], r"^web +server +valid")

    def test_a_filter_that_names_nothing_known_is_told_from_one_that_finds_nothing(self):
        self.assertIn("nothing was ever issued as 'bbo'", self.mutual("list", "--name", "bbo", code=1))
        self.assertIn("nothing was ever issued as '../x'", self.mutual("list", "--name", "../x", code=1))
        said = self.mutual("list", "--issuer", "Acme CA", code=1)
        self.assertIn("no CA of this inventory is called 'Acme CA': there are 'Acme Intermediate CA', 'Acme Root CA'", said)
        self.assertIn("is none of server, client, peer", self.mutual("list", "--profile", "clients", code=2))
        self.assertEqual(self.mutual("list", "--profile", "peer", "--json"), "[]\n")

    def test_a_pkcs12_with_a_password_is_renewed_with_one(self):
        self.write("password", b"sesame\n")
        self.mutual("issue", "client", "bob", "--password-file", "password")
        self.assertIn("has a password", self.mutual("renew", "bob", code=1))
        self.mutual("renew", "bob", "--password-file", "password")
        self.run_tool("openssl", "pkcs12", "-in", "pki/issued/bob.p12", "-passin", "pass:sesame", "-noout")

    def test_a_request_from_elsewhere_is_signed_or_refused(self):
        self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.key", "-out", "web.csr", "-subj",
                      "/O=Evil/OU=admins/CN=web.example.com", "-addext", "subjectAltName=DNS:web.example.com")
        self.mutual("sign", "web.csr", "--profile", "server", "--days", "30")
        self.run_tool("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "pki/trust.crt", "-untrusted",
                      "pki/intermediate.crt", "pki/issued/web.example.com.crt")
        shown = self.mutual("show", "web.example.com")
        self.assertIn("CN=web.example.com,O=Acme\n", shown)
        self.assertNotIn("admins", shown)
        self.assertFalse(os.path.exists(self.at("pki/issued/web.example.com.key")))
        self.run_tool("certtool", "--generate-privkey", "--key-type=ecdsa", "--outfile", "g.key")
        self.write("template", b"cn = gnu\nuri = spiffe://acme/gnu\n")
        self.run_tool("certtool", "--generate-request", "--load-privkey", "g.key", "--template", "template", "--outfile", "g.csr")
        self.mutual("sign", "g.csr")
        before = sorted(os.listdir(self.at("pki/issued")))
        self.run_tool("openssl", "req", "-new", "-key", "k.key", "-out", "ca.csr", "-subj", "/CN=ca", "-addext",
                      "basicConstraints=CA:TRUE")
        good = self.read("web.csr")
        self.run_tool("openssl", "req", "-in", "web.csr", "-outform", "DER", "-out", "web.der")
        der = self.read("web.der")
        self.write("forged.csr", der[:-1] + bytes([der[-1] ^ 1]))
        self.write("cut.csr", good[:300])
        self.write("two.csr", good + good)
        self.write("long.csr", der + b"x")
        for name, sentence in (("ca.csr", "it asks to be a CA"), ("forged.csr", "may not hold that key"),
                               ("cut.csr", "damaged or cut off"), ("two.csr", "several certificate signing requests"),
                               ("pki/root.crt", "no certificate signing requests"), ("long.csr", "it is neither PEM"),
                               ("none.csr", "No such file")):
            self.assertIn(sentence, self.mutual("sign", name, "--name", "new", code=1))
        self.assertIn("was issued already", self.mutual("sign", "web.csr", "--name", "alice", code=1))
        self.assertEqual(sorted(os.listdir(self.at("pki/issued"))), before)


class Client:
    """A client of one version of TLS, on Python's own; keeps a connection, or takes a session up again."""

    def __init__(self, test, version, port, session=None, context=None):
        self.context = context
        if context is None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self.context.load_verify_locations(test.at("pki/trust.crt"))
            self.context.load_cert_chain(test.at("pki/issued/alice.crt"), test.at("pki/issued/alice.key"))
            self.context.minimum_version = self.context.maximum_version = version
        raw = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.tls = self.context.wrap_socket(raw, server_hostname="localhost", session=session)

    def get(self):
        """The status, or None if the server has closed."""
        try:
            self.tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = self.tls.recv(65536)
            return int(answer.split()[1]) if answer else None
        except (ssl.SSLError, ConnectionError):
            return None

    def closes_within(self, seconds):
        self.tls.settimeout(seconds)
        started = time.monotonic()
        try:
            while self.tls.recv(65536):
                pass
        except (ssl.SSLError, ConnectionError) as ended:
            if isinstance(ended, TimeoutError):
                return None
        except TimeoutError:
            return None
        return time.monotonic() - started

    def close(self):
        """Without a close_notify, as most programs in Python do it; the session can be taken up again all the same."""
        self.tls.close()


class RunningServer(LifeTest):
    def test_a_revocation_reaches_new_handshakes_sessions_and_live_connections_within_a_second_or_so(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version=version.name):
                shutil.rmtree(self.at("pki"))
                self.make_pki()
                self.mutual("issue", "client", "bob")
                server = self.serve()
                live = Client(self, version, server.port)
                self.addCleanup(live.close)
                self.assertEqual(live.get(), 200)
                other = Client(self, version, server.port, context=live.context)
                self.assertEqual(other.get(), 200)
                session = other.tls.session
                other.close()
                again = Client(self, version, server.port, session=session, context=live.context)
                self.addCleanup(again.close)
                self.assertTrue(again.tls.session_reused)
                self.assertEqual(again.get(), 200)
                session = again.tls.session
                again.close()

                self.mutual("revoke", "alice", "--reason", "keyCompromise")
                took = live.closes_within(10)
                self.assertIsNotNone(took, "the live connection stayed open")
                self.assertLess(took, 5)  # A second on a machine with nothing else to do.
                for resumed in (session, None):
                    self.assertIsNone(self.try_to_get(version, server.port, resumed, live.context))
                server.wait_for("revoked")
                url = f"https://localhost:{server.port}/"
                said = self.mutual("get", url, "--cert", "pki/issued/alice.crt", "--key", "pki/issued/alice.key", "--trust",
                                   "pki/trust.crt", code=1)
                self.assertIn("revoked", said)
                line = ["curl", "-sS", "--cacert", "pki/trust.crt", "--max-time", "20", url]
                self.assertIn("Hello, bob", self.run_tool(*line, "--cert", "pki/issued/bob.crt", "--key", "pki/issued/bob.key"))
                # Issued anew, with a new key, alice is let in; and taken away from the name, everything is gone.
                self.mutual("issue", "client", "alice")
                self.assertIn("Hello, alice", self.run_tool(*line, "--cert", "pki/issued/alice.p12", "--cert-type", "p12"))
                self.assertEqual(server.stop(), 0)

    def try_to_get(self, version, port, session, context):
        try:
            client = Client(self, version, port, session=session, context=context)
        except (ssl.SSLError, ConnectionError):
            return None
        try:
            return client.get()
        finally:
            client.close()

    def test_a_server_keeps_what_it_has_when_the_list_is_older_forged_or_gone(self):
        self.mutual("issue", "client", "bob")
        self.mutual("crl")
        first = self.read("pki/crl.pem")
        self.mutual("revoke", "alice")
        newest = self.read("pki/crl.pem")
        server = self.serve()
        self.assertIn("checked, by 2 revocation lists", server.log())
        line = ["curl", "-sS", "--cacert", "pki/trust.crt", "--max-time", "20", f"https://localhost:{server.port}/"]
        alice = ["--cert", "pki/issued/alice.crt", "--key", "pki/issued/alice.key"]
        bob = ["--cert", "pki/issued/bob.crt", "--key", "pki/issued/bob.key"]
        der = bytearray(self.read("pki/intermediate.crl"))
        der[-1] ^= 1
        self.write("forged.der", bytes(der))
        forged = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "forged.der").encode()
        forged += newest[newest.rindex(b"-----BEGIN"):]
        for contents, sentence in ((first, "is older than the one in use"), (forged, "is not signed by the CA of that name"),
                                   (newest[:200], "damaged or cut off"), (None, "has gone: make another")):
            os.remove(self.at("pki/crl.pem"))
            if contents is not None:
                self.write("new.pem", contents)
                os.rename(self.at("new.pem"), self.at("pki/crl.pem"))
            server.wait_for(re.escape(sentence))
            self.assertIn("Hello, bob", self.run_tool(*line, *bob))
            self.assertNotIn("Hello", self.run_tool(*line, *alice, code=None))
            self.write("new.pem", newest)
            os.rename(self.at("new.pem"), self.at("pki/crl.pem"))
            time.sleep(1.2)
        self.assertIn("Hello, bob", self.run_tool(*line, *bob))

    def test_what_counts_where_a_list_is_missing_is_named(self):
        self.mutual("issue", "client", "bob")
        self.mutual("revoke", "alice")
        leaves = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.crl").encode()
        self.write("leaves.pem", leaves)  # and none of the root
        files = ["--cert", "pki/issued/localhost.crt", "--key", "pki/issued/localhost.key", "--trust", "pki/root.crt",
                 "--crl", "leaves.pem"]
        bob = ["--cert", "pki/issued/bob.crt", "--key", "pki/issued/bob.key"]
        alice = ["--cert", "pki/issued/alice.crt", "--key", "pki/issued/alice.key"]
        for policy, let_in in (("strict", False), ("grace=6h", False), ("off", True)):
            server = self.serve(*files, "--stale-lists", policy)
            line = ["curl", "-sS", "--cacert", "pki/root.crt", "--max-time", "20", f"https://localhost:{server.port}/"]
            self.assertEqual("Hello, bob" in self.run_tool(*line, *bob, code=None), let_in, policy)
            self.assertNotIn("Hello", self.run_tool(*line, *alice, code=None), policy)
            self.assertEqual("revocation_unknown" in server.log(), not let_in, policy)
            server.stop()
        said = self.run_tool(MUTUAL, "serve", *files, "--stale-lists", "grace=soon", code=2)
        self.assertIn("write strict, off, or grace= and a length of time (grace=6h)", said)

    def test_a_server_does_not_begin_without_the_lists_that_were_made(self):
        self.mutual("revoke", "alice")
        os.remove(self.at("pki/crl.pem"))
        said = self.run_tool(MUTUAL, "serve", "--listen", "localhost:0", code=1)
        self.assertIn("crl.pem", said)
        self.mutual("crl")
        server = self.serve()
        self.assertIn("revoked", self.run_tool("curl", "-sS", "--cacert", "pki/trust.crt", "--cert", "pki/issued/alice.p12",
                                               "--cert-type", "p12", f"https://localhost:{server.port}/", code=None))

    def test_a_renewed_certificate_is_presented_without_a_restart(self):
        server = self.serve()
        def presented():
            return self.run_tool("openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-showcerts", code=None)
        before = self.serial("localhost")
        for more in ([], ["--new-key"]):
            self.mutual("renew", "localhost", *more)
            after = self.serial("localhost")
            self.assertNotEqual(before, after)
            server.wait_for("generation " + ("2" if not more else "[3-9]"))
            pem = self.read("pki/issued/localhost.crt").decode().split("-----END")[0].strip()
            end = time.monotonic() + 5
            while pem not in presented() and time.monotonic() < end:
                time.sleep(0.2)
            self.assertIn(pem, presented())


if __name__ == "__main__":
    unittest.main()
