"""Health and metrics of mutual ca serve, as curl and Prometheus' own reader see them."""

import concurrent.futures
import os
import signal
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
        self.assertTrue(all(0 <= age < 60 for age in ages.values()), ages)
        left = {dict(labels)["ca"]: value for labels, value in after["mutual_ca_list_next_update_seconds"].items()}
        self.assertAlmostEqual(left["intermediate"], 30 * 86400, delta=120)

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

    def test_without_its_key_it_is_unwell(self):
        self.ca_serve()
        self.comes_to(200)
        os.remove(self.at("pki/intermediate.key"))
        self.comes_to(503)
        self.assertIn("the intermediate's key cannot be used", self.curl("/healthz", client="alice"))


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
