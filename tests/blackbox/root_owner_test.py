"""The revocation lists of a root whose key is elsewhere, which its owner makes and somebody puts into the PKI."""

import re
import shutil
import time
import unittest

from import_test import Roots
from serving import Server


class RootOwner(Roots):
    def owner_s_list(self, *revoked, number):
        """The root's owner makes a list, and it is put where docs/authority.md says."""
        self.list_of("ca", *revoked, number=number)
        shutil.copy(self.at("ca.crl"), self.at("pki/root.crl"))

    def served_root_list(self):
        """Number and text of the root's list that servers have."""
        each = self.read("pki/crl.pem").decode().split("-----END X509 CRL-----\n")[:-1]
        texts = []
        for one in each:
            self.write("one.pem", (one + "-----END X509 CRL-----\n").encode())
            texts.append(self.openssl("crl", "-in", "one.pem", "-noout", "-text", "-crlnumber"))
        text = next(text for text in texts if re.search(r"CN ?= ?ca\n", text))
        return int(re.search(r"crlNumber=(\S+)", text).group(1), 16), text

    def test_a_root_s_own_list_counts_and_the_numbers_go_on_beside_its_owner_s(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.good("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt")
        self.assertEqual((self.forgotten, self.lacking), (["CN=middle,O=Old Org"], ["CN=ca,O=Old Org"]))
        self.owner_s_list("77", number="07")
        self.good("crl")
        self.good("rotate", "intermediate", "--root-key", "ca.key")
        text = self.openssl("crl", "-inform", "DER", "-in", "pki/root.crl", "-noout", "-text")
        self.assertIn("Serial Number: 77", text)
        self.assertEqual(self.number_of("root"), 8)
        self.owner_s_list("77", number="09")
        self.good("crl")
        self.assertEqual(self.served_root_list()[0], 9)

    def test_a_root_s_own_list_counts_however_much_larger_the_numbers_left_out_here_are(self):
        self.root("ca", *self.SIGNS)
        self.good("import", "ca.crt", "--key", "ca.key", "--leave-root-key")
        self.good("crl")
        self.owner_s_list("77", number="07")
        self.refused(1, "crl")
        self.good("crl", "--root-key", "ca.key")
        text = self.openssl("crl", "-inform", "DER", "-in", "pki/root.crl", "-noout", "-text")
        self.assertIn("Serial Number: 77", text)
        self.assertEqual(self.number_of("root"), 100_002)

    def test_servers_get_no_root_s_list_that_counts_less_and_go_on_hearing_who_is_revoked(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.good("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--host", "localhost", "--client", "alice",
                  "--client", "bob")
        # The first list of that root is made here, for none of its owner's is known.
        self.good("crl", "--root-key", "ca.key")
        self.assertEqual(self.number_of("root"), 100_001)
        server = Server(self.folder)
        self.addCleanup(server.stop)
        got = lambda name: self.mutual("get", f"https://localhost:{server.port}/", "--cert", f"pki/issued/{name}.p12", "--trust",
                                       "pki/trust.crt")
        self.assertEqual(got("bob").returncode, 0)
        self.owner_s_list(number="08")
        said = self.refused(1, "crl")
        self.assertIn("pki/root.crl has the number 0x8, and servers have had 0x186a1 of that root", said)
        self.assertIn("make a list with a number above 0x186a1", said)
        self.assertEqual(self.mutual("revoke", "bob").returncode, 1)
        end = time.monotonic() + 20
        while (done := got("bob")).returncode == 0:
            self.assertLess(time.monotonic(), end, server.log())
            time.sleep(0.05)
        self.assertIn("revoked", done.stderr)
        self.assertNotIn("older than the one in use", server.log())
        self.assertEqual(got("alice").returncode, 0)
        self.owner_s_list(number="0186A2")
        self.good("crl")
        self.assertEqual(self.served_root_list()[0], 100_002)
        self.assertNotIn("older than the one in use", server.log())

    def test_a_ca_that_its_root_s_owner_has_revoked_issues_no_more(self):
        self.root("ca", *self.SIGNS)
        self.below("middle", "ca", self.CA)
        self.good("import", "middle.crt", "--key", "middle.key", "--chain", "ca.crt", "--client", "alice")
        self.owner_s_list(number="07")
        self.good("crl")
        self.owner_s_list(self.serial("middle.crt"), number="08")
        self.good("crl")
        self.assertIn("was revoked", self.refused(1, "issue", "client", "bob"))
        self.assertIn("revoked: mutual rotate intermediate", self.good("rotate", "status"))
        self.assertEqual(self.mutual("needs-renewal", "alice").returncode, 255)
        self.good("rotate", "intermediate", "--root-key", "ca.key")
        self.good("issue", "client", "bob")
        self.assertIn(self.serial("middle.crt"), self.served_root_list()[1].lower())


if __name__ == "__main__":
    unittest.main()
