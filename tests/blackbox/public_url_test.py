"""Certificates that say where their issuer's list, certificate and OCSP are, as other people's programs follow them."""

import os
import shutil
import unittest
import urllib.request

from est_test import EstTest
from serving import free_port


class PublicUrl(EstTest):
    def init(self, *more):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.write("limits.toml", f'public_url = "{self.base}/"\n'.encode())
        super().init("--limits", "limits.toml", *more)

    def start(self):
        server = self.serve("--plain-listen", f"127.0.0.1:{self.port}", command=("ca", "serve"))
        self.url, self.plain = f"https://localhost:{server.port}", self.base
        server.wait_for("Plain:")

    def text(self, name):
        return self.run_tool("openssl", "x509", "-in", name, "-noout", "-text")

    def serial(self, name):
        return self.run_tool("openssl", "x509", "-in", name, "-noout", "-serial").strip().split("=")[1].lower()

    def check(self, name, issuer, ocsp=True):
        """What the certificate says, as openssl reads it; gives the URL of the list."""
        text = self.text(name)
        serial = self.serial(issuer)
        for what, url in (("CA Issuers - URI:", f"{self.base}/issuer/{serial}.crt"), ("URI:", f"{self.base}/crl/{serial}.crl")):
            self.assertIn(f"{what}{url}\n", text)
        self.assertEqual(f"OCSP - URI:{self.base}/ocsp\n" in text, ocsp)
        for extension in ("Authority Information Access: ", "CRL Distribution Points: "):
            self.assertEqual(text.count(extension), 1)
            self.assertNotIn(extension + "critical", text)
        return f"{self.base}/crl/{serial}.crl"

    def fetch(self, url, to, media_type):
        with urllib.request.urlopen(url, timeout=20) as answer:
            self.assertEqual(answer.headers["Content-Type"], media_type)
            self.write(to, answer.read())

    def test_every_way_of_issuing_says_so(self):
        self.start()
        self.mutual("issue", "peer", "web.acme.example")
        self.mutual("renew", "alice", "--new-key")
        self.run_tool("openssl", "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "carol.key", "-subj", "/CN=carol", "-out",
                      "carol.csr")
        self.mutual("sign", "carol.csr")
        self.enroll("bob")
        for name in ("localhost", "web.acme.example", "alice", "carol", "bob"):
            self.check("bob.crt" if name == "bob" else f"pki/issued/{name}.crt", "pki/intermediate.crt")
        self.check("pki/intermediate.crt", "pki/root.crt", ocsp=False)
        self.assertNotIn(self.base, self.text("pki/root.crt"))
        self.assertIn(f"{self.base}/ocsp", self.mutual("show", "alice"))

    def test_a_root_with_a_negative_serial_number_gets_one_that_urls_can_name(self):
        self.check_root_with("-5")

    def test_a_root_with_the_serial_number_0_gets_a_positive_one(self):
        self.check_root_with("0")

    def check_root_with(self, serial):
        shutil.rmtree(self.at("pki"))
        self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "old.key", "-out", "old.crt", "-days", "365",
                      "-subj", "/O=Old/CN=Old", "-set_serial", serial, "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        said = self.mutual("import", "old.crt", "--key", "old.key", "--host", "localhost", "--limits", "limits.toml")
        self.assertIn("made anew, with the same name and key", said)
        self.start()
        self.fetch(self.check("pki/intermediate.crt", "pki/root.crt", ocsp=False), "list", "application/pkix-crl")
        self.fetch(f"{self.base}/issuer/{self.serial('pki/root.crt')}.crt", "issuer", "application/pkix-cert")
        self.run_tool("openssl", "x509", "-inform", "DER", "-in", "issuer", "-noout")
        # Whoever trusts the one before believes what is issued now.
        self.run_tool("openssl", "verify", "-CAfile", "old.crt", "-untrusted", "pki/intermediate.crt", "pki/issued/localhost.crt")

    def test_what_the_urls_lead_to_is_the_issuers(self):
        self.start()
        for name, issuer, ocsp in (("pki/issued/alice.crt", "pki/intermediate.crt", True),
                                   ("pki/intermediate.crt", "pki/root.crt", False)):
            self.fetch(self.check(name, issuer, ocsp), "list", "application/pkix-crl")
            self.fetch(f"{self.base}/issuer/{self.serial(issuer)}.crt", "issuer", "application/pkix-cert")
            self.run_tool("openssl", "crl", "-inform", "DER", "-in", "list", "-CAfile", issuer, "-noout")
            self.run_tool("openssl", "x509", "-inform", "DER", "-in", "issuer", "-out", "issuer.pem")
            self.assertEqual(self.serial("issuer.pem"), self.serial(issuer))
        for path in ("/issuer/00.crt", "/issuer/intermediate.crt", "/issuer/..%2froot.crt", "/crl/00.crl", "/issuer/" + "a" * 50 + ".crt"):
            self.assertEqual(self.get(path)[0], 404, path)

    def test_openssl_asks_where_the_certificate_says(self):
        self.start()
        place = self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt", "-noout", "-ocsp_uri").strip()
        line = ["openssl", "ocsp", "-issuer", "pki/intermediate.crt", "-cert", "pki/issued/alice.crt", "-url", place, "-CAfile",
                "pki/root.crt", "-verify_other", "pki/intermediate.crt"]
        self.assertIn("alice.crt: good", self.run_tool(*line))
        self.mutual("revoke", "alice")
        self.assertIn("alice.crt: revoked", self.run_tool(*line))
        verify = ["openssl", "verify", "-crl_check", "-crl_download", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt"]
        self.assertIn("OK", self.run_tool(*verify, "pki/issued/localhost.crt"))
        self.assertIn("revoked", self.run_tool(*verify, "pki/issued/alice.crt", code=2))

    def test_java_goes_there_by_itself(self):
        self.start()
        here = os.path.dirname(os.path.abspath(__file__))
        self.run_tool("javac", "-d", self.folder, os.path.join(here, "peers", "Judge.java"), timeout=120)
        def judge(how):
            return self.run_tool("java", "-Xshare:auto", "-Dcom.sun.security.enableCRLDP=true", "-cp", self.folder, "Judge", how, "-",
                                 "pki/root.crt", "pki/intermediate.crt", "pki/issued/alice.crt", timeout=120).strip()
        self.assertEqual((judge("their-ocsp"), judge("their-crl")), ("good", "good"))
        self.mutual("revoke", "alice", "--reason", "superseded")
        for how in ("their-ocsp", "their-crl"):
            said = judge(how)
            self.assertTrue(said.startswith("REVOKED") and "SUPERSEDED" in said, said)

    def test_after_a_rotation_older_certificates_find_their_own_issuers_list(self):
        for name in ("intermediate.crt", "root.crt"):
            self.write(f"old-{name}", self.read(f"pki/{name}"))
        self.write("alice.crt", self.read("pki/issued/alice.crt"))
        self.mutual("rotate", "root")
        self.mutual("issue", "client", "bob")
        self.mutual("revoke", "alice")
        self.start()
        self.check("pki/intermediate.crt", "pki/root.crt", ocsp=False)
        self.check("pki/issued/bob.crt", "pki/intermediate.crt")
        for name, issuer, ocsp in (("alice.crt", "old-intermediate.crt", True), ("old-intermediate.crt", "old-root.crt", False),
                                   ("pki/issued/bob.crt", "pki/intermediate.crt", True)):
            self.fetch(self.check(name, issuer, ocsp), "list", "application/pkix-crl")
            self.run_tool("openssl", "crl", "-inform", "DER", "-in", "list", "-CAfile", issuer, "-noout")
            self.fetch(f"{self.base}/issuer/{self.serial(issuer)}.crt", "issuer", "application/pkix-cert")
            self.run_tool("openssl", "x509", "-inform", "DER", "-in", "issuer", "-noout")
        verify = ["openssl", "verify", "-crl_check", "-crl_download", "-CAfile", "old-root.crt", "-untrusted", "old-intermediate.crt"]
        self.assertIn("revoked", self.run_tool(*verify, "alice.crt", code=2))
        # The new root as signed by the old one, for who knows only that.
        with open(self.at("cross.crt"), "wb") as file:
            file.write(b"-----BEGIN" + self.read("pki/intermediate.crt").split(b"-----BEGIN")[2])
        self.check("cross.crt", "old-root.crt", ocsp=False)


class Unnamed(EstTest):
    def test_without_it_certificates_name_no_place(self):
        for name in ("pki/intermediate.crt", "pki/issued/alice.crt"):
            self.assertNotIn("URI:", self.run_tool("openssl", "x509", "-in", name, "-noout", "-text"))

    def test_named_later_it_counts_from_the_next_certificate_on(self):
        self.write("pki/authority.toml", b'public_url = "http://pki.acme.example:8080/ca"\n')
        self.mutual("issue", "client", "bob")
        self.assertEqual(self.run_tool("openssl", "x509", "-in", "pki/issued/bob.crt", "-noout", "-ocsp_uri"),
                         "http://pki.acme.example:8080/ca/ocsp\n")

    def test_what_is_no_such_url_stops_issuing(self):
        for url in ("https://pki.acme.example", "pki.acme.example"):
            self.write("pki/authority.toml", f'public_url = "{url}"\n'.encode())
            self.assertIn("authority.toml, line 1: public_url", self.mutual("issue", "client", "bob", code=1))


if __name__ == "__main__":
    unittest.main()
