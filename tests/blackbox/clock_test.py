"""An authority whose clock is ahead for a while: what it did then takes nobody's revocation back, and locks nobody out."""

import json
import os
import re
import shutil
import ssl
import subprocess
import time

from authority_test import AuthorityTest
from ca_service_test import CaTest
from later import Later


class Ahead(Later, AuthorityTest):
    def setUp(self):
        super().setUp()
        self.make_clock()
        self.good("init", "--name", "Acme")

    def ahead(self, days, *line):
        return self.good(*line, env=self.in_days(days))

    def list_of(self, called):
        return self.run_tool("openssl", "crl", "-inform", "DER", "-in", f"pki/{called}.crl", "-noout", "-text")

    def refused_by_openssl(self):
        done = subprocess.run(["openssl", "verify", "-crl_check_all", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt",
                               "-CRLfile", "pki/crl.pem", "pki/issued/bob.crt"], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        return done.returncode != 0 and "certificate revoked" in done.stdout + done.stderr

    def test_takes_no_revocation_back(self):
        self.good("issue", "client", "bob", "--days", "3")
        self.good("issue", "client", "carol")
        self.good("revoke", "bob", "--reason", "keyCompromise")
        for _ in range(2):
            self.ahead(4, "crl")
        self.good("revoke", "carol")
        self.assertEqual(self.list_of("intermediate").count("Serial Number: "), 2)
        self.assertTrue(self.refused_by_openssl())
        self.good("crl")
        self.assertEqual(self.list_of("intermediate").count("Serial Number: "), 2)

    def test_leaves_no_list_that_nobody_takes(self):
        self.good("crl")
        self.ahead(300, "crl")
        self.assertRegex(self.list_of("root"), "CRL Number: *\n *2")
        self.good("crl")
        self.assertRegex(self.list_of("root"), "CRL Number: *\n *3")
        self.good("issue", "client", "bob")
        self.run_tool("openssl", "verify", "-crl_check_all", "-CAfile", "pki/root.crt", "-untrusted", "pki/intermediate.crt",
                      "-CRLfile", "pki/crl.pem", "pki/issued/bob.crt")
        numbers = lambda: [int(re.search(r"CRL Number: *\n *(\d+)", self.list_of(one)).group(1)) for one in ("root", "intermediate")]
        before = numbers()
        self.good("crl")
        self.assertEqual(numbers(), [before[0], before[1] + 1])

    def test_a_root_s_list_that_has_not_begun_holds_up_no_revocation_while_the_root_s_key_is_away(self):
        self.good("issue", "client", "bob")
        os.mkdir(self.at("away"))
        shutil.move(self.at("pki/root.key"), self.at("away/root.key"))
        os.remove(self.at("pki/root.crl"))
        self.ahead(1, "crl", "--root-key", "away/root.key")
        done = self.mutual("revoke", "bob", "--reason", "keyCompromise")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("a root's revocation list begins later, by a clock that was ahead, and nobody goes by it yet", done.stderr)
        first = self.run_tool("openssl", "crl", "-in", "pki/crl.pem", "-noout", "-text")
        self.assertEqual(first.count("Serial Number: "), 1, "those that have another list of the root hear of it")
        self.assertEqual(self.read("pki/crl.pem").count(b"BEGIN X509 CRL"), 2)
        # One that was brought by hand, while servers have another that they go by.
        early = self.read("pki/root.crl")
        self.good("crl", "--root-key", "away/root.key")
        before = self.read("pki/crl.pem").split(b"-----END")[1]
        self.write("pki/root.crl", early)
        done = self.mutual("crl")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("a root's revocation list begins later", done.stderr)
        self.assertEqual(self.read("pki/crl.pem").split(b"-----END")[1], before)
        self.good("crl", "--root-key", "away/root.key")
        self.assertTrue(self.refused_by_openssl())

    def read(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()


class AheadServed(Later, CaTest):
    def test_a_ca_that_has_not_begun_has_one_responder(self):
        self.make_clock()
        self.mutual("rotate", "intermediate", env=self.in_days(1))
        begins = self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-startdate").strip().split("=")[1]
        self.assertGreater(ssl.cert_time_to_seconds(begins), time.time())
        self.ca_serve()
        responders = lambda: len([one for one in json.loads(self.mutual("list", "--json")) if one["name"] == "ocsp-intermediate"])
        before = responders()
        self.assertGreater(before, 0)
        time.sleep(2)
        self.assertEqual(responders(), before)
