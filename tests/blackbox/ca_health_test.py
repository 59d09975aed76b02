"""Health and metrics of mutual ca serve, as curl and Prometheus' own reader see them."""

import concurrent.futures
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

import exposition
from ca_service_test import CaTest
from serving import MUTUAL, clean_environment, free_port


class HealthTest(CaTest):
    def curl(self, path, *more, client=None, code=0):
        shown = ["--cert", f"pki/issued/{client}.crt", "--key", f"pki/issued/{client}.key"] if client else []
        return self.run_tool("curl", "-s", "--cacert", "pki/root.crt", "--max-time", "20", *shown, *more, self.url + path, code=code)

    def numbers(self, client="alice"):
        """By name, then by labels."""
        return exposition.numbers(self.curl("/metrics", client=client))

    def comes_to(self, status):
        end = time.monotonic() + 20
        while self.get("/healthz")[0] != status:
            self.assertLess(time.monotonic(), end, f"never {status}")
            time.sleep(0.05)


class Metrics(HealthTest):
    def test_the_page_is_exactly_the_format(self):
        self.ca_serve()
        fields = self.curl("/metrics", "-D", "-", "-o", "page", client="alice")
        self.assertIn("text/plain; version=0.0.4; charset=utf-8", fields)
        exposition.check(self, self.read("page").decode())

    def test_what_happens_is_counted(self):
        self.ca_serve()
        self.mutual("ca", "token", "bob")
        before = self.numbers()
        self.assertEqual(before["mutual_ca_ready"], {(): 1})
        self.assertEqual(before["mutual_ca_refused"][(("reason", "credentials"),)], 0)
        self.curl("/.well-known/est/simpleenroll", "-d", "x", "-H", "Content-Type: application/pkcs10")
        self.openssl_ocsp("-cert", "pki/issued/alice.crt")
        after = self.numbers()
        self.assertEqual(after["mutual_ca_refused"][(("reason", "credentials"),)], 1)
        self.assertEqual(after["mutual_ca_ocsp_answers"][(("status", "good"),)], 1)
        ages = {dict(labels)["ca"]: value for labels, value in after["mutual_ca_list_age_seconds"].items()}
        self.assertEqual(set(ages), {"intermediate", "root"})
        # They begin five minutes before they are made.
        self.assertTrue(all(300 <= age < 360 for age in ages.values()), ages)
        left = {dict(labels)["ca"]: value for labels, value in after["mutual_ca_list_next_update_seconds"].items()}
        self.assertAlmostEqual(left["intermediate"], 30 * 86400, delta=120)

    def until(self, what, client="alice"):
        """The numbers, once they are so."""
        end = time.monotonic() + 20
        while not what(told := self.numbers(client)):
            self.assertLess(time.monotonic(), end, told)
            time.sleep(0.05)
        return told

    def test_what_is_given_by_est_is_counted_by_operation(self):
        self.ca_serve()
        self.assertEqual(self.numbers()["mutual_ca_issued"],
                         {(("operation", one),): 0 for one in ("simpleenroll", "simplereenroll", "serverkeygen")})
        self.run_tool("openssl", "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "bob.key", "-subj", "/O=Acme/CN=bob",
                      "-outform", "DER", "-out", "bob.der")
        self.run_tool("openssl", "base64", "-in", "bob.der", "-out", "bob.b64")
        body = ["--data-binary", "@bob.b64", "-H", "Content-Type: application/pkcs10", "-o", "answer"]
        token = lambda: ["-u", ":" + self.mutual("ca", "token", "bob", "--quiet").strip()]
        self.curl("/.well-known/est/simpleenroll", *body, *token())
        self.run_tool("openssl", "base64", "-d", "-in", "answer", "-out", "answer.p7")
        self.run_tool("openssl", "pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs", "-out", "bob.crt")
        self.write("bob.crt", self.read("bob.crt") + self.read("pki/intermediate.crt"))
        for _ in range(2):
            self.curl("/.well-known/est/simplereenroll", *body, "--cert", "bob.crt", "--key", "bob.key")
        self.mutual("revoke", "bob")
        for _ in range(3):
            self.curl("/.well-known/est/serverkeygen", *body, *token())
            self.mutual("revoke", "bob")
        self.assertEqual(self.numbers()["mutual_ca_issued"],
                         {(("operation", "simpleenroll"),): 1, (("operation", "simplereenroll"),): 2, (("operation", "serverkeygen"),): 3})

    def test_who_follows_the_changes_is_counted_and_who_finds_no_place(self):
        self.ca_serve()
        self.assertEqual([self.numbers()[f"mutual_ca_feed_{one}"][()] for one in ("subscribers", "places", "refused")], [0, 5000, 0])
        # A certificate has a hundred places.
        with open(self.at("follow"), "w", encoding="ascii") as file:
            file.write("".join(f'url = "{self.url}/changes"\noutput = "/dev/null"\n' for _ in range(103)))
        follower = subprocess.Popen(["curl", "-s", "-Z", "--parallel-max", "150", "--cacert", "pki/root.crt", "--cert", "pki/issued/alice.crt",
                                     "--key", "pki/issued/alice.key", "-K", "follow"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        told = self.until(lambda told: told["mutual_ca_feed_refused"][()] == 3)
        self.assertEqual((told["mutual_ca_feed_subscribers"][()], told["mutual_ca_feed_places"][()]), (100, 5000))
        follower.kill()
        self.until(lambda told: told["mutual_ca_feed_subscribers"][()] == 0)

    def test_the_inventory_and_what_fails_are_told(self):
        self.ca_serve()
        acts = lambda: len(json.loads(self.mutual("log", "--json")))
        self.until(lambda told: told["mutual_ca_inventory_acts"][()] == acts())
        self.mutual("issue", "client", "bob")
        self.until(lambda told: told["mutual_ca_inventory_acts"][()] == acts())
        told = self.numbers()
        self.assertEqual((told["mutual_ca_key_up"][()], told["mutual_ca_list_failures"][()], told["mutual_ca_inventory_errors"][()]), (1, 0, 0))
        self.assertLess(told["mutual_ca_inventory_looked_seconds"][()], 10)
        ends = {dict(labels)["ca"]: value for labels, value in told["mutual_ca_responder_end_seconds"].items()}
        for ca in ("intermediate", "root"):
            self.assertTrue(3600 < ends[ca] < 400 * 86400, ends)
        # A revocation that is on no list, and no key to sign one.
        self.mutual("revoke", "bob", "--no-crl")
        os.rename(self.at("pki/intermediate.key"), self.at("away.key"))
        told = self.until(lambda told: told["mutual_ca_list_failures"][()] > 0)
        self.assertEqual(told["mutual_ca_key_up"], {(): 0})
        os.rename(self.at("away.key"), self.at("pki/intermediate.key"))
        self.until(lambda told: told["mutual_ca_key_up"][()] == 1)
        mark = self.read("pki/inventory.mark")
        self.write("pki/inventory.mark", b"damaged")
        self.until(lambda told: told["mutual_ca_inventory_errors"][()] > 0 and told["mutual_ca_inventory_up"][()] == 0)
        self.write("pki/inventory.mark", mark)

    def test_a_revocation_is_seen_in_the_list(self):
        self.ca_serve("--name", "localhost")
        self.mutual("issue", "client", "bob")
        self.mutual("revoke", "bob")
        end = time.monotonic() + 20
        while sum(self.numbers()["mutual_ca_list_revoked"].values()) != 1:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_strangers_are_told_no_numbers(self):
        self.ca_serve()
        self.assertIn("no_certificate", self.curl("/metrics"))
        self.assertEqual(self.get("/metrics")[0], 404)

    def test_readers_can_be_named(self):
        self.mutual("issue", "client", "prometheus")
        self.ca_serve("--metrics-for", "prometheus")
        self.assertIn("policy_denied", self.curl("/metrics", client="alice"))
        self.assertIn("mutual_ca_ready", self.numbers("prometheus"))
        self.mutual("ca", "serve", "--metrics-for", "", code=2)


class Health(HealthTest):
    def test_it_is_told_on_both_listeners(self):
        self.ca_serve()
        self.assertEqual(self.get("/healthz")[::2], (200, b"ok\n"))
        self.assertEqual(self.curl("/healthz"), "ok\n")
        self.assertEqual(self.curl("/healthz", "-I", "-o", "head", "-w", "%{http_code}"), "200")

    def test_what_is_wrong_is_told_to_those_with_a_certificate_and_without_secrets(self):
        server = self.ca_serve()
        mark = self.read("pki/inventory.mark")
        self.write("pki/inventory.mark", b"damaged")
        self.comes_to(503)
        for stranger in (self.get("/healthz")[2].decode(), self.curl("/healthz")):
            self.assertIn("not well", stranger)
            self.assertNotIn("inventory", stranger)
        told = self.curl("/healthz", client="alice")
        self.assertIn("the inventory cannot be used", told)
        self.assertNotIn("pki", told)
        server.wait_for("inventory.mark is damaged")
        self.write("pki/inventory.mark", mark)
        self.comes_to(200)

    def test_a_flood_of_questions_waits_for_nobody(self):
        """The inventory is locked by somebody else: what is asked of the disk would wait for ten seconds."""
        self.ca_serve()
        script = "import sqlite3,sys;d=sqlite3.connect('pki/inventory.db');d.execute('BEGIN EXCLUSIVE');print(1,flush=True);sys.stdin.read()"
        with subprocess.Popen([sys.executable, "-c", script], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            holder.stdout.readline()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: self.get("/healthz")[0], range(400)))
            self.assertEqual(set(answers), {200})
            self.assertIn("mutual_ca_ready", self.numbers())
            holder.stdin.close()
            holder.wait(timeout=30)

    def test_a_revoked_ca_that_its_roots_list_does_not_name_is_told_until_it_is_named_or_has_ended(self):
        old = json.loads(self.mutual("show", "pki/intermediate.crt", "--json"))["certificates"][0]["serial"]
        self.mutual("rotate", "intermediate")
        self.mutual("issue", "client", "bob")
        self.mutual("renew", "localhost")
        self.ca_serve()
        self.assertEqual(self.numbers("bob")["mutual_ca_unlisted_authorities"], {(): 0})
        os.rename(self.at("pki/root.key"), self.at("away.key"))
        self.mutual("revoke", old, "--reason", "cACompromise", code=1)
        self.comes_to(503)
        said = self.curl("/healthz", client="bob")
        self.assertIn(f"the root's revocation list does not say that the CA {old} was revoked", said)
        self.assertNotIn(self.folder, said)
        self.assertEqual(self.numbers("bob")["mutual_ca_unlisted_authorities"], {(): 1})
        self.mutual("crl", "--root-key", "away.key")
        self.comes_to(200)
        self.assertEqual(self.numbers("bob")["mutual_ca_unlisted_authorities"], {(): 0})

    def test_a_ca_that_has_ended_is_asked_of_no_list(self):
        old = json.loads(self.mutual("show", "pki/intermediate.crt", "--json"))["certificates"][0]["serial"]
        self.mutual("rotate", "intermediate")
        self.mutual("renew", "localhost")
        os.rename(self.at("pki/root.key"), self.at("away.key"))
        self.mutual("revoke", old, code=1)
        self.assertIn("a CA was revoked, but the root's revocation list does not say it yet", self.mutual("crl", code=1))
        database = sqlite3.connect(self.at("pki/inventory.db"))
        database.executescript(f"DROP TRIGGER certificates_keep; UPDATE certificates SET not_after = 1 WHERE serial = '{old}'")
        database.close()
        self.mutual("crl")
        self.ca_serve()
        self.comes_to(200)

    def test_a_name_that_its_ca_may_not_certify_is_no_fault_of_the_key(self):
        for name, line in (("top", ("-x509", "-out", "top.crt", "-days", "365", "-addext", "keyUsage=critical,keyCertSign,cRLSign")), ("middle", ("-out", "middle.csr",))):
            self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}", *line)
        self.write("ext", b"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
                          b"nameConstraints=critical,permitted;DNS:localhost,permitted;DNS:acme.example\n")
        self.run_tool("openssl", "x509", "-req", "-in", "middle.csr", "-CA", "top.crt", "-CAkey", "top.key", "-CAcreateserial", "-days",
                      "300", "-extfile", "ext", "-out", "middle.crt")
        shutil.rmtree(self.at("pki"))
        self.mutual("import", "middle.crt", "--key", "middle.key", "--chain", "top.crt", "--host", "localhost", "--client", "alice")
        self.mutual("crl", "--root-key", "top.key")
        token = self.mutual("ca", "token", "evil", "evil.example", "--profile", "server", "--quiet").strip()
        self.ca_serve()
        self.run_tool("openssl", "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "evil.key", "-subj", "/CN=evil", "-addext",
                      "subjectAltName=DNS:evil.example", "-outform", "DER", "-out", "evil.der")
        self.run_tool("openssl", "base64", "-in", "evil.der", "-out", "evil.b64")
        status = self.curl("/.well-known/est/simpleenroll", "-d", "@evil.b64", "-H", "Content-Type: application/pkcs10", "-u", ":" + token,
                           "-o", "answer", "-w", "%{http_code}")
        self.assertEqual(status, "403", self.read("answer"))
        self.assertIn(b"may not certify", self.read("answer"))
        self.assertEqual(self.numbers()["mutual_ca_key_failures"], {(): 0})

    def test_without_its_key_it_is_unwell(self):
        self.ca_serve()
        self.comes_to(200)
        os.remove(self.at("pki/intermediate.key"))
        self.comes_to(503)
        self.assertIn("the intermediate's key cannot be used", self.curl("/healthz", client="alice"))

    def test_while_its_intermediate_is_revoked_it_is_unwell_also_after_a_restart(self):
        self.mutual("rotate", "intermediate")  # alice is the old one's, and is let in
        server = self.ca_serve()
        self.comes_to(200)
        serial = json.loads(self.mutual("show", "pki/intermediate.crt", "--json"))["certificates"][0]["serial"]
        self.mutual("revoke", serial, "--reason", "cACompromise")
        self.comes_to(503)
        self.says("mutual rotate intermediate")
        self.assertEqual(self.numbers()["mutual_ca_ready"], {(): 0})
        server.wait_for("the intermediate was revoked, so whatever it issued would be refused, and it issues nothing")
        server.stop()
        server = self.ca_serve()
        self.assertEqual(self.get("/healthz")[0], 503)
        server.wait_for("the intermediate was revoked, so whatever it issued would be refused, and it issues nothing")
        self.mutual("rotate", "intermediate")
        self.comes_to(200)
        self.assertEqual(self.numbers()["mutual_ca_ready"], {(): 1})

    def test_while_nobody_can_read_what_may_be_issued_it_is_unwell(self):
        server = self.ca_serve()
        self.comes_to(200)
        self.write("pki/authority.toml", b"x = [\n")
        self.comes_to(503)
        said = self.says("mend authority.toml")
        self.assertNotIn("pki/", said)
        self.assertEqual(self.numbers()["mutual_ca_ready"], {(): 0})
        server.wait_for("nothing can be issued: .*authority.toml")
        self.write("pki/authority.toml", b"[client]\nlongest_days = 90\n")
        self.comes_to(200)

    def test_while_its_own_certificate_is_revoked_it_is_unwell(self):
        server = self.ca_serve()
        self.comes_to(200)
        self.mutual("revoke", "localhost")
        self.comes_to(503)
        self.says("mutual issue server localhost")
        server.wait_for("the service's own certificate was revoked.*mutual issue server localhost")
        self.mutual("issue", "server", "localhost")
        self.comes_to(200)

    def test_while_the_ca_of_its_own_certificate_is_revoked_it_is_unwell_until_that_is_renewed(self):
        """The documented answer to a CA's key that was stolen: rotate, and then revoke the old one."""
        old = json.loads(self.mutual("show", "pki/intermediate.crt", "--json"))["certificates"][0]["serial"]
        server = self.ca_serve()
        self.mutual("rotate", "intermediate")
        self.mutual("issue", "client", "bob")
        self.comes_to(200)
        self.mutual("revoke", old, "--reason", "cACompromise")
        self.comes_to(503)
        said = self.says("renew it with mutual renew localhost", client="bob")
        self.assertNotIn(self.folder, said)
        server.wait_for("the service's own certificate is of a CA that was revoked, .*mutual renew localhost")
        server.wait_for("a CA in the chain that this server presents, 'CN=Acme Intermediate CA,O=Acme'")
        self.mutual("renew", "localhost")
        self.comes_to(200)
        # What a rotation has recorded and not yet written is no CA of another machine.
        self.assertNotIn("issues no more", server.log())

    def says(self, part, client="alice"):
        """What /healthz says to a client, once that is in it and the service has heard of the CA that issued for it."""
        end = time.monotonic() + 20
        while part not in (said := self.curl("/healthz", client=client, code=None)):
            self.assertLess(time.monotonic(), end, said)
            time.sleep(0.05)
        return said


class Logs(HealthTest):
    def test_a_log_that_nobody_reads_stops_nothing(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        port = free_port()
        with subprocess.Popen([MUTUAL, "ca", "serve", "--listen", f"localhost:{port}", "--quiet"], cwd=self.folder, env=clean_environment(),
                              stdin=subprocess.DEVNULL, stderr=writing) as service:
            os.close(writing)
            try:
                self.url = f"https://localhost:{port}"
                end = time.monotonic() + 30
                while self.curl("/healthz", code=None) != "ok\n":
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.05)
                # A line of the log for each, of which a pipe holds 64 KiB.
                with open(self.at("asks"), "w", encoding="ascii") as file:
                    file.write(f'url = "{self.url}/.well-known/est/simpleenroll"\noutput = "/dev/null"\n' * 1500)
                body = ["-d", "x", "-H", "Content-Type: application/pkcs10", "-u", ":abcdefgh." + "x" * 43]
                self.run_tool("curl", "-s", "--cacert", "pki/root.crt", "--max-time", "50", *body, "-K", "asks")
                self.assertGreaterEqual(self.numbers()["mutual_ca_refused"][(("reason", "credentials"),)], 1500)
                before = os.stat(self.at("pki/crl.pem")).st_mtime_ns
                end = time.monotonic() + 20
                self.mutual("issue", "client", "carol")
                self.mutual("revoke", "carol", "--no-crl")
                while os.stat(self.at("pki/crl.pem")).st_mtime_ns == before:
                    self.assertLess(time.monotonic(), end, "the keeper waits for whoever reads the log")
                    time.sleep(0.05)
            finally:
                service.send_signal(signal.SIGINT)
                self.assertEqual(service.wait(timeout=20), 0)


if __name__ == "__main__":
    unittest.main()
