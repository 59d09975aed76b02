"""EST (RFC 7030) at mutual ca serve, with curl for the transport and openssl for requests and PKCS#7."""

import base64
import json
import os
import re
import shutil
import sqlite3
import threading
import time
import unittest

from ca_service_test import CaTest
from postgres import WithPostgres
from serving import MUTUAL
from stores import back_to


class EstTest(CaTest):
    def token(self, name, *more):
        return self.mutual("ca", "token", name, "--quiet", *more).strip()

    def request(self, name, subject=None, *more, key=None):
        """A key NAME.key, and a request for it in base64 (NAME.b64), as EST takes it."""
        how = ["-key", key] if key else ["-newkey", "ed25519", "-nodes", "-keyout", f"{name}.key"]
        self.run_tool("openssl", "req", "-new", *how, "-subj", subject or f"/CN={name}", "-outform", "DER", "-out", f"{name}.der", *more)
        self.run_tool("openssl", "base64", "-in", f"{name}.der", "-out", f"{name}.b64")
        return f"{name}.b64"

    def curl(self, operation, body=None, *more, out="answer", url=None, client=None):
        """The status; what was answered is in the file `out`."""
        line = ["curl", "-s", "--cacert", "pki/trust.crt", "-o", out, "-D", "head", "-w", "%{http_code}"]
        if client:
            line += ["--cert", f"{client}.crt", "--key", f"{client}.key"]
        if body:
            line += ["-H", "Content-Type: application/pkcs10", "-H", "Content-Transfer-Encoding: base64", "--data-binary", "@" + body]
        said = self.run_tool(*line, *more, f"{url or self.url}/.well-known/est/{operation}", code=None)
        return int(said[-3:]) if said[-3:].isdigit() else 0

    def certificate(self, name, answer="answer"):
        """Unpacks the PKCS#7 of an answer to NAME.crt, with openssl alone; gives its text."""
        self.run_tool("openssl", "base64", "-d", "-in", answer, "-out", "answer.p7")
        self.run_tool("openssl", "pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs", "-out", f"{name}.crt")
        return self.run_tool("openssl", "x509", "-in", f"{name}.crt", "-noout", "-text")

    def add_what_lies_between(self, name):
        """To the certificate in NAME.crt, from what cacerts has answered; roots are left out, by openssl and awk alone."""
        self.run_tool("sh", "-c", "openssl base64 -d -in cas | openssl pkcs7 -inform DER -print_certs | awk "
                      "'/^subject=/ {s = substr($0, 9)} /^issuer=/ {root = s == substr($0, 8)} !root' >>" + f"{name}.crt")

    def enroll(self, name, *token_options, subject=None):
        """With nothing but what EST gives."""
        self.assertEqual(self.curl("simpleenroll", self.request(name, subject), "-u", ":" + self.token(name, *token_options)), 200,
                         self.read("answer"))
        text = self.certificate(name)
        self.assertEqual(self.curl("cacerts", None, "-D", "cas.head", out="cas"), 200)
        self.add_what_lies_between(name)
        return text

    def names(self):
        return sorted((one["name"], one["status"]) for one in json.loads(self.mutual("list", "--json"))
                      if one["profile"] in ("client", "server", "peer"))

    def log_of(self, name):
        return [line for line in self.mutual("log").splitlines() if re.search(rf"\b{name}\b", line)]


class Enrolment(EstTest):
    def test_another_s_certificate_that_cannot_be_finished_holds_up_nobody_and_is_told(self):
        serial = [one["serial"] for one in json.loads(self.mutual("list", "--json")) if one["name"] == "alice"][-1]
        database = sqlite3.connect(self.at("pki/inventory.db"))
        with database:
            database.execute("UPDATE certificates SET state = 'recorded' WHERE name = 'alice'")
        database.close()
        for kind in ("crt", "key"):
            shutil.copy(self.at(f"pki/issued/alice.{kind}"), self.at(f"alice.{kind}"))
        os.remove(self.at("pki/issued/alice.crt"))
        os.mkdir(self.at(f"pki/issued/.{serial}.key"))
        server = self.ca_serve()
        self.enroll("bob")
        renewal = ("simplereenroll", self.request("new", "/O=Acme/CN=alice"))
        self.assertEqual(self.curl(*renewal, client="alice"), 503)
        self.assertEqual(self.names().count(("alice", "incomplete")), 1, "nothing of its name passes it by")
        server.wait_for("the last certificate of 'alice' is in the inventory, and its files must be written before there is another: ")
        server.wait_for(f"'alice' \\(serial {serial}\\) is in the inventory, and its files cannot be written: ")
        os.rmdir(self.at(f"pki/issued/.{serial}.key"))
        self.assertEqual(self.curl(*renewal, client="alice"), 200, self.read("answer"))

    def test_openssl_reads_whom_to_trust(self):
        self.ca_serve()
        self.assertEqual(self.curl("cacerts"), 200)
        self.run_tool("openssl", "base64", "-d", "-in", "answer", "-out", "answer.p7")
        self.run_tool("openssl", "pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs", "-out", "cas.pem")
        self.run_tool("openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "cas.pem", "pki/issued/alice.crt")
        self.assertEqual(self.read("cas.pem").count(b"BEGIN CERTIFICATE"), 2)
        self.assertIn(b"application/pkcs7-mime; smime-type=certs-only", self.read("head"))

    def test_the_lines_of_the_help_make_what_renews_itself(self):
        self.ca_serve()
        said = self.mutual("ca", "token", "--help")
        lines = said[said.index("  openssl req -new"):].replace(":TOKEN", ":" + self.token("bob")).replace(
            "https://ca.example:8443", self.url).replace("--cacert root.crt", "-sS --cacert pki/root.crt")
        self.run_tool("bash", "-c", "set -e -o pipefail\n" + lines)
        self.assertEqual(self.read("bob.crt").count(b"BEGIN CERTIFICATE"), 2)
        self.assertEqual(self.curl("simplereenroll", self.request("new", "/O=Acme/CN=bob"), client="bob"), 200)
        with open(self.at("alone.crt"), "w", encoding="utf-8") as file:
            file.write(self.run_tool("openssl", "x509", "-in", "bob.crt"))
        shutil.copy(self.at("bob.key"), self.at("alone.key"))
        self.assertEqual(self.curl("simplereenroll", self.request("new", "/O=Acme/CN=bob"), client="alone"), 0, "without it, not")

    def test_a_machine_without_a_certificate_gets_one_by_a_token_and_is_let_in_by_it(self):
        server = self.ca_serve()
        text = self.enroll("bob", "--uri", "spiffe://acme/ops/bob")
        self.assertIn("Subject: O = Acme, CN = bob" if "O = Acme" in text else "Subject: O=Acme, CN=bob", text)
        self.assertIn("URI:spiffe://acme/ops/bob", text)
        self.run_tool("openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt", "bob.crt")
        self.assertIn(("bob", "valid"), self.names())
        self.assertEqual(self.curl("cacerts", client="bob"), 200)
        self.assertRegex("\n".join(self.log_of("bob")), r"token [0-9a-f]{16}")
        server.wait_for(r"EST simpleenroll: client certificate 'bob', serial [0-9a-f]+, to token [0-9a-f]{16} from 127")

    def test_a_token_is_used_once_and_its_end_ends_it(self):
        server = self.ca_serve()
        token = self.token("bob")
        self.assertEqual(self.curl("simpleenroll", self.request("bob"), "-u", "x:" + token), 200)
        self.assertEqual(self.curl("simpleenroll", "bob.b64", "-u", "x:" + token), 200, "an answer may be lost")
        server.wait_for("EST simpleenroll repeated, nothing is issued: client certificate 'bob'")
        self.assertEqual(self.curl("simpleenroll", self.request("bob2", "/CN=bob"), "-u", "x:" + token), 401)
        self.assertIn(b"www-authenticate: basic realm=", self.read("head").lower())
        server.wait_for("was used on")
        short = self.token("carol", "--for", "1s")
        time.sleep(2.1)
        self.assertEqual(self.curl("simpleenroll", self.request("carol"), "-H", "Authorization: Bearer " + short), 401)
        self.assertEqual(self.curl("simpleenroll", self.request("carol"), "-u", ":wrong"), 401)
        self.assertEqual(self.curl("simpleenroll", self.request("carol")), 401)
        self.assertNotIn("carol", [name for name, _ in self.names()])
        self.assertNotIn(short, server.log() + self.mutual("log"))

    def test_a_token_can_be_withdrawn_and_dies_with_its_name(self):
        server = self.ca_serve()
        one, other, third = self.token("bob"), self.token("bob"), self.token("carol")
        self.assertIn("withdrawn: 1 token", self.mutual("ca", "token", "--withdraw", one.split(".")[0], "--why", "mailed"))
        self.assertEqual(self.curl("simpleenroll", self.request("bob"), "-u", ":" + one), 401)
        server.wait_for(f"the token {one.split('.')[0]} was withdrawn on")
        self.assertIn(f"token {one.split('.')[0]}: mailed", self.mutual("log"))
        self.assertEqual(json.loads(self.mutual("ca", "token", "--withdraw", "carol", "--json")), {"withdrawn": 1})
        self.assertEqual(self.curl("simpleenroll", self.request("carol"), "-u", ":" + third), 401)
        self.assertIn("no token of the id or name 'carol'", self.mutual("ca", "token", "--withdraw", "carol", code=1))
        # Who was revoked comes back by no token of before.
        self.enroll("bob")
        self.mutual("revoke", "bob")
        self.assertEqual(self.curl("simpleenroll", self.request("bob2", "/CN=bob"), "-u", ":" + other), 401)
        self.enroll("bob")

    def test_a_token_is_void_once_an_older_inventory_was_put_back(self):
        token, other = self.token("bob"), self.token("carol")
        shutil.copy(self.at("pki/inventory.db"), self.at("backup.db"))
        self.mutual("issue", "client", "dave")
        shutil.copy(self.at("backup.db"), self.at("pki/inventory.db"))
        for name in ("inventory.db-wal", "inventory.db-shm"):
            if os.path.exists(self.at("pki", name)):
                os.remove(self.at("pki", name))
        self.mutual("recover")
        self.ca_serve()
        for name, one in (("bob", token), ("carol", other)):
            self.assertEqual(self.curl("simpleenroll", self.request(name), "-u", ":" + one), 401)
        self.enroll("bob")

    def test_the_inventory_holds_no_token(self):
        secret = self.token("bob").split(".")[1]
        with open(self.at("pki/inventory.db"), "rb") as file:
            whole = file.read()
        for rest in ("pki/inventory.db-wal",):
            if os.path.exists(self.at(rest)):
                whole += self.read(rest)
        self.assertNotIn(secret.encode(), whole)
        self.assertNotIn(bytes.fromhex(secret), whole)

    def test_bad_requests_are_told_so_and_use_nothing_up(self):
        self.ca_serve()
        token = self.token("bob", "--uri", "spiffe://acme/bob")
        self.write("text.b64", b"hello world")
        self.write("empty.b64", b"")
        good = self.read(self.request("bob"))
        self.write("cut.b64", good[:-40])
        self.write("large.b64", b"A" * 100_000)
        forged = bytearray(base64.b64decode(good))
        forged[-1] ^= 1
        self.write("forged.b64", base64.b64encode(bytes(forged)))
        self.write("crt.b64", base64.b64encode(self.run_der("pki/issued/alice.crt")))
        before = self.names()
        # curl 7.88 loses an answer over HTTP/2 that comes before it has sent the whole body.
        self.assertEqual(self.curl("simpleenroll", "large.b64", "-u", ":" + token, "--http1.1"), 413)
        for body, status in (("text.b64", 400), ("cut.b64", 400), ("forged.b64", 400), ("crt.b64", 400),
                             ("empty.b64", 400),
                             (self.request("eve"), 403), (self.request("more", "/CN=bob", "-addext", "subjectAltName=DNS:evil.example"), 403),
                             (self.request("ca", "/CN=bob", "-addext", "basicConstraints=CA:TRUE"), 400)):
            self.assertEqual(self.curl("simpleenroll", body, "-u", ":" + token), status, (body, self.read("answer")))
        self.run_tool("openssl", "req", "-new", "-newkey", "rsa:1024", "-nodes", "-keyout", "weak.key", "-subj", "/CN=bob", "-outform", "DER", "-out", "weak.der")
        self.write("weak.b64", base64.b64encode(self.read("weak.der")))
        self.assertEqual(self.curl("simpleenroll", "weak.b64", "-u", ":" + token), 400)
        self.assertEqual(self.curl("simpleenroll", "bob.b64", "-u", ":" + token, "-H", "Content-Type: text/plain"), 415)
        self.assertEqual(self.names(), before)
        self.assertEqual(self.curl("simpleenroll", "bob.b64", "-u", ":" + token), 200)

    def run_der(self, name):
        self.run_tool("openssl", "x509", "-in", name, "-outform", "DER", "-out", "x.der")
        return self.read("x.der")

    def test_the_limits_of_the_authority_hold_here_too(self):
        self.ca_serve()
        token = self.token("web", "www.evil.example", "--profile", "server")
        self.write("pki/authority.toml", b'[server]\nnames.dns = ["acme.example"]\nlongest_days = 30\n')
        self.assertEqual(self.curl("simpleenroll", self.request("web"), "-u", ":" + token), 403)
        self.assertIn(b"may not carry the DNS name", self.read("answer"))
        self.write("pki/authority.toml", b'[server]\nnames.dns = ["evil.example"]\nlongest_days = 30\n')
        self.assertEqual(self.curl("simpleenroll", "web.b64", "-u", ":" + token), 200, self.read("answer"))
        self.certificate("web")
        self.run_tool("openssl", "x509", "-in", "web.crt", "-noout", "-checkend", str(29 * 86400))
        self.run_tool("openssl", "x509", "-in", "web.crt", "-noout", "-checkend", str(31 * 86400), code=1)

    def test_the_limits_hold_for_keys_that_are_made_here_and_the_key_is_of_a_kind_that_is_allowed(self):
        self.ca_serve()
        token = self.token("bob", "--uri", "spiffe://evil/bob")
        self.request("bob")
        self.write("pki/authority.toml", b'[client]\nnames.uris = ["spiffe://acme/"]\n')
        self.assertEqual(self.curl("serverkeygen", "bob.b64", "-u", ":" + token), 403)
        self.assertIn(b"may not carry the URI", self.read("answer"))
        self.write("pki/authority.toml", b'profiles = ["server"]\n')
        self.assertEqual(self.curl("serverkeygen", "bob.b64", "-u", ":" + token), 403)
        self.write("pki/authority.toml", b'[client]\nkey_kinds = ["p384", "ed25519"]\nlongest_days = 3\n')
        self.assertEqual(self.curl("serverkeygen", "bob.b64", "-u", ":" + token), 200, self.read("answer"))
        self.unpack_made_key()
        self.assertIn("P-384", self.run_tool("openssl", "x509", "-in", "made.crt", "-noout", "-text"))
        self.run_tool("openssl", "x509", "-in", "made.crt", "-noout", "-checkend", str(4 * 86400), code=1)
        self.write("pki/authority.toml", b'[client]\nkey_kinds = ["ed25519", "p256"]\n')
        self.assertEqual(self.curl("serverkeygen", self.request("carol"), "-u", ":" + self.token("carol")), 200, self.read("answer"))
        self.unpack_made_key()
        self.assertIn("P-256", self.run_tool("openssl", "x509", "-in", "made.crt", "-noout", "-text"))
        token = self.token("dave")
        self.write("pki/authority.toml", b"[client]\nkey_kinds = 3\n")
        self.assertEqual(self.curl("serverkeygen", self.request("dave"), "-u", ":" + token), 503)

    def test_openssl_reads_the_key_that_was_made_here(self):
        self.ca_serve()
        self.assertEqual(self.curl("serverkeygen", self.request("bob"), "-u", ":" + self.token("bob")), 200)
        self.unpack_made_key()
        self.assertFalse(os.path.exists(self.at("pki/issued/bob.key")))

    def unpack_made_key(self):
        """What serverkeygen has answered, as made.key and made.crt, which belong together."""
        parts = [part.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n", 1)[0] for part in self.read("answer").split(b"\r\n--")[0:]
                 if b"\r\n\r\n" in part]
        self.assertEqual(len(parts), 2)
        self.write("key.b64", parts[0])
        self.write("crt.b64", parts[1])
        self.run_tool("openssl", "base64", "-d", "-in", "key.b64", "-out", "made.der")
        self.run_tool("openssl", "pkey", "-inform", "DER", "-in", "made.der", "-out", "made.key")
        self.certificate("made", "crt.b64")
        self.assertEqual(self.run_tool("openssl", "pkey", "-in", "made.key", "-pubout"), self.run_tool("openssl", "x509", "-in", "made.crt", "-noout", "-pubkey"))

    def test_openssl_reads_what_kinds_of_keys_are_wanted(self):
        self.ca_serve()
        self.assertEqual(self.curl("csrattrs"), 200)
        self.run_tool("openssl", "base64", "-d", "-in", "answer", "-out", "attributes.der")
        text = self.run_tool("openssl", "asn1parse", "-inform", "DER", "-in", "attributes.der")
        self.assertIn("id-ecPublicKey", text)
        self.assertIn("prime256v1", text)

    def test_nothing_of_it_is_on_the_plain_listener(self):
        self.ca_serve()
        for operation in ("cacerts", "csrattrs", "simpleenroll"):
            self.assertEqual(self.get("/.well-known/est/" + operation)[0], 404)

    def test_a_token_for_who_has_a_certificate_says_that_it_gives_none_yet(self):
        said = self.mutual("ca", "token", "alice")
        self.assertIn("note: 'alice' has a certificate, which is good until", said)
        self.assertIn("gets none by this token before that", said)
        self.assertEqual(self.mutual("ca", "token", "alice", "--quiet").count("\n"), 1)
        self.assertNotIn("note:", self.mutual("ca", "token", "bob"))
        self.mutual("revoke", "alice")
        self.assertNotIn("note:", self.mutual("ca", "token", "alice"))

    def test_what_makes_no_sense_is_told_before_anything_is_made(self):
        before = self.mutual("log")
        for line in (["bob", "--for", "1w"], ["bob", "--for", "31d"], ["bob", "--withdraw", "bob"], ["bob", "--profile", "root"], ["../bob"], ["bob", "--uri", "no uri"], [],
                     ["web1 x", "--profile", "server"]):
            self.mutual("ca", "token", *line, code=2)
        self.assertIn("--renew-expired-for", self.mutual("ca", "serve", "--renew-expired-for", "soon", code=2))
        self.assertEqual(self.mutual("log"), before)


class Renewal(EstTest):
    def test_a_certificate_proves_its_own_renewal_with_a_new_key(self):
        server = self.ca_serve()
        self.enroll("bob", "--uri", "spiffe://acme/ops/bob")
        body = self.request("new", "/O=Acme/CN=bob", "-addext", "subjectAltName=URI:spiffe://acme/ops/bob")
        self.assertEqual(self.curl("simplereenroll", body, client="bob"), 200, self.read("answer"))
        text = self.certificate("new")
        self.assertIn("URI:spiffe://acme/ops/bob", text)
        self.assertEqual(self.run_tool("openssl", "pkey", "-in", "new.key", "-pubout"), self.run_tool("openssl", "x509", "-in", "new.crt", "-noout", "-pubkey"))
        self.assertIn(("bob", "replaced"), self.names())
        self.assertIn(("bob", "valid"), self.names())
        self.assertIn("peer CN=bob,O=Acme", "\n".join(self.log_of("bob")))
        server.wait_for(r"EST simplereenroll: client certificate 'bob', serial [0-9a-f]+, to peer CN=bob,O=Acme")

    def test_a_renewal_keeps_to_the_limits_of_today(self):
        self.ca_serve()
        self.enroll("bob", "--uri", "spiffe://acme/ops/bob")
        body = self.request("new", "/O=Acme/CN=bob", "-addext", "subjectAltName=URI:spiffe://acme/ops/bob")
        before = self.names()
        for toml in (b'names.uris = ["spiffe://acme/dev/"]\n', b'profiles = ["server"]\n', b'key_kinds = ["rsa3072"]\n'):
            self.write("pki/authority.toml", toml)
            for operation in ("simplereenroll", "simpleenroll"):
                self.assertEqual(self.curl(operation, body, client="bob"), 403, (toml, operation))
                self.assertIn(b"authority.toml", self.read("answer"))
        self.assertEqual(self.names(), before)
        self.write("pki/authority.toml", b'longest_days = 3\nkey_kinds = ["ed25519"]\n')
        self.assertEqual(self.curl("simplereenroll", body, client="bob"), 200, self.read("answer"))
        self.certificate("new")
        self.run_tool("openssl", "x509", "-in", "new.crt", "-noout", "-checkend", str(4 * 86400), code=1)

    def test_other_names_and_other_proofs_are_refused(self):
        self.ca_serve()
        self.enroll("bob")
        self.enroll("carol")
        before = self.names()
        for body in (self.request("a", "/O=Acme/CN=alice"), self.request("b", "/CN=bob"), self.request("c", "/O=Acme/CN=bob/OU=admins"),
                     self.request("d", "/O=Acme/CN=bob", "-addext", "subjectAltName=DNS:evil.example")):
            self.assertEqual(self.curl("simplereenroll", body, client="bob"), 403)
        self.assertEqual(self.curl("simplereenroll", self.request("e", "/O=Acme/CN=bob"), client="carol"), 403)
        self.assertEqual(self.curl("simplereenroll", self.request("f", "/O=Acme/CN=bob")), 403)
        self.assertIn(b"no_certificate", self.read("answer"))
        self.assertEqual(self.names(), before)

    def test_who_is_revoked_is_not_renewed(self):
        self.ca_serve()
        self.enroll("bob")
        self.mutual("revoke", "bob", "--reason", "keyCompromise")
        time.sleep(1)
        body = self.request("new", "/O=Acme/CN=bob")
        self.assertNotEqual(self.curl("simplereenroll", body, client="bob"), 200)
        self.assertEqual([status for name, status in self.names() if name == "bob"], ["revoked"])

    def test_one_that_has_ended_is_renewed_by_its_key_only_if_that_is_allowed_and_not_for_long(self):
        self.request("short", "/O=Acme/CN=short")
        self.short_lived("short", seconds=4)
        refusing = self.ca_serve()
        self.assertNotEqual(self.curl("simplereenroll", "short.b64"), 200)
        refusing.stop()
        server = self.ca_serve("--renew-expired-for", "1h")
        time.sleep(5)
        self.assertNotEqual(self.curl("simplereenroll", "short.b64", client="short"), 200)  # the handshake refuses it
        self.assertEqual(self.curl("simplereenroll", self.request("thief", "/O=Acme/CN=short")), 403)
        self.assertEqual(self.curl("simplereenroll", "short.b64"), 200, self.read("answer"))
        self.certificate("renewed")
        self.run_tool("openssl", "x509", "-in", "renewed.crt", "-noout", "-checkend", "0")
        self.assertIn("after the end of", "\n".join(self.log_of("short")))
        server.wait_for("EST simplereenroll: client certificate 'short'")
        # What is good and was given otherwise renews itself in TLS alone: nobody may take it for a renewal.
        self.assertEqual(self.curl("simplereenroll", self.request("again", "/O=Acme/CN=alice", key="pki/issued/alice.key")), 403)
        self.assertIn(b"present it in the TLS handshake", self.read("answer"))
        self.mutual("revoke", "short")
        self.assertEqual(self.curl("simplereenroll", "short.b64"), 403)
        server.stop()

    def short_lived(self, name, seconds):
        """NAME.crt for NAME.key, ending in some seconds, signed with the authority's key and put into its inventory."""
        from_time = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 300))
        until = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))
        self.write("ca.cnf", b"[ca]\ndefault_ca=x\n[x]\nnew_certs_dir=.\ndatabase=index\nserial=serial\ndefault_md=sha256\npolicy=p\n"
                             b"x509_extensions=e\n[p]\norganizationName=optional\ncommonName=supplied\n[e]\nbasicConstraints=critical,CA:FALSE\n"
                             b"keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        self.write("index", b"")
        serial = os.urandom(16).hex()
        self.write("serial", ("5" + serial[1:]).encode())
        self.run_tool("openssl", "req", "-inform", "DER", "-in", f"{name}.der", "-out", f"{name}.csr")
        self.run_tool("openssl", "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "pki/intermediate.crt", "-keyfile", "pki/intermediate.key",
                      "-in", f"{name}.csr", "-out", f"{name}.crt", "-startdate", from_time, "-enddate", until)
        self.write(f"{name}.crt", self.read(f"{name}.crt") + self.read("pki/intermediate.crt"))
        shutil.copy(self.at(f"{name}.crt"), self.at(f"pki/issued/{name}.crt"))
        # As after a backup: what the folder has and the inventory has not is taken in.
        self.write("pki/inventory.mark", b"damaged")
        self.mutual("recover")
        self.assertIn((name, "valid"), self.names())


class Rotation(EstTest):
    """A running service goes along with `mutual rotate`."""

    def ocsp(self, certificate, issuer, root, *more):
        return self.run_tool("openssl", "ocsp", "-issuer", issuer, "-cert", certificate, "-url", self.plain + "/ocsp", "-CAfile",
                             root, "-verify_other", issuer, *more)

    def test_everybody_is_answered_under_both_roots_and_new_certificates_come_of_the_new_one(self):
        self.ca_serve()
        self.enroll("bob")
        for name in ("root", "intermediate"):
            shutil.copy(self.at(f"pki/{name}.crt"), self.at(f"old-{name}.crt"))
        old_root, old_ca = "old-root.crt", "old-intermediate.crt"
        self.mutual("rotate", "root")
        self.enroll("carol")
        self.run_tool("openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "carol.crt", "carol.crt")
        self.run_tool("openssl", "verify", "-CAfile", old_root, "-untrusted", "carol.crt", "carol.crt")
        # Whoever is of the old CA is let in, and comes out with a certificate of the new one.
        self.run_tool("openssl", "req", "-new", "-key", "bob.key", "-subj", "/O=Acme/CN=bob", "-outform", "DER", "-out", "again.der")
        self.run_tool("openssl", "base64", "-in", "again.der", "-out", "again.b64")
        self.assertEqual(self.curl("simplereenroll", "again.b64", client="bob"), 200, self.read("answer"))
        self.certificate("bob2")
        self.run_tool("openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt", "bob2.crt")
        # Both CAs answer for what they have issued, and both roots for their CAs.
        end = time.monotonic() + 10
        while "good" not in self.ocsp("carol.crt", "pki/intermediate.crt", "pki/root.crt"):
            self.assertLess(time.monotonic(), end, "nobody answers for the new CA")
        self.mutual("revoke", "alice")
        self.assertIn("revoked", self.ocsp("pki/issued/alice.crt", old_ca, old_root))
        self.assertIn("good", self.ocsp("bob.crt", old_ca, old_root))
        self.assertIn("good", self.ocsp(old_ca, old_root, old_root))
        self.assertIn("good", self.ocsp("pki/intermediate.crt", "pki/root.crt", "pki/root.crt"))
        serial = self.run_tool("openssl", "x509", "-in", old_ca, "-noout", "-serial").strip().split("=")[1].lower().lstrip("0")
        status, _, body = self.get(f"/crl/retired/{serial}.crl")
        self.assertEqual(status, 200)
        self.write("old.crl", body)
        self.run_tool("openssl", "crl", "-verify", "-inform", "DER", "-in", "old.crl", "-CAfile", old_ca, "-noout")
        # Whom to trust holds both roots.
        self.assertEqual(self.curl("cacerts"), 200)
        self.run_tool("openssl", "base64", "-d", "-in", "answer", "-out", "answer.p7")
        cas = self.run_tool("openssl", "pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs")
        for name in ("CN=Acme Root CA\n", "CN=Acme Root CA 2\n", "CN=Acme Intermediate CA 2\n"):
            self.assertIn("subject=O=Acme, " + name, cas.replace(" = ", "="))


class EightAtOnce:
    def test_eight_clients_enrol_and_renew_at_once(self):
        server = self.ca_serve()
        tokens = [[self.token(f"m{client}-{n}") for n in range(3)] for client in range(8)]
        failures = []

        def live(client):
            for n, token in enumerate(tokens[client]):
                name = f"m{client}-{n}"
                how = ["curl", "-s", "--cacert", "pki/trust.crt", "-w", "%{http_code}", "-H", "Content-Type: application/pkcs10", "-o"]
                self.run_tool("openssl", "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", f"{name}.key", "-subj",
                              f"/O=Acme/CN={name}", "-outform", "DER", "-out", f"{name}.der")
                self.run_tool("openssl", "base64", "-in", f"{name}.der", "-out", f"{name}.b64")
                for operation, proof in (("simpleenroll", ("-u", ":" + token)), ("simplereenroll", ("--cert", f"{name}.crt", "--key", f"{name}.key"))):
                    status = self.run_tool(*how, f"{name}.p7", *proof, "--data-binary", f"@{name}.b64",
                                           f"{self.url}/.well-known/est/{operation}", code=None)
                    if status != "200":
                        failures.append((name, operation, status))
                        return
                    self.run_tool("openssl", "base64", "-d", "-in", f"{name}.p7", "-out", f"{name}.p7b")
                    self.run_tool("openssl", "pkcs7", "-inform", "DER", "-in", f"{name}.p7b", "-print_certs", "-out", f"{name}.crt")
                    with open(self.at(f"{name}.crt"), "ab") as file:
                        file.write(self.read("pki/intermediate.crt"))

        threads = [threading.Thread(target=live, args=(client,)) for client in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(failures, [], server.log())
        all = [one for one in json.loads(self.mutual("list", "--json")) if one["name"].startswith("m")]
        self.assertEqual(sorted((one["name"], one["status"]) for one in all),
                         sorted((f"m{client}-{n}", status) for client in range(8) for n in range(3) for status in ("replaced", "valid")))
        self.assertEqual(len({one["serial"] for one in all}), 48)
        good = {one["name"]: one["serial"] for one in all if one["status"] == "valid"}
        for name, serial in good.items():
            self.assertEqual(self.run_tool("openssl", "x509", "-in", f"{name}.crt", "-noout", "-serial").strip().lower(), "serial=" + serial)
        self.run_tool("openssl", "verify", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt", "m0-0.crt", "m7-2.crt")


class OnPostgresql(EightAtOnce, WithPostgres, EstTest):
    def init(self, *more):
        self.database, url = self.postgres.new_database()
        super().init("--store", url, *more)

    def test_several_services_use_a_token_once(self):
        shutil.copytree(self.at("pki"), self.at("other"))
        urls = []
        for folder in ("pki", "other"):
            server = self.serve("--pki", folder, "--quiet", command=("ca", "serve"))
            urls.append(f"https://localhost:{server.port}")
        for turn in range(3):
            token = self.token(f"bob{turn}")
            bodies = [self.request(f"r{turn}{n}", f"/CN=bob{turn}") for n in range(6)]
            statuses = [0] * len(bodies)

            def ask(n):
                line = ["curl", "-s", "--cacert", "pki/root.crt", "-o", f"out{n}", "-w", "%{http_code}", "-u", ":" + token, "-H",
                        "Content-Type: application/pkcs10", "--data-binary", "@" + bodies[n], f"{urls[n % 2]}/.well-known/est/simpleenroll"]
                statuses[n] = int(self.run_tool(*line))

            threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(bodies))]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
            self.assertEqual(sorted(statuses)[0], 200, statuses)
            self.assertTrue(all(status in (401, 409) for status in sorted(statuses)[1:]), statuses)
            self.assertEqual([name for name, _ in self.names()].count(f"bob{turn}"), 1)
        self.assertEqual(self.postgres.sql("SELECT count(*) FROM tokens WHERE used_at IS NOT NULL", self.database).strip(), "3")

    def test_connections_that_were_lost_fail_nobody(self):
        self.ca_serve()
        for turn in range(3):
            self.assertIn("alice.crt: good", self.openssl_ocsp("-cert", "pki/issued/alice.crt"))
            for ask in (lambda: self.openssl_ocsp("-cert", "pki/issued/alice.crt", more=("-no_nonce",)), lambda: self.enroll(f"bob{turn}")):
                if turn < 2:
                    time.sleep(0.3)  # Those that were checked a moment ago, too.
                self.postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mutual'")
                said = ask()
                self.assertNotIn("trylater", said or "")
        self.assertEqual([name for name, _ in self.names() if name.startswith("bob")], ["bob0", "bob1", "bob2"])

    def test_a_token_that_was_used_cannot_be_used_again_whoever_holds_the_database(self):
        self.ca_serve()
        self.enroll("bob")
        for change in ("UPDATE tokens SET used_at = NULL", "DELETE FROM tokens", "UPDATE tokens SET ends_at = 9999999999"):
            with self.assertRaises(AssertionError):
                self.postgres.sql(change, self.database)


class OnSqlite(EightAtOnce, EstTest):
    def test_a_token_that_was_used_cannot_be_used_again_whoever_holds_the_database(self):
        self.ca_serve()
        self.enroll("bob")
        database = sqlite3.connect(self.at("pki/inventory.db"))
        for change in ("UPDATE tokens SET used_at = NULL", "DELETE FROM tokens", "UPDATE tokens SET ends_at = 9999999999"):
            with self.assertRaises(sqlite3.Error):
                database.execute(change)
        database.close()

    def test_an_inventory_of_the_version_before_learns_of_tokens(self):
        database = sqlite3.connect(self.at("pki/inventory.db"))
        database.executescript(";".join(["DROP TABLE tokens", "DROP INDEX certificates_few", "DROP TABLE incarnations",
                                         "DROP TABLE compromised_keys", *back_to(2)]))
        database.close()
        mark = self.read("pki/inventory.mark")  # which the version before would have written so
        self.write("pki/inventory.mark", b"".join(line for line in mark.splitlines(True) if not line.startswith(b"incarnation")))
        self.ca_serve()
        self.enroll("bob")

    def test_an_inventory_of_version_9_learns_of_used_requests(self):
        database = sqlite3.connect(self.at("pki/inventory.db"))
        database.executescript("DROP TABLE late_renewals; UPDATE schema_version SET version = 9")
        database.close()
        self.ca_serve()
        self.enroll("bob")
        database = sqlite3.connect(self.at("pki/inventory.db"))
        self.assertEqual(database.execute("SELECT count(*) FROM late_renewals").fetchone(), (0,))
        database.execute("INSERT INTO late_renewals VALUES ('d', '1', 7, 7)")
        for change in ("DELETE FROM late_renewals", "UPDATE late_renewals SET proved_until = 9",
                       "INSERT OR REPLACE INTO late_renewals VALUES ('d', '1', 9, 9)"):
            with self.assertRaises(sqlite3.Error):
                database.execute(change)
        database.close()


if __name__ == "__main__":
    unittest.main()
