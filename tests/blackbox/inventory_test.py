"""The inventory, on SQLite and on PostgreSQL: what is killed at any moment, many at once, and backups put back."""

import glob
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import stores
from killing import KILLS, Kills, ListsSeen, certificate_files, certificates_in
from postgres import programs
from serving import MUTUAL, ServingTest, clean_environment


class OnSqlite(stores.OnSqlite):
    def check_consistent(self):
        """Every certificate in any file is in the inventory, an issued one under its own name; and no serial is there twice."""
        rows = self.sql("SELECT sha256, name, state, serial FROM certificates")
        self.assertEqual(len({row[3] for row in rows}), len(rows))
        recorded = {sha256: (name, serial) for sha256, name, _, serial in rows}
        for path in certificate_files(self.at("pki")):
            found = certificates_in(path)
            self.assertTrue(found, path)
            self.assertLessEqual(set(found), set(recorded), path)
            name, serial = recorded[found[0]]
            folder, file = os.path.basename(os.path.dirname(path)), os.path.basename(path)[:-4]
            if folder in ("issued", "replaced", "retired"):
                self.assertEqual(file, {"issued": name, "replaced": f"{name}.{serial}", "retired": serial}[folder])
        numbers = self.sql("SELECT issuer, number FROM revocation_lists")
        self.assertEqual(len(set(numbers)), len(numbers))

    def test_every_act_says_who_what_when_and_why(self):
        self.mutual("issue", "client", "bob", "--why", "ticket 12")
        self.mutual("revoke", "bob", "--reason", "keyCompromise", "--why", "laptop stolen")
        log = json.loads(self.mutual("log", "--json"))
        mine = [one for one in log if one["name"] == "bob"]
        self.assertEqual([one["what"] for one in mine], ["recorded", "issued", "revoked"])
        self.assertIn("ticket 12", mine[0]["why"])
        self.assertEqual(mine[2]["why"], "keyCompromise: laptop stolen")
        self.assertTrue(all("@" in one["who"] and one["at"] for one in log))
        self.assertIn("laptop stolen", self.mutual("log"))

    def test_list_has_filters_that_combine(self):
        self.mutual("issue", "server", "web")
        self.mutual("revoke", "alice")
        named = lambda *line: [one["name"] for one in json.loads(self.mutual("list", "--json", *line))]
        self.assertEqual(named("--profile", "server", "--issuer", "Acme Intermediate CA"), ["localhost", "web"])
        self.assertEqual(named("--name", "alice", "--profile", "client", "--revoked"), ["alice"])
        self.assertEqual(named("--name", "alice", "--profile", "server"), [])
        self.assertEqual(len(named()), 5)
        self.assertEqual(self.mutual("list", "--name", "web").count("\n"), 2)

    def test_a_reason_is_one_line_of_text_or_nothing_is_done(self):
        before = self.mutual("log")
        for why in ("two\nlines", "\x1b[2Jgone", "\x9b31mred", "\x7f", "\udcff\udcfe", "x" * 1025, "eci\u202etop", "\u2066"):
            for line in (["issue", "client", "bob"], ["revoke", "alice"], ["crl"], ["renew", "alice"], ["ca", "token", "carol"],
                         ["rotate", "intermediate"], ["store", "move", "--to", "postgresql://nowhere/pki"]):
                said = self.mutual(*line, "--why", why, code=2)
                self.assertIn("a text for the log is one line in UTF-8", said, line)
                self.assertNotRegex(said, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")
        self.assertEqual(self.mutual("log"), before)
        self.assertFalse(os.path.exists(self.at("pki/issued/bob.crt")))
        self.assertIn("some that turn text around", self.mutual("issue", "client", "eci\u202etop", code=2))
        self.mutual("issue", "client", "bob", "--why", "환영 – “hello” " + "x" * 900)
        self.assertIn("환영", self.mutual("log"))
        # What is looked up as it was typed: no database has the first word about it.
        for line in (["revoke", "\udcff"], ["ca", "token", "--withdraw", "\udcff"], ["list", "--name", "\udcff"],
                     ["list", "--issuer", "\udcff"]):
            said = self.mutual(*line, code=None)
            self.assertRegex(said, r"\\xff")
            self.assertNotRegex(said, "byte sequence|encoding")

    def test_the_log_does_nothing_to_a_terminal_whatever_stands_in_it(self):
        wild = "chr(27) || '[2J' || chr(155) || '31m' || chr(127) || chr(10) || 'forged'"
        if not self.store:
            wild = f"CAST(X'FF' AS TEXT) || {wild.replace('chr(', 'char(')}"
        self.sql("INSERT INTO acts (at, what, serial, name, who, why, digest) VALUES "
                 f"(0, {wild}, {wild}, {wild}, {wild}, {wild}, '0')")
        for line in (["log"], ["log", "--json"]):
            said = subprocess.run([MUTUAL, *line], cwd=self.folder, env=clean_environment(), stdout=subprocess.PIPE, check=True).stdout
            self.assertNotRegex(said.decode("utf-8"), "[\x00-\x09\x0b-\x1f\x7f-\x9f]", line)
            self.assertNotIn(b"\nforged", said)
        for name in ("what", "serial", "name", "who", "why"):
            self.assertTrue(json.loads(self.mutual("log", "--json"))[-1][name].endswith("\x1b[2J\x9b31m\x7f\nforged"), name)

    def test_the_past_cannot_be_changed(self):
        self.mutual("revoke", "alice")
        for sql in ("DELETE FROM acts", "UPDATE acts SET what = 'x'", "DELETE FROM certificates",
                    "UPDATE certificates SET serial = 'x'", "UPDATE certificates SET revoked_at = NULL",
                    "UPDATE certificates SET revoked_reason = 6 WHERE name = 'alice'", "DELETE FROM revocations",
                    "UPDATE revocation_lists SET number = 1", "DELETE FROM revocation_lists", "DELETE FROM identity"):
            with self.assertRaises((sqlite3.IntegrityError, AssertionError), msg=sql):
                self.sql(sql)

    def test_killed_at_any_moment_nothing_that_was_done_is_lost(self):
        kills, seen = Kills(self), ListsSeen(self)
        for kind, line in (("issue", ["issue", "client", "first"]), ("renew", ["renew", "first"]), ("revoke", ["revoke", "first"]),
                           ("crl", ["crl"])):
            kills.whole(kind, *line)
        # What was reported as done: names that were issued, and were revoked; serials by renewals; numbers of lists.
        issued, revoked, renewed, listed = {"first"}, {"first"}, [], []
        to_revoke, to_renew, n = [], ["alice"], 0
        wanted = {"issue": KILLS, "revoke": KILLS, "renew": (KILLS + 1) // 2, "crl": (KILLS + 1) // 2}
        while lacking := [kind for kind in wanted if kills.lacks(kind, wanted[kind])]:
            n += 1
            kind = lacking[n % len(lacking)]
            if kind == "revoke" and not to_revoke:
                self.mutual("issue", "client", f"v{n}")
                issued.add(f"v{n}")
                to_revoke.append(f"v{n}")
            name = {"issue": f"k{n}", "renew": random.choice(to_renew), "revoke": to_revoke[-1] if to_revoke else "", "crl": ""}[kind]
            line = {"issue": ("issue", "client", name), "crl": ("crl", "--json"), "renew": ("renew", name, "--json")}.get(kind, (kind, name))
            code, said = kills.strike(kind, *line)
            if kind == "revoke":
                to_revoke.pop()
            self.assertIn(code, (0, -signal.SIGKILL), said)
            if code == 0:
                if kind == "issue":
                    issued.add(name)
                    (to_revoke if n % 2 else to_renew).append(name)
                elif kind == "revoke":
                    revoked.add(name)
                elif kind == "renew":
                    renewed.append(json.loads(said)["serial"])
                else:
                    listed.append(json.loads(said)[0]["number"])
            seen.look(self.at("pki"))
            if n % 10 == 9:
                self.check_consistent()
        # Those that are let alone are done, and finish what was interrupted.
        for count in range(2):
            self.mutual("issue", "client", f"whole{count}")
            issued.add(f"whole{count}")
        self.mutual("revoke", "whole0")
        revoked.add("whole0")
        self.check_consistent()
        seen.look(self.at("pki"))
        all_of = {}
        for one in self.listed():
            all_of.setdefault(one["name"], []).append(one)
        for name in issued:
            self.assertTrue(os.path.exists(self.at("pki/issued", name + ".key")), name)
            self.assertLessEqual({one["status"] for one in all_of[name]}, {"valid", "revoked", "replaced"}, name)
        number, on_list = self.crl()
        on_list = {one.lstrip("0") for one in on_list}
        for name in revoked:
            self.assertEqual({one["status"] for one in all_of[name]}, {"revoked"}, name)
            self.assertLessEqual({one["serial"].lstrip("0") for one in all_of[name]}, on_list, name)
        standing = {one["serial"]: one["status"] for all in all_of.values() for one in all}
        self.assertLessEqual(on_list, {serial.lstrip("0") for serial, status in standing.items() if status == "revoked"})
        self.assertLessEqual({standing[serial] for serial in renewed}, {"valid", "replaced"})
        self.assertEqual(listed, sorted(set(listed)))
        self.assertTrue(all(one < number for one in listed))
        self.assertEqual([name for name in os.listdir(self.at("pki/issued")) if name.startswith(".") or ".new-" in name], [])
        self.assertNotIn("incomplete", set(standing.values()))
        begun = [name for name in all_of if name[0] == "k" and name not in issued]
        kills.tell(f"; {len(begun)} certificates of killed processes were recorded")

    def test_eight_processes_issue_at_once(self):
        failures = []

        def work(worker):
            for n in range(3):
                process = self.start("issue", "client", f"w{worker}-{n}")
                said, _ = process.communicate(timeout=120)
                if process.returncode != 0:
                    failures.append(said)

        workers = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        self.assertEqual(failures, [])
        self.check_consistent()
        self.assertEqual(len([one for one in self.listed() if one["status"] == "valid"]), 4 + 24)

    def test_eight_processes_issue_revoke_renew_list_and_rotate_at_once(self):
        self.mutual("crl")
        for n in range(4):
            self.mutual("issue", "client", f"old{n}")
        seen = ListsSeen(self)
        seen.look(self.at("pki"))
        works = [[["issue", "client", f"a{n}"] for n in range(4)],
                 [["issue", "client", f"b{n}"] for n in range(4)],
                 [line for n in range(2) for line in (["issue", "client", f"c{n}"], ["revoke", f"c{n}"])],
                 [["revoke", f"old{n}"] for n in range(4)],
                 [["crl", "--json"] for _ in range(4)],
                 [["crl", "--delta", "--json"] for _ in range(4)],
                 [["renew", "alice", "--new-key"] for _ in range(4)],
                 [["rotate", "intermediate"], ["rotate", "root"], ["rotate", "intermediate"]]]
        failures, made = [], []

        def work(lines):
            for line in lines:
                process = self.start(*line)
                said, _ = process.communicate(timeout=120)
                if process.returncode != 0:
                    failures.append((line, said))
                elif "--json" in line:
                    made.extend((one["issuer"], one["number"]) for one in json.loads(said))

        workers = [threading.Thread(target=work, args=(lines,)) for lines in works]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        self.assertEqual(failures, [])
        self.check_consistent()
        self.check_rotated()
        seen.look(self.at("pki"))
        self.assertEqual(len(set(made)), len(made))
        status = {}
        for one in self.listed():
            status.setdefault(one["name"], []).append(one["status"])
        self.assertEqual({name: all for name, all in status.items() if name[0] in "ab" and name != "alice"},
                         {f"{letter}{n}": ["valid"] for letter in "ab" for n in range(4)})
        self.assertEqual({name: all for name, all in status.items() if name[:-1] in ("c", "old")},
                         {name: ["revoked"] for name in ("c0", "c1", "old0", "old1", "old2", "old3")})
        self.assertEqual(sorted(status["alice"]), ["replaced"] * 4 + ["valid"])
        rotated = [one for one in json.loads(self.mutual("log", "--json")) if one["what"] == "rotated"]
        self.assertEqual(len(rotated), 3)
        self.assertEqual(rotated[-1]["serial"], self.issuing())
        self.mutual("crl")
        seen.look(self.at("pki"))
        for name, code in [("a0", 0), ("b3", 0), ("alice", 0), ("c1", 2), ("old3", 2)]:
            self.run_tool("openssl", "verify", "-x509_strict", "-crl_check_all", "-CAfile", "pki/trust.crt", "-CRLfile", "pki/crl.pem",
                          "-untrusted", f"pki/issued/{name}.crt", f"pki/issued/{name}.crt", code=code)

    def test_lists_made_at_once_have_numbers_of_their_own_and_the_highest_stays(self):
        started = [self.start("crl", "--json") for _ in range(8)]
        numbers = []
        for one in started:
            said, _ = one.communicate(timeout=120)
            self.assertEqual(one.returncode, 0, said)
            numbers.append(json.loads(said)[0]["number"])
        self.assertEqual(sorted(numbers), list(range(1, 9)))
        self.assertEqual(self.crl()[0], 8)

    def check_rotated(self):
        """Whatever was interrupted: the CAs' files fit together, and the newest is the inventory's too."""
        newest = self.sql("SELECT serial FROM certificates WHERE profile = 'intermediate' AND name = 'intermediate' ORDER BY id "
                          "DESC LIMIT 1")[0][0]
        self.assertEqual(self.issuing(), newest)
        for ca in ("root", "intermediate"):
            public = self.run_tool("openssl", "x509", "-in", f"pki/{ca}.crt", "-noout", "-pubkey")
            self.assertEqual(self.run_tool("openssl", "pkey", "-in", f"pki/{ca}.key", "-pubout"), public)
        self.assertEqual([name for name in os.listdir(self.at("pki")) if name.startswith("pending") or ".new-" in name], [])

    def issuing(self):
        """The serial of the CA that issues."""
        return self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-serial").strip().split("=")[1].lower()

    def test_a_rotation_killed_at_any_moment_is_completed_or_taken_back_by_the_next_command(self):
        kills, left = Kills(self), KILLS
        # Each CA that was replaced goes on making lists, so hundreds of rotations are those of several authorities.
        while left > 0:
            if left < KILLS:
                shutil.rmtree(self.at("pki"))
                self.init()
            self.rotate_under_kills(kills, KILLS - left + min(left, 12))
            self.finish_under_kills(kills)
            left -= 12
        kills.tell()
        self.assertGreaterEqual(kills.landed["rotate"], KILLS)
        self.assertGreaterEqual(kills.landed["finish"], KILLS // 12)

    def rotate_under_kills(self, kills, until):
        seen, done, n = ListsSeen(self), [], 0
        self.mutual("crl")
        kills.whole("rotate", "rotate", "root")
        while kills.lacks("rotate", until):
            n += 1
            before = self.issuing()
            code, said = kills.strike("rotate", "rotate", ("intermediate", "intermediate", "root")[n % 3])
            self.assertIn(code, (0, -signal.SIGKILL), said)
            if code == 0:
                done.append(self.issuing())
                self.assertNotEqual(done[-1], before)
            seen.look(self.at("pki"))
            self.mutual("issue", "client", f"r{n}")
            self.check_rotated()
            self.check_consistent()
            seen.look(self.at("pki"))
            for name in ("alice", f"r{n}"):
                self.run_tool("openssl", "verify", "-x509_strict", "-crl_check_all", "-CAfile", "pki/trust.crt", "-CRLfile",
                              "pki/crl.pem", "-untrusted", f"pki/issued/{name}.crt", f"pki/issued/{name}.crt")
            # Whatever was reported as rotated issued once, and is kept until nothing depends on it.
            acts = {one["serial"] for one in json.loads(self.mutual("log", "--json")) if one["what"] == "rotated"}
            self.assertLessEqual(set(done), acts)
            kept = {os.path.basename(path)[:-4] for path in glob.glob(self.at("pki/retired/*.key"))} | {self.issuing()}
            self.assertLessEqual(set(done), kept)
        self.mutual("crl")
        self.mutual("revoke", "alice")
        said = self.run_tool("openssl", "verify", "-crl_check_all", "-CAfile", "pki/trust.crt", "-CRLfile", "pki/crl.pem",
                             "-untrusted", "pki/issued/alice.crt", "pki/issued/alice.crt", code=2)
        self.assertIn("certificate revoked", said)
        seen.look(self.at("pki"))

    def finish_under_kills(self, kills):
        """A finish that is killed is done again, and takes away all that may go."""
        seen = ListsSeen(self)
        self.mutual("rotate", "root")
        for name in [one["name"] for one in self.listed() if one["profile"] in ("client", "server") and one["status"] == "valid"]:
            old = [one["serial"] for one in self.listed() if one["name"] == name and one["status"] == "valid"]
            self.mutual("renew", name)
            for serial in old:
                self.mutual("revoke", serial, "--no-crl")
        self.mutual("crl")
        kills.usual["finish"] = kills.usual["rotate"]
        for _ in range(4):
            if not json.loads(self.mutual("rotate", "status", "--json"))["old"]:
                break
            kills.strike("finish", "rotate", "finish")
            seen.look(self.at("pki"))
            self.mutual("list")
            self.mutual("crl")
            self.check_rotated()
            self.check_consistent()
            seen.look(self.at("pki"))
        if json.loads(self.mutual("rotate", "status", "--json"))["old"]:
            self.mutual("rotate", "finish")
        self.assertEqual(json.loads(self.mutual("rotate", "status", "--json"))["old"], [])
        self.assertEqual(self.read("pki/trust.crt"), self.read("pki/root.crt"))
        self.assertEqual(glob.glob(self.at("pki/retired/*.key")), [])
        self.mutual("issue", "client", "last")
        self.run_tool("openssl", "verify", "-x509_strict", "-crl_check_all", "-CAfile", "pki/trust.crt", "-CRLfile", "pki/crl.pem",
                      "-untrusted", "pki/issued/last.crt", "pki/issued/last.crt")
        self.check_consistent()
        seen.look(self.at("pki"))

    def backup(self):
        shutil.copy(self.at("pki/inventory.db"), self.at("backup.db"))

    def restore(self):
        for name in glob.glob(self.at("pki/inventory.db*")):
            os.remove(name)
        shutil.copy(self.at("backup.db"), self.at("pki/inventory.db"))
        os.chmod(self.at("pki/inventory.db"), 0o600)

    def test_an_older_inventory_is_refused_until_told_otherwise_and_revokes_nobody_less(self):
        self.mutual("issue", "client", "bob")
        self.backup()
        self.mutual("revoke", "alice", "--reason", "keyCompromise")
        self.mutual("issue", "client", "carol")
        for _ in range(3):
            self.mutual("crl")
        number, revoked = self.crl()
        self.restore()
        for line in (["issue", "client", "dave"], ["revoke", "bob"], ["crl"], ["list"], ["renew", "bob"]):
            said = self.mutual(*line, code=1)
            self.assertIn("is older than it was", said)
            self.assertIn("mutual recover", said)
        self.assertEqual(self.crl(), (number, revoked))
        self.assertFalse(os.path.exists(self.at("pki/issued/dave.crt")))
        said = self.mutual("recover")
        self.assertIn("certificates put back  carol", said)
        self.assertIn(next(iter(revoked)), said)
        standing = {one["name"]: one["status"] for one in self.listed()}
        self.assertEqual((standing["alice"], standing["bob"], standing["carol"]), ("revoked", "valid", "valid"))
        self.mutual("crl")
        self.assertGreater(self.crl()[0], number)
        self.assertEqual(self.crl()[1], revoked)
        self.assertIn("nothing to recover", self.mutual("recover"))
        self.mutual("issue", "client", "dave")

    def test_another_history_of_the_same_length_is_noticed(self):
        self.backup()
        self.mutual("issue", "client", "bob")
        mark = self.read("pki/inventory.mark")
        self.restore()
        os.remove(self.at("pki/inventory.mark"))  # as on another machine, which went on from the backup
        for name in glob.glob(self.at("pki/issued/bob.*")):
            os.remove(name)
        self.mutual("recover")
        self.mutual("issue", "client", "eve")
        self.mutual("issue", "client", "eve2")
        with open(self.at("pki/inventory.mark"), "wb") as file:
            file.write(mark)
        self.assertIn("is older than it was", self.mutual("list", code=1))

    def test_a_damaged_mark_is_no_mark(self):
        path = self.at("pki/inventory.mark")
        whole = self.read("pki/inventory.mark")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        for damage in (b"", whole[:20], whole.replace(b"act", b"axt"), b"\0" * 60 + b"\n"):
            with open(path, "wb") as file:
                file.write(damage)
            self.assertIn("is damaged", self.mutual("list", code=1), damage)
        self.mutual("recover")
        self.mutual("list")


class OnPostgresql(stores.OnPostgresql, OnSqlite):
    def backup(self):
        self.postgres.run("pg_dump", "-h", self.postgres.folder, "-U", "mutual", "-f", self.postgres.at("dump"), self.database)

    def restore(self):
        self.postgres.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", self.database)
        self.postgres.run("psql", "-q", "-h", self.postgres.folder, "-U", "mutual", "-d", self.database, "-f", self.postgres.at("dump"))

    def test_an_init_that_cannot_be_finished_leaves_no_tables(self):
        database, url = self.postgres.new_database()
        self.run_tool(MUTUAL, "init", "--pki", "file/pki", "--store", url, "--client", "x" * 65, code=2)
        self.assertEqual(self.postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'certificates'", database), "0\n")
        self.run_tool(MUTUAL, "init", "--pki", "second", "--store", url)
        said = self.run_tool(MUTUAL, "init", "--pki", "third", "--store", url, code=1)
        self.assertIn("holds an inventory already", said)
        self.assertFalse(os.path.exists(self.at("third")))

    def test_an_init_that_is_killed_leaves_no_tables_or_a_whole_pki(self):
        for n in range(8):
            database, url = self.postgres.new_database()
            process = self.start("init", "--pki", f"p{n}", "--store", url)
            time.sleep(0.02 * n)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            tables = self.postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'certificates'", database).strip()
            if os.path.exists(self.at(f"p{n}")):
                self.assertEqual(tables, "1")
                self.run_tool(MUTUAL, "issue", "client", "bob", "--pki", f"p{n}")

    def test_two_machines_share_one_inventory(self):
        shutil.copytree(self.at("pki"), self.at("other"))
        shutil.rmtree(self.at("other/issued"))
        os.mkdir(self.at("other/issued"))
        self.mutual("issue", "client", "bob", "--pki", "other")
        self.assertIn("'bob' was issued already", self.mutual("issue", "client", "bob", code=1))
        self.mutual("revoke", "bob")
        self.mutual("crl", "--pki", "other")
        self.assertEqual(self.crl("../other/intermediate.crl")[1], self.crl()[1])

    def while_nobody_can_change_anything(self, change, *arguments, code):
        """What that command says when `change` is committed between its look at the inventory and its own change."""
        lock = subprocess.Popen([os.path.join(programs(), "psql"), "-h", self.postgres.folder, "-U", "mutual", "-d", self.database, "-Atq"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **self.postgres.user)
        lock.stdin.write("BEGIN; LOCK TABLE acts IN SHARE ROW EXCLUSIVE MODE; SELECT 'locked';\n")
        lock.stdin.flush()
        self.assertEqual(lock.stdout.readline(), "locked\n")
        process = self.start(*arguments)
        while self.postgres.sql("SELECT count(*) FROM pg_locks WHERE NOT granted", self.database) == "0\n":
            self.assertIsNone(process.poll(), "it did not wait for the lock")
        lock.communicate(change + "; COMMIT;\n", timeout=20)
        said = process.communicate(timeout=20)[0]
        self.assertEqual(process.returncode, code, said)
        return said

    def test_who_is_revoked_by_another_machine_while_it_is_renewed_is_not_renewed(self):
        self.mutual("crl")  # a folder's first turn notes the folder's name, and would wait for that
        said = self.while_nobody_can_change_anything(
            "UPDATE certificates SET revoked_at = 1, revoked_reason = 1, is_current = 0 WHERE name = 'alice'",
            "renew", "alice", code=1)
        self.assertIn("'alice' was renewed or revoked by somebody else just now", said)
        self.assertEqual(self.sql("SELECT count(*) FROM certificates WHERE name = 'alice'"), [("1",)])

    def test_who_is_renewed_by_another_machine_while_it_is_revoked_is_revoked_with_the_renewed_one(self):
        copied = ("INSERT INTO certificates (name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, "
                  "p12_has_password, der, state, is_current) SELECT name, profile, 'abcdef', subject, issuer, 'other', not_before, "
                  "not_after, recorded_at, 0, der, 'issued', 0 FROM certificates WHERE name = 'alice'")
        said = self.while_nobody_can_change_anything(copied, "revoke", "alice", code=0)
        self.assertIn("abcdef", said)
        self.assertEqual(self.sql("SELECT count(*) FROM certificates WHERE name = 'alice' AND revoked_at IS NULL"), [("0",)])

    def test_a_machine_that_has_not_heard_of_a_rotation_issues_nothing_until_it_has_the_new_files(self):
        self.mutual("crl")
        self.other_machine()
        self.mutual("rotate", "root")
        for line in (["issue", "client", "bob"], ["renew", "alice"], ["rotate", "intermediate"]):
            if line[0] == "renew":
                for kind in ("crt", "key", "p12"):
                    shutil.copy(self.at(f"pki/issued/alice.{kind}"), self.at(f"other/issued/alice.{kind}"))
            said = self.mutual(*line, "--pki", "other", code=1)
            self.assertIn("'CN=Acme Intermediate CA,O=Acme' issues no more: 'CN=Acme Intermediate CA 2,O=Acme' took its place", said)
            self.assertIn("bring root.crt, root.crl, trust.crt, intermediate.key, intermediate.crt and the folder retired", said)
        # Who asks there is told that, also when the old one is revoked: another rotation would be refused.
        bring = "took its place, on another machine; bring root.crt"
        self.assertIn(bring, self.mutual("rotate", "status", "--pki", "other"))
        old = json.loads(self.mutual("show", "other/intermediate.crt", "--json"))["certificates"][0]["serial"]
        self.mutual("revoke", old, "--no-crl")
        self.assertIn(bring, json.loads(self.mutual("rotate", "status", "--json", "--pki", "other"))["stopped"])
        self.assertRegex(self.mutual("needs-renewal", "alice", "--quiet", "--pki", "other", code=255), "and no renewal mends that: .*" + bring)
        self.assertIn(bring, " ".join(self.mutual("lint", "alice", "--pki", "other", code=1).split()))
        for name in ("root.crt", "trust.crt", "intermediate.crt", "intermediate.key", "root.crl"):
            shutil.copy(self.at("pki", name), self.at("other", name))
        shutil.copytree(self.at("pki/retired"), self.at("other/retired"))
        self.assertNotIn("stopped", json.loads(self.mutual("rotate", "status", "--json", "--pki", "other")))
        self.mutual("issue", "client", "bob", "--pki", "other")
        self.run_tool("openssl", "verify", "-CAfile", "pki/trust.crt", "-untrusted", "other/issued/bob.crt", "other/issued/bob.crt")

    def test_a_machine_takes_the_place_of_a_ca_that_was_lost_with_the_machine_that_made_it(self):
        self.mutual("crl")
        self.other_machine()
        self.mutual("rotate", "intermediate")
        lost = json.loads(self.mutual("show", "pki/intermediate.crt", "--json"))["certificates"][0]["serial"]
        shutil.rmtree(self.at("pki"))
        shutil.move(self.at("other"), self.at("pki"))
        said = self.mutual("issue", "client", "bob", code=1)
        self.assertIn(f"mutual rotate intermediate --lost {lost}", said)
        self.mutual("rotate", "intermediate", "--lost", "abcdef", code=1)
        self.mutual("rotate", "intermediate", "--lost", lost)
        self.mutual("revoke", lost, "--reason", "cACompromise")
        self.mutual("issue", "client", "bob")
        self.run_tool("openssl", "verify", "-crl_check_all", "-CRLfile", "pki/crl.pem", "-CAfile", "pki/trust.crt", "-untrusted",
                      "pki/issued/bob.crt", "pki/issued/bob.crt")

    def test_what_cannot_be_reached_or_is_another_pkis_is_told(self):
        _, other = self.postgres.new_database()
        self.assertIn("is empty, and nothing says what was issued", self.mutual("list", "--store", other, code=1))
        self.run_tool(MUTUAL, "init", "--pki", "second", "--store", other)
        self.assertIn("is the inventory of another PKI", self.mutual("list", "--store", other, code=1))
        self.assertIn("cannot connect to the PostgreSQL database nothing",
                      self.mutual("list", "--store", f"postgresql://mutual@{self.postgres.folder.replace('/', '%2F')}/nothing", code=1))
        for url in ("postgresql://mutual:secret@localhost/x", "postgresql://localhost/x?password=secret"):
            said = self.mutual("list", "--store", url, code=2)
            self.assertIn("~/.pgpass", said)
            self.assertNotIn("secret", said)
        self.assertIn("is no store", self.mutual("list", "--store", "mysql://x", code=2))


class Migration(ServingTest):
    def test_an_inventory_of_the_first_version_is_brought_up_to_date(self):
        self.make_pki()
        # The first version's schema, as it was, with what this PKI has issued.
        old = sqlite3.connect(self.at("old.db"))
        old.executescript("""
          CREATE TABLE schema_version (version INTEGER NOT NULL); INSERT INTO schema_version VALUES (1);
          CREATE TABLE certificates (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, profile TEXT NOT NULL,
            serial TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, issuer TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE,
            not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, recorded_at INTEGER NOT NULL,
            p12_has_password INTEGER NOT NULL, der BLOB NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('recorded', 'issued', 'lost'))) STRICT;
          CREATE UNIQUE INDEX certificates_name ON certificates (name)
            WHERE state != 'lost' AND profile IN ('server', 'client', 'peer');
          CREATE INDEX certificates_end ON certificates (not_after);
          CREATE TABLE acts (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL,
            serial TEXT NOT NULL, name TEXT NOT NULL) STRICT;
          INSERT INTO acts (at, what, serial, name) VALUES (1, 'issued', '', 'alice');
          PRAGMA application_id = 1836414069;""")
        columns = "name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, p12_has_password, der, state"
        new = sqlite3.connect(self.at("pki/inventory.db"))
        old.executemany(f"INSERT INTO certificates ({columns}) VALUES ({','.join('?' * 12)})",
                        new.execute(f"SELECT {columns} FROM certificates").fetchall())
        old.commit()
        old.close()
        new.close()
        os.rename(self.at("old.db"), self.at("pki/inventory.db"))
        os.remove(self.at("pki/inventory.mark"))
        self.run_tool(MUTUAL, "revoke", "alice")
        self.run_tool(MUTUAL, "issue", "client", "alice")
        listed = json.loads(self.run_tool(MUTUAL, "list", "--json"))
        self.assertEqual(sorted(one["status"] for one in listed if one["name"] == "alice"), ["revoked", "valid"])


if __name__ == "__main__":
    unittest.main()
