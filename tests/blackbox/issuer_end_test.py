"""What is told before the CA that issues ends, and takes all that it has issued along."""

import json
import unittest

from authority_test import AuthorityTest
from later import Later


class IssuerEnd(Later, AuthorityTest):
    def setUp(self):
        super().setUp()
        self.make_clock()
        self.init()

    def said(self, days, *line):
        done = self.mutual(*line, env=self.in_days(days))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def request(self, name):
        self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                      "-subj", f"/CN={name}")
        return f"{name}.csr"

    NOTE = r"^mutual: note: 'CN=Acme Intermediate CA,O=Acme' ends on .*, and what it issues ends with it: make another with mutual rotate intermediate\n$"

    def test_whose_life_the_issuer_s_end_cuts_is_told_so_and_what_mends_it(self):
        # 1,825 days: the last third begins on day 1,205; 397 days more are too many from day 1,429 on.
        for days in (0, 1300):
            self.assertEqual(self.said(days, "issue", "client", f"early{days}"), "")
            self.assertEqual(self.said(days, "crl"), "")
        self.assertRegex(self.said(1700, "issue", "client", "bob"), self.NOTE)
        self.assertRegex(self.said(1700, "renew", "bob"), self.NOTE)
        self.assertRegex(self.said(1700, "sign", self.request("carol")), self.NOTE)
        self.assertRegex(self.said(1700, "crl"), self.NOTE)
        self.assertEqual(self.said(1700, "issue", "client", "short", "--days", "30"), "")
        for line in (("issue", "client", "dave", "--json"), ("renew", "bob", "--json"), ("sign", self.request("erin"), "--json"),
                     ("crl", "--json")):
            self.assertEqual(self.said(1700, *line), "")
        self.assertIn("mutual rotate", self.refused(2, "issue", "client", "x", "--days", "200", env=self.in_days(1700)))
        self.said(1700, "rotate", "intermediate")
        self.assertEqual(self.said(1700, "renew", "bob", "--days", "397"), "")
        self.assertEqual(self.said(1700, "crl"), "")

    def test_the_state_of_a_rotation_says_it_too(self):
        status = lambda days, *more: self.good("rotate", "status", *more, env=self.in_days(days))
        self.assertNotIn("ends", status(0))
        self.assertNotIn("note", json.loads(status(0, "--json")))
        self.assertIn("what it issues ends with it: make another with mutual rotate intermediate", status(1700))
        self.assertIn("mutual rotate intermediate", json.loads(status(1700, "--json"))["note"])

    def test_an_intermediate_that_ends_with_its_root_is_no_use_to_rotate_alone(self):
        self.said(3000, "rotate", "intermediate")
        self.assertIn("make another with mutual rotate root", self.said(3400, "issue", "client", "bob"))
        self.said(3400, "rotate", "root")
        self.assertEqual(self.said(3400, "issue", "client", "carol"), "")
        # The new root outlives what the old one has signed of it.
        self.assertRegex(self.said(5000, "issue", "client", "dave"), "make another with mutual rotate intermediate")


if __name__ == "__main__":
    unittest.main()
