"""mutual store move: an inventory goes from SQLite to PostgreSQL and back, whole or not at all, and no two are in use."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from killing import KILLS, Kills
from postgres import WithPostgres
from serving import MUTUAL, ServingTest, clean_environment

TABLES = {
    "certificates": "id, name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at, p12_has_password, "
                    "state, is_current, has_key, replaces, place, revoked_at, revoked_reason",
    "acts": "id, at, what, serial, name, who, why, digest",
    "revocations": "id, serial, at, reason",
    "revocation_lists": "issuer, number, base, this_update, next_update, covers",
    "identity": "id",
    "tokens": "id, digest, name, profile, names, made_at, ends_at, used_at, serial",
}


class Move(WithPostgres, ServingTest):
    def setUp(self):
        super().setUp()
        self.mutual("init", "--name", "Acme", "--client", "alice")
        self.database, self.url = self.postgres.new_database()

    def mutual(self, *arguments, code=0):
        return self.run_tool(MUTUAL, *arguments, code=code)

    def start(self, *arguments):
        return subprocess.Popen([MUTUAL, *arguments], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def rows_in_sqlite(self, table):
        database = sqlite3.connect(self.at("pki/inventory.db"))
        try:
            rows = database.execute(f"SELECT {TABLES[table]} FROM {table}").fetchall()
        finally:
            database.close()
        return sorted("|".join("" if value is None else str(value) for value in row) for row in rows)

    def rows_in_postgresql(self, table, database=None):
        return sorted(self.postgres.sql(f"SELECT {TABLES[table]} FROM {table}", database or self.database).splitlines())

    def live(self):
        """A life of some length: issued, renewed, revoked, held, listed, and tokens used or not."""
        self.mutual("issue", "client", "bob")
        self.mutual("issue", "client", "carol")
        self.mutual("renew", "bob", "--new-key")
        self.mutual("revoke", "carol", "--reason", "keyCompromise")
        self.mutual("issue", "client", "dave")
        self.mutual("revoke", "dave", "--reason", "certificateHold")
        self.mutual("ca", "token", "erin")
        self.mutual("crl")

    def crl_number(self):
        text = self.run_tool("openssl", "crl", "-inform", "DER", "-in", "pki/intermediate.crl", "-noout", "-crlnumber")
        return int(text.split("=")[1], 16)

    def listed(self):
        return {(one["name"], one["serial"], one["status"]) for one in json.loads(self.mutual("list", "--json"))}

    def closed_in_sqlite(self):
        with self.assertRaisesRegex(sqlite3.IntegrityError, "moved elsewhere"):
            database = sqlite3.connect(self.at("pki/inventory.db"))
            try:
                database.execute("INSERT INTO acts (at, what, serial, name) VALUES (0, 'x', '', '')")
            finally:
                database.close()

    def test_everything_goes_to_postgresql_and_back_and_goes_on(self):
        self.live()
        before, number = self.listed(), self.crl_number()
        self.mutual("store", "move", "--to", self.url, "--why", "we grow")
        for table in TABLES:
            self.assertEqual(self.rows_in_postgresql(table), self.rows_in_sqlite(table), table)
        self.assertEqual(self.listed(), before)
        self.closed_in_sqlite()
        log = self.mutual("log")
        self.assertIn("we grow", log.splitlines()[-1])
        self.assertIn("moved", log.splitlines()[-1])
        self.mutual("crl")
        self.assertEqual(self.crl_number(), number + 1)
        self.assertIn("'bob' was issued already", self.mutual("issue", "client", "bob", code=1))
        self.mutual("issue", "client", "frank")
        self.mutual("revoke", "dave", "--release")
        self.assertIn("is at", self.mutual("store", "move", "--to", self.url, code=2))

        said = json.loads(self.mutual("store", "move", "--to", "sqlite", "--json"))
        for table in TABLES:
            self.assertEqual(self.rows_in_sqlite(table), self.rows_in_postgresql(table), table)
        self.assertEqual(said["certificates"], len(self.rows_in_sqlite("certificates")))
        self.assertFalse(os.path.exists(self.at("pki/store")))
        self.assertEqual(os.stat(self.at("pki/inventory.db")).st_mode & 0o777, 0o600)
        self.mutual("issue", "client", "grace")
        self.mutual("revoke", "grace")
        # What the move left there is closed, and may be used for another.
        self.mutual("store", "move", "--to", self.url)
        self.assertIn("grace", self.mutual("list", "--revoked"))
        self.assertEqual(self.rows_in_postgresql("acts"), self.rows_in_sqlite("acts"))
        self.assertEqual(os.listdir(self.at("pki")).count("store.next"), 0)

    def test_the_old_store_is_refused_by_name_and_on_another_machine(self):
        self.mutual("store", "move", "--to", self.url)
        shutil.copytree(self.at("pki"), self.at("other"))
        second, url = self.postgres.new_database()
        self.mutual("store", "move", "--to", url)
        for line in (["list", "--pki", "other"], ["issue", "client", "bob", "--pki", "other"], ["issue", "client", "bob", "--store", self.url],
                     ["recover", "--pki", "other"]):
            said = self.mutual(*line, code=1)
            self.assertIn("is no longer in use since", said)
            self.assertIn(url, said)
        with open(self.at("other/store"), "w", encoding="utf-8") as file:
            file.write(url + "\n")
        self.mutual("issue", "client", "bob", "--pki", "other")
        self.assertIn("bob", self.mutual("list"))
        with self.assertRaisesRegex(AssertionError, "moved elsewhere"):
            self.postgres.sql("INSERT INTO acts (at, what, serial, name) VALUES (0, 'x', '', '')", self.database)
        # An SQLite file from before the move does not know of it.
        os.remove(self.at("pki/store"))
        self.assertIn("is no longer in use since", self.mutual("list", code=1))
        self.assertEqual(len(self.rows_in_postgresql("identity", second)), 1)

    def test_what_is_not_free_or_cannot_be_reached_changes_nothing(self):
        self.mutual("init", "--pki", "others", "--store", self.url)
        self.assertIn("holds an inventory that is in use", self.mutual("store", "move", "--to", self.url, code=1))
        second, url = self.postgres.new_database()
        self.mutual("store", "move", "--pki", "others", "--to", url)
        self.assertIn("another PKI's inventory", self.mutual("store", "move", "--to", self.url, code=1))
        self.assertIn("cannot connect to", self.mutual("store", "move", "--to", "postgresql:///none?host=" + self.folder.replace("/", "%2F"), code=1))
        self.assertIn("is no store", self.mutual("store", "move", "--to", "mysql://x", code=2))
        self.assertIn("holds no password", self.mutual("store", "move", "--to", "postgresql://me:secret@host/x", code=2))
        self.assertIn("--to", self.mutual("store", "move", code=2))
        third, tables = self.postgres.new_database()
        self.postgres.sql("CREATE TABLE certificates (id int)", third)
        self.assertIn("not an inventory", self.mutual("store", "move", "--to", tables, code=1))
        self.assertFalse(os.path.exists(self.at("pki/store")) or os.path.exists(self.at("pki/store.next")))
        self.mutual("issue", "client", "bob")

    def forget_sqlite(self):
        for name in ("inventory.db", "inventory.db-wal", "inventory.db-shm"):
            if os.path.exists(self.at("pki", name)):
                os.remove(self.at("pki", name))

    def test_a_failure_before_anything_points_to_the_new_file_leaves_none(self):
        self.mutual("store", "move", "--to", self.url)
        self.forget_sqlite()
        self.postgres.sql("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$; "
                          "CREATE TRIGGER not_now BEFORE INSERT ON acts FOR EACH ROW EXECUTE FUNCTION fail()", self.database)
        self.assertIn("not now", self.mutual("store", "move", "--to", "sqlite", code=1))
        self.assertEqual([name for name in os.listdir(self.at("pki")) if name.startswith(("inventory.db", "store."))], [])

    def test_a_failure_at_the_last_moment_keeps_the_new_file_which_a_note_may_point_to(self):
        self.live()
        before = self.listed()
        self.mutual("store", "move", "--to", self.url)
        self.forget_sqlite()
        # When the old store is closed, which is the last that happens in it, the note is put where nobody can look.
        os.chmod(self.folder, 0o711)
        os.chmod(self.at("pki"), 0o777)
        self.postgres.sql("CREATE FUNCTION hide() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
                          "IF EXISTS (SELECT 1 FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.closed') "
                          f"THEN COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; ln -sfn store.next {self.at('pki/store.next')}'; "
                          "END IF; END $$; CREATE EVENT TRIGGER hide ON ddl_command_end WHEN TAG IN ('CREATE TABLE') "
                          "EXECUTE FUNCTION hide()", self.database)
        said = self.mutual("store", "move", "--to", "sqlite", code=1)
        self.assertIn("nobody can tell whether the inventory was moved", said)
        self.assertTrue(os.path.exists(self.at("pki/inventory.db")), "the only store that is not closed for good")
        self.assertIn("store.next", self.mutual("list", code=1))
        os.remove(self.at("pki/store.next"))
        with open(self.at("pki/store.next"), "w", encoding="utf-8") as note:
            note.write(f"{self.url}\n\n")
        self.assertEqual(self.listed(), before)
        self.assertFalse(os.path.exists(self.at("pki/store")) or os.path.exists(self.at("pki/store.next")))
        self.mutual("issue", "client", "frank")

    def test_a_running_service_goes_over_by_itself(self):
        server = self.serve("--plain-listen", "127.0.0.1:0", command=("ca", "serve"))
        plain = server.wait_for(r"Plain: +http://127.0.0.1:([0-9]+)/")
        self.mutual("store", "move", "--to", self.url)
        self.mutual("issue", "client", "bob")
        self.mutual("revoke", "bob")
        end = time.monotonic() + 20
        while True:
            said = self.run_tool("openssl", "ocsp", "-issuer", "pki/intermediate.crt", "-cert", "pki/issued/bob.crt", "-url",
                                 f"http://127.0.0.1:{plain}/ocsp", "-CAfile", "pki/root.crt", "-verify_other",
                                 "pki/intermediate.crt", code=None)
            if re.search(r"bob\.crt: revoked", said):
                break
            self.assertLess(time.monotonic(), end, said)
            time.sleep(0.1)

    def test_killed_at_any_moment_one_store_is_in_charge_and_nothing_is_lost(self):
        self.live()
        kills, where, n = Kills(self), "postgresql", -1
        kills.whole("move", "store", "move", "--to", self.url)
        while kills.lacks("move", KILLS):
            n += 1
            to = self.url if where == "sqlite" else "sqlite"
            code, said = kills.strike("move", "store", "move", "--to", to)
            self.assertIn(code, (0, -signal.SIGKILL), said)
            # The next command says which one it is, and everything that was done is there.
            self.mutual("issue", "client", f"k{n}")
            before, where = where, "postgresql" if os.path.exists(self.at("pki/store")) else "sqlite"
            self.assertTrue(code != 0 or where != before, "it said that it had moved")
            self.assertFalse(os.path.exists(self.at("pki/store.next")))
            names = {name for name, _, _ in self.listed()}
            self.assertLessEqual({f"k{count}" for count in range(n + 1)} | {"alice", "bob", "carol", "dave"}, names)
            # The other one, if it is there, refuses every act.
            if where == "postgresql":
                self.closed_in_sqlite()
            elif self.postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'acts'", self.database).strip() == "1":
                with self.assertRaisesRegex(AssertionError, "moved elsewhere"):
                    self.postgres.sql("INSERT INTO acts (at, what, serial, name) VALUES (0, 'x', '', '')", self.database)
        self.mutual("store", "move", "--to", "sqlite" if where == "postgresql" else self.url)
        for table in TABLES:
            self.assertEqual(self.rows_in_postgresql(table), self.rows_in_sqlite(table), table)
        serials = [row.split("|")[3] for row in self.rows_in_sqlite("certificates")]
        self.assertEqual(len(serials), len(set(serials)))
        kills.tell()


if __name__ == "__main__":
    unittest.main()
