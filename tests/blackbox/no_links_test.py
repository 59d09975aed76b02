"""A folder on a file system without hard links, as FAT and exFAT are, or without renameat2's flags, as some shares are."""

import errno
import json
import os
import sqlite3
import unittest

from authority_test import AuthorityTest, clean_environment

# What such a file system says: link(2) EPERM, renameat2(2) EINVAL.
PRELOAD = """
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
static int refuse(const char* what, int code) { const char* set = getenv(what); errno = set ? atoi(set) : code; return -1; }
int link(const char* from, const char* to) { (void)from; (void)to; return refuse("LINK", EPERM); }
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  (void)a; (void)from; (void)b; (void)to; (void)flags; return refuse("RENAMEAT2", EINVAL);
}
"""


class NoLinks(AuthorityTest):
    def setUp(self):
        super().setUp()
        self.write("refuse.c", PRELOAD.encode())
        self.run_tool("cc", "-shared", "-fPIC", "-o", "refuse.so", "refuse.c")
        self.env = self.environment()

    def environment(self, **more):
        return clean_environment(LD_PRELOAD=self.at("refuse.so"), ASAN_OPTIONS="verify_asan_link_order=0", **more)

    def test_a_pki_lives_there_from_its_making_to_its_rotation(self):
        for line in (["init", "--name", "Acme", "--client", "alice"], ["crl"], ["issue", "client", "bob"], ["renew", "bob", "--new-key"],
                     ["rotate", "root"], ["revoke", "alice"], ["issue", "client", "alice"], ["rotate", "intermediate"], ["export", "bob"]):
            self.good(*line, env=self.env)
        for name in ("alice", "bob"):
            for kind, mode in (("crt", 0o644), ("key", 0o600), ("p12", 0o600)):
                self.assertEqual(os.stat(self.at(f"pki/issued/{name}.{kind}")).st_mode & 0o777, mode)
            self.run_tool("openssl", "verify", "-CAfile", "pki/trust.crt", "-untrusted", f"pki/issued/{name}.crt", f"pki/issued/{name}.crt")
        kept = sorted(os.listdir(self.at("pki/issued/replaced")))
        self.assertEqual([one.split(".")[0] + one[-4:] for one in kept],
                         [f"{name}.{kind}" for name in ("alice", "bob") for kind in ("crt", "key", "p12")])
        for one in kept + ["../../root.key"]:
            mode = 0o644 if one.endswith("crt") else 0o600
            self.assertEqual(os.stat(self.at("pki/issued/replaced", one)).st_mode & 0o777, mode, one)
        self.assertFalse([one for one in self.everything() if ".new-" in one])

    def test_what_is_there_is_not_written_over(self):
        self.good("init", "--name", "Acme", "--client", "alice", env=self.env)
        self.good("export", "alice", env=self.env)
        before = self.read("alice-modern.p12")
        self.assertIn("exists already", self.refused(1, "export", "alice", env=self.env))
        self.assertEqual(self.read("alice-modern.p12"), before)
        self.good("export", "alice", "--overwrite", env=self.env)
        self.assertFalse([one for one in self.everything() if ".new-" in one])

    def test_a_name_that_a_killed_process_has_left_without_contents_keeps_no_key_from_it(self):
        self.good("init", "--name", "Acme", "--client", "alice", env=self.env)
        serial = json.loads(self.good("show", "alice", "--json"))["certificates"][0]["serial"]
        key = self.read("pki/issued/alice.key")
        self.write(f"pki/issued/.{serial}.key", key)
        for kind in ("key", "p12", "crt"):
            self.write(f"pki/issued/alice.{kind}", b"")
        database = sqlite3.connect(self.at("pki/inventory.db"))
        with database:
            database.execute("UPDATE certificates SET state = 'recorded' WHERE name = 'alice'")
        database.close()
        self.good("crl", env=self.env)
        self.assertEqual(self.read("pki/issued/alice.key"), key)
        self.run_tool("openssl", "pkcs12", "-in", "pki/issued/alice.p12", "-noout", "-passin", "pass:")
        self.run_tool("openssl", "verify", "-CAfile", "pki/trust.crt", "-untrusted", "pki/issued/alice.crt", "pki/issued/alice.crt")

    def test_an_unknown_call_and_a_missing_flag_are_told_from_a_real_refusal(self):
        for code in (errno.ENOSYS, errno.EPERM):
            self.good("init", "--name", "Acme", "--pki", f"pki{code}", env=self.environment(RENAMEAT2=str(code), LINK=str(errno.EOPNOTSUPP)))
        said = self.refused(1, "init", "--name", "Acme", "--pki", "full", env=self.environment(RENAMEAT2=str(errno.ENOSPC)))
        self.assertIn("free some space", said)
        said = self.refused(1, "init", "--name", "Acme", "--pki", "full", env=self.environment(LINK=str(errno.ENOSPC)))
        self.assertIn("free some space", said)


if __name__ == "__main__":
    unittest.main()
