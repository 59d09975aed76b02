"""Many enrolments at once at mutual ca serve, which is killed: what a client has is in the inventory, and every file too."""

import base64
import hashlib
import http.client
import json
import os
import random
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
import unittest

import inventory_test
from postgres import WithPostgres
from serving import MUTUAL, Server, ServingTest

# How often the service is killed on each store; more with TEST_KILLS=500.
KILLS = max(3, int(os.environ.get("TEST_KILLS", "60")) // 12)
CLIENTS = 8


class OnSqlite(ServingTest):
    store = ()
    init, mutual, read, sql, listed, check_consistent, restore = (
        getattr(inventory_test.OnSqlite, name)
        for name in ("init", "mutual", "read", "sql", "listed", "check_consistent", "restore"))

    def setUp(self):
        super().setUp()
        self.init()
        self.run_tool("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "x.key",
                      "-subj", "/O=x", "-outform", "DER", "-out", "x.der")
        self.body = base64.b64encode(self.read("x.der"))
        self.trust = ssl.create_default_context(cafile=self.at("pki/trust.crt"))
        self.got, self.guard = {}, threading.Lock()

    def tokens(self, names):
        """A token for each; the inventory knows only their digests."""
        made = {}

        def make(name):
            made[name] = self.mutual("ca", "token", name, "--quiet").strip()

        threads = [threading.Thread(target=make, args=(name,)) for name in names]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(len(made), len(names))
        return made

    def ask(self, port, name, token):
        """The status; a certificate that came whole is in `got`, by its SHA-256."""
        connection = http.client.HTTPSConnection("localhost", port, context=self.trust, timeout=60)
        try:
            connection.request("POST", "/.well-known/est/simpleenroll", self.body,
                               {"Content-Type": "application/pkcs10", "Authorization": "Bearer " + token})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
        if answer.status == 200:
            printed = subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-print_certs"], input=base64.b64decode(said),
                                     capture_output=True, check=True).stdout
            der = ssl.PEM_cert_to_DER_cert(printed[printed.index(b"-----BEGIN"):].decode())
            with self.guard:
                self.got[hashlib.sha256(der).hexdigest()] = name
        return answer.status

    def all_ask(self, port, tokens):
        statuses = {}

        def one(name, token):
            statuses[name] = self.ask(port, name, token)

        threads = [threading.Thread(target=one, args=pair) for pair in tokens.items()]
        for thread in threads:
            thread.start()
        return threads, statuses

    def check_given(self):
        rows = {sha256: (name, serial) for sha256, name, serial in self.sql("SELECT sha256, name, serial FROM certificates")}
        for sha256, name in self.got.items():
            self.assertEqual(rows[sha256][0], name)
        # Each certificate has used its token up, and no other is.
        used = {serial for (serial,) in self.sql("SELECT serial FROM tokens WHERE used_at IS NOT NULL")}
        self.assertEqual(used, {serial for name, serial in rows.values() if name.startswith("b")})

    def test_killed_at_any_moment_every_certificate_that_a_client_has_is_in_the_inventory(self):
        for n in range(KILLS):
            tokens = self.tokens([f"b{n}-{client}" for client in range(CLIENTS)])
            server = Server(self.folder, "--quiet", command=("ca", "serve"))
            begun = time.monotonic()
            threads, _ = self.all_ask(server.port, tokens)
            time.sleep(random.uniform(0.005, 0.12))
            # Not before the first has been asked for, and not after the last was given, as a rule.
            while time.monotonic() - begun < 3 and n % 2 and not any(name.startswith(f"b{n}-") for name in list(self.got.values())):
                time.sleep(0.001)
            server.signal(signal.SIGKILL)
            for one in threads:
                one.join()
            server.process.wait()
            server.log_file.close()
            self.check_given()
            if n % 3 == 2:
                self.check_consistent()
                self.mutual("issue", "client", f"k{n}")
        self.assertGreater(len(self.got), 0)
        # Whoever lost the answer asks again with the same key and gets what it came to.
        with_server = self.serve("--quiet", command=("ca", "serve"))
        again = self.tokens(["b-last"])
        self.assertEqual([self.ask(with_server.port, *pair) for pair in again.items()], [200])
        self.assertEqual(with_server.stop(), 0)
        self.check_consistent()
        self.check_given()
        for name, serial, state, der in self.sql("SELECT name, serial, state, sha256 FROM certificates WHERE profile = 'client'"):
            self.assertEqual(state, "issued", name)
            printed = self.run_tool("openssl", "x509", "-in", f"pki/issued/{name}.crt", "-noout", "-fingerprint", "-sha256")
            self.assertEqual(printed.strip().split("=")[1].replace(":", "").lower(), der)
        self.assertEqual([name for name in os.listdir(self.at("pki/issued")) if ".new-" in name], [])

    def test_one_that_is_refused_fails_nobody_who_asks_at_the_same_time(self):
        server = self.serve("--quiet", command=("ca", "serve"))
        tokens = self.tokens([f"b{client}" for client in range(CLIENTS)])
        # Each name is asked for twice, by two tokens.
        others = self.tokens([f"b{client}" for client in range(0, CLIENTS, 3)])
        threads, statuses = self.all_ask(server.port, tokens)
        more, refused = self.all_ask(server.port, {name: "0" * 16 + "." + "0" * 64 for name in others})
        twice, second = self.all_ask(server.port, others)
        for one in threads + more + twice:
            one.join()
        self.assertEqual(set(refused.values()), {401})
        for name in tokens:
            self.assertEqual(sorted((statuses[name], second.get(name, 409))), [200, 409], name)
        self.assertEqual(server.stop(), 0)
        self.check_consistent()
        self.assertEqual({one["status"] for one in self.listed() if one["name"].startswith("b")}, {"valid"})

    def test_what_the_database_refuses_fails_nobody_who_asks_at_the_same_time(self):
        self.refuse_to_record("b3")
        server = self.serve("--quiet", command=("ca", "serve"))
        for _ in range(2):  # the second time with statements that the database knows
            tokens = self.tokens([f"b{client}" for client in range(CLIENTS)])
            threads, statuses = self.all_ask(server.port, tokens)
            for one in threads:
                one.join()
            self.assertEqual(statuses, {name: 409 if name == "b3" else 200 for name in tokens})
            for name in tokens:
                if name != "b3":
                    self.mutual("revoke", name)
        self.check_given()
        self.assertEqual(server.stop(), 0)
        self.check_consistent()

    def refuse_to_record(self, name):
        database = sqlite3.connect(self.at("pki/inventory.db"))
        database.execute(f"CREATE TRIGGER no_one BEFORE INSERT ON certificates WHEN NEW.name = '{name}' BEGIN SELECT RAISE(ABORT, 'no'); END")
        database.close()

    def test_commands_and_several_services_have_their_turns_beside_a_busy_one(self):
        servers = [self.serve("--quiet", command=("ca", "serve")) for _ in range(2)]
        failures = []
        names = [f"b{client}" for client in range(4 * CLIENTS)]
        tokens = self.tokens(names)

        def work(at):
            for name in names[at::CLIENTS]:
                if self.ask(servers[at % 2].port, name, tokens[name]) != 200:
                    failures.append(name)

        threads = [threading.Thread(target=work, args=(at,)) for at in range(CLIENTS)]
        for one in threads:
            one.start()
        for n in range(3):
            self.mutual("issue", "client", f"k{n}")
            self.mutual("revoke", f"k{n}")
        for one in threads:
            one.join()
        self.assertEqual(failures, [])
        for one in servers:
            self.assertEqual(one.stop(), 0)
        self.check_consistent()
        self.check_given()
        self.assertEqual(len(self.got), len(names))

    def test_an_inventory_from_before_the_last_batch_is_refused(self):
        tokens = self.tokens(["b0"])
        server = self.serve("--quiet", command=("ca", "serve"))
        before = len(json.loads(self.mutual("list", "--json")))
        self.backup()
        self.assertEqual([self.ask(server.port, *pair) for pair in tokens.items()], [200])
        server.signal(signal.SIGKILL)
        server.process.wait()
        self.restore()
        self.assertIn("is older than it was", self.mutual("list", code=1))
        self.assertIn("certificates put back  b0", self.mutual("recover"))
        self.assertEqual(len(self.listed()), before + 1)

    def backup(self):
        database, copy = (sqlite3.connect(self.at(name)) for name in ("pki/inventory.db", "backup.db"))
        database.backup(copy)  # while it is in use
        copy.close()
        database.close()


class OnPostgresql(WithPostgres, OnSqlite):
    sql, backup, restore = (getattr(inventory_test.OnPostgresql, name) for name in ("sql", "backup", "restore"))

    def refuse_to_record(self, name):
        self.postgres.sql(f"CREATE TRIGGER no_one BEFORE INSERT ON certificates FOR EACH ROW WHEN (NEW.name = '{name}') "
                          "EXECUTE FUNCTION refuse_change('no')", self.database)

    def init(self):
        self.database, self.url = self.postgres.new_database()
        self.store = ("--store", self.url)
        self.run_tool(MUTUAL, "init", "--name", "Acme", "--client", "alice", *self.store)


if __name__ == "__main__":
    unittest.main()
