"""A PostgreSQL that was put back to an older state, copied or failed over is noticed by every folder, also by one that was idle."""

import json
import os
import shutil
import signal
import unittest

from postgres import WithPostgres
from serving import MUTUAL, ServingTest
from stores import back_to

CONTROL = "FUNCTION pg_control_system(), pg_control_checkpoint(), pg_control_recovery()"


class Restored(WithPostgres, ServingTest):
    def setUp(self):
        super().setUp()
        self.database, self.url = self.postgres.new_database()

    def mutual(self, *arguments, code=0, of="pki"):
        return self.run_tool(MUTUAL, *arguments, "--pki", of, code=code)

    def make(self, url=None):
        """A PKI, and a copy of its folder on another machine, which does nothing."""
        self.mutual("init", "--name", "Acme", "--client", "alice", "--store", url or self.url)
        self.mutual("crl")
        self.copy("idle")

    def copy(self, name):
        shutil.copytree(self.at("pki"), self.at(name))
        shutil.rmtree(self.at(name, "issued"))
        os.mkdir(self.at(name, "issued"))

    def psql(self, database, file):
        self.postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.postgres.folder, "-U", "mutual", "-d", database, "-f", file)

    def dump(self):
        self.postgres.run("pg_dump", "-h", self.postgres.folder, "-U", "mutual", "-f", self.postgres.at("dump"), self.database)

    def restore_in_place(self):
        self.postgres.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", self.database)
        self.psql(self.database, self.postgres.at("dump"))

    def status(self, name, of="pki"):
        return {one["status"] for one in json.loads(self.mutual("list", "--json", of=of)) if one["name"] == name}

    def refused(self, of, why):
        for line in (["list"], ["issue", "client", "eve"], ["crl"], ["revoke", "alice"]):
            said = self.mutual(*line, of=of, code=1)
            self.assertIn("may be older than it was", said)
            self.assertIn(why, said)
            self.assertIn("mutual recover", said)
        self.assertFalse(os.path.exists(self.at(of, "issued/eve.crt")))

    def goes_on(self):
        """The machine that knows more recovers, and the idle one goes on by itself, with what that one has put back."""
        self.assertIn("is older than it was", self.mutual("list", code=1))
        self.mutual("recover")
        self.assertEqual(self.status("alice"), {"revoked"})
        self.mutual("issue", "client", "carol", of="idle")
        self.assertEqual(self.status("alice", of="idle"), {"revoked"})
        self.assertIn("nothing to recover", self.mutual("recover", of="idle"))
        self.assertIn("recovered", self.mutual("log", of="idle"))
        self.mutual("issue", "client", "dave")

    def test_a_restart_and_a_crash_are_no_alarm(self):
        self.make()
        for how in (signal.SIGINT, signal.SIGQUIT):
            self.postgres.halt(how)
            self.postgres.start()
            self.mutual("issue", "client", f"after-{how.name.lower()}")
            self.mutual("list", of="idle")
        self.postgres.sql("VACUUM FULL", self.database)
        self.postgres.sql("CHECKPOINT", self.database)
        self.mutual("issue", "client", "swept")
        self.mutual("list", of="idle")

    def test_a_dump_restored_under_the_same_name_is_noticed(self):
        self.make()
        self.dump()
        self.mutual("revoke", "alice", "--reason", "keyCompromise")
        self.restore_in_place()
        self.refused("idle", "its tables were made anew")
        self.goes_on()
        # Once more, of a state in which it was recovered.
        self.dump()
        self.mutual("revoke", "dave")
        self.restore_in_place()
        self.refused("idle", "its tables were made anew")

    def test_a_dump_restored_into_another_database_is_noticed(self):
        self.make()
        self.dump()
        self.mutual("revoke", "alice")
        for way in ("dropped", "renamed"):
            other, url = self.postgres.new_database()
            if way == "dropped":
                self.psql(other, self.postgres.at("dump"))
            else:
                self.postgres.sql(f"DROP DATABASE {other}")
                self.postgres.sql(f"CREATE DATABASE {other} TEMPLATE {self.database}")
            for folder in ("idle", "pki"):
                with open(self.at(folder, "store"), "w", encoding="utf-8") as file:
                    file.write(url + "\n")
            self.refused("idle", "it is in another database")
            if way == "dropped":
                self.goes_on()
                self.database = other
            else:
                # Nothing is lacking, and only somebody who knows that can say it: on any machine, once.
                self.assertIn("may be older", self.mutual("list", code=1))
                self.mutual("recover", of="idle")
                self.mutual("list")
                self.mutual("issue", "client", "frank")

    def test_a_folder_puts_back_what_only_its_lists_know_when_another_has_recovered(self):
        self.make()
        self.copy("third")
        self.dump()
        self.mutual("revoke", "alice", "--reason", "keyCompromise")
        for name in ("crl.pem", "intermediate.crl"):
            shutil.copy(self.at("pki", name), self.at("idle", name))
        shutil.rmtree(self.at("pki"))
        self.restore_in_place()
        self.mutual("recover", of="third")
        self.assertEqual(self.status("alice", of="third"), {"valid"})
        self.mutual("issue", "client", "bob", of="idle")
        self.assertEqual(self.status("alice", of="third"), {"revoked"})

    def test_a_hold_that_was_released_does_not_come_back_with_the_lists_of_an_idle_folder(self):
        self.make()
        self.mutual("revoke", "alice", "--reason", "certificateHold", of="idle")
        self.mutual("revoke", "alice", "--release")
        self.dump()
        self.restore_in_place()
        self.mutual("recover")
        self.mutual("issue", "client", "bob", of="idle")
        self.assertEqual(self.status("alice", of="idle"), {"valid"})

    def test_who_may_not_see_the_server_is_told_what_is_lacking_and_notices_dumps_all_the_same(self):
        self.postgres.sql("CREATE ROLE plain LOGIN; GRANT ALL ON SCHEMA public TO plain", self.database)
        url = self.url.replace("mutual@", "plain@")
        self.make(url)
        self.postgres.sql(f"REVOKE EXECUTE ON {CONTROL} FROM PUBLIC", self.database)
        self.assertIn("GRANT EXECUTE ON FUNCTION pg_control_system()", self.mutual("list", code=1))
        self.postgres.sql(f"GRANT EXECUTE ON {CONTROL} TO plain", self.database)
        self.mutual("list")
        self.postgres.sql(f"REVOKE EXECUTE ON {CONTROL} FROM plain", self.database)
        self.mutual("recover")
        self.mutual("list", of="idle")
        self.dump()
        self.mutual("revoke", "alice")
        self.restore_in_place()
        self.refused("idle", "its tables were made anew")
        # With the right again, nothing is wrong for that.
        self.postgres.sql(f"GRANT EXECUTE ON {CONTROL} TO PUBLIC", self.database)
        self.goes_on()

    def test_a_role_that_may_not_see_the_server_switches_that_off_for_nobody_else_who_may(self):
        self.postgres.sql("CREATE ROLE weak LOGIN; GRANT ALL ON SCHEMA public TO weak", self.database)
        self.postgres.sql(f"REVOKE EXECUTE ON {CONTROL} FROM PUBLIC", self.database)
        self.make(self.url.replace("mutual@", "weak@"))
        self.postgres.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO mutual", self.database)
        strong = ["--store", self.url]

        def noted():
            return self.postgres.sql("SELECT name, server, timeline FROM incarnations ORDER BY id DESC LIMIT 1", self.database).strip().split("|")

        name, server, timeline = noted()
        self.assertEqual((server, timeline), ("", "0"))
        self.assertIn("its owner say GRANT EXECUTE", self.mutual("recover"))
        identifier = self.postgres.sql("SELECT system_identifier FROM pg_control_system()").strip()
        for _ in range(2):
            # It is where it was: nobody has to catch up with anything.
            self.mutual("crl", *strong)
            self.assertEqual(noted(), [name, identifier, "1"])
            acts = self.mutual("log", *strong)
            self.mutual("list", *strong)
            self.assertEqual(self.mutual("log", *strong), acts)
            self.assertIn("noticed if it is on another PostgreSQL server", acts)
            said = self.mutual("crl", of="idle", code=1)
            self.assertIn("let its owner say GRANT EXECUTE ON FUNCTION pg_control_system()", said)
            self.assertLess(said.index("GRANT"), said.index("mutual recover"))
            said = self.mutual("recover", of="idle")
            self.assertIn("so an older one put back would not be noticed: let its owner say GRANT EXECUTE", said)
            self.assertIn("may not see which PostgreSQL server it is on, so that is not looked at any more", self.mutual("log", of="idle"))
            name, server, timeline = noted()
            self.assertEqual(server, "")
        self.mutual("crl", *strong)
        self.postgres.sql("INSERT INTO incarnations (name, at, server, timeline, database_oid, table_oid) SELECT name, at, 'other', timeline, "
                          "database_oid, table_oid FROM incarnations ORDER BY id DESC LIMIT 1", self.database)
        self.assertIn("on another PostgreSQL server", self.mutual("list", *strong, code=1))

    def test_a_move_to_another_database_is_meant(self):
        self.make()
        _, url = self.postgres.new_database()
        self.mutual("issue", "client", "bob")
        self.run_tool(MUTUAL, "store", "move", "--to", url)
        with open(self.at("idle/store"), "w", encoding="utf-8") as file:
            file.write(url + "\n")
        self.mutual("issue", "client", "carol", of="idle")
        self.run_tool(MUTUAL, "store", "move", "--to", "sqlite")
        self.mutual("issue", "client", "dave")

    def test_an_older_schema_that_was_dumped_before_is_known_as_older(self):
        self.make()
        self.mutual("issue", "client", "bob", of="idle")
        # As a dump of the version before would be: it knows nothing of where it was.
        self.postgres.sql("; ".join(["DROP TABLE incarnations", "DROP TABLE compromised_keys", *back_to(4, postgres=True)]), self.database)
        self.assertIn("does not know where idle has seen it last", self.mutual("list", of="idle", code=1))
        self.mutual("recover", of="idle")
        self.mutual("list", of="idle")


class BaseBackup(WithPostgres, ServingTest):
    """Of the whole server, as `pg_basebackup` makes it, put back by the recovery that ends it."""

    def test_a_base_backup_that_was_recovered_is_noticed(self):
        def mutual(*arguments, code=0, of="pki"):
            return self.run_tool(MUTUAL, *arguments, "--pki", of, code=code)

        def status(of):
            return {one["status"] for one in json.loads(mutual("list", "--json", of=of)) if one["name"] == "alice"}

        postgres = self.postgres
        _, url = postgres.new_database()
        mutual("init", "--name", "Acme", "--client", "alice", "--store", url)
        mutual("crl")
        shutil.copytree(self.at("pki"), self.at("idle"))
        postgres.run("pg_basebackup", "-h", postgres.folder, "-U", "mutual", "-D", postgres.at("base"), "-X", "stream", "-c", "fast", "--no-sync")
        mutual("revoke", "alice")
        postgres.halt()
        postgres.run("/bin/sh", "-c", "mv data lost && mv base data && touch data/recovery.signal && "
                                      "echo \"restore_command = 'false'\" >>data/postgresql.auto.conf")
        postgres.start()
        said = mutual("issue", "client", "eve", of="idle", code=1)
        self.assertIn("may be older than it was: its PostgreSQL was restored to a point in time, or a standby took its place: its timeline "
                      "is 2, and was 1", said)
        self.assertIn("is older than it was", mutual("list", code=1))
        mutual("recover")
        self.assertEqual(status("idle"), {"revoked"})
        mutual("issue", "client", "bob", of="idle")


if __name__ == "__main__":
    unittest.main()
