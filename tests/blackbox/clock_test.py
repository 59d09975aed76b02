"""An authority whose clock is ahead for a while: what it did then takes nobody's revocation back, and locks nobody out."""

import re
import subprocess

from authority_test import AuthorityTest
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
