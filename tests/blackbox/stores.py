"""A PKI for tests, with its inventory in SQLite or in PostgreSQL, and commands to use it with."""

import json
import os
import shutil
import sqlite3
import subprocess

from postgres import WithPostgres
from serving import MUTUAL, ServingTest, clean_environment


GUARDS_OF_STEP_8 = (*(f"{table}_unreplaced" for table in (
    "certificates", "acts", "revocations", "revocation_lists", "tokens", "incarnations", "compromised_keys")), "certificates_unmoved")


def back_to(version, postgres=False):
    """What takes an inventory back to that version, with the guards that come with a later one; tables are the caller's."""
    guards = ["certificates_unmoved ON certificates"] if postgres else GUARDS_OF_STEP_8
    return [*(f"DROP TRIGGER IF EXISTS {guard}" for guard in guards), "DROP INDEX IF EXISTS acts_retired",
            "DROP TABLE IF EXISTS late_renewals",
            f"UPDATE schema_version SET version = {version}"]


class OnSqlite(ServingTest):
    store = ()

    def setUp(self):
        super().setUp()
        self.init()

    def init(self):
        self.run_tool(MUTUAL, "init", "--name", "Acme", "--client", "alice", *self.store)

    def mutual(self, *arguments, code=0):
        return self.run_tool(MUTUAL, *arguments, code=code)

    def read(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def sql(self, text):
        database = sqlite3.connect(self.at("pki/inventory.db"))
        try:
            with database:
                return [tuple(str(value) for value in row) for row in database.execute(text).fetchall()]
        finally:
            database.close()

    def start(self, *arguments):
        return subprocess.Popen([MUTUAL, *arguments], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def listed(self):
        return json.loads(self.mutual("list", "--json"))

    def crl(self, name="intermediate.crl"):
        text = self.run_tool("openssl", "crl", "-inform", "DER", "-in", f"pki/{name}", "-noout", "-text", "-crlnumber")
        number = int(text.split("crlNumber=")[1].split()[0], 16)
        return number, {one.split()[0].lower() for one in text.split("Serial Number: ")[1:]}

    def serial_of(self, name):
        return [one["serial"] for one in self.listed() if one["name"] == name][-1]


class OnPostgresql(WithPostgres, OnSqlite):
    def init(self):
        self.database, self.url = self.postgres.new_database()
        self.store = ("--store", self.url)
        super().init()
        self.assertFalse(os.path.exists(self.at("pki/inventory.db")))

    def sql(self, text):
        return [tuple(line.split("|")) for line in self.postgres.sql(text, self.database).splitlines()]

    def other_machine(self):
        """Another machine's folder, which shares the inventory."""
        shutil.copytree(self.at("pki"), self.at("other"))
        shutil.rmtree(self.at("other/issued"))
        os.mkdir(self.at("other/issued"))
