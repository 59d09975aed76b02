"""The numbers of mutual serve, as Prometheus reads them."""

import socket
import ssl
import subprocess
import time
import unittest
import urllib.error
import urllib.request

import exposition
from serving import MUTUAL, ServingTest, free_port


class Metrics(ServingTest):
    def start(self, *arguments, metrics="0", **options):
        server = self.serve("--metrics", metrics, *arguments, **options)
        self.page = f"http://127.0.0.1:{server.wait_for(r'Metrics: +http://[^ ]*:([0-9]+)/metrics')}/metrics"
        self.port = server.port
        return server

    def told(self):
        with urllib.request.urlopen(self.page, timeout=20) as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            page = answer.read().decode()
        exposition.check(self, page)
        return exposition.numbers(page)

    def comes_to(self, wanted):
        end = time.monotonic() + 20
        while not wanted(told := self.told()):
            self.assertLess(time.monotonic(), end, told)
            time.sleep(0.05)
        return told

    def curl(self, client, *more, code=0):
        shown = ["--cert", f"pki/issued/{client}.crt", "--key", f"pki/issued/{client}.key"] if client else []
        return self.run_tool("curl", "-sS", "--cacert", "pki/root.crt", "--max-time", "20", *shown, *more,
                             f"https://localhost:{self.port}/", code=code)

    def refused(self, told, reason):
        return told["mutual_server_refused"][(("reason", reason),)]

    def test_connections_handshakes_and_refusals_are_counted(self):
        self.make_pki()
        self.start()
        before = self.told()
        self.assertEqual(before["mutual_server_connections"], {(): 0})
        self.assertEqual(len(before["mutual_server_refused"]), 21)
        self.curl("alice")
        self.curl(None, "--tlsv1.3", code=None)
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertIn(b" 400 ", plain.recv(4096))
        after = self.comes_to(lambda told: self.refused(told, "not_tls") == 1 and self.refused(told, "no_certificate") == 1)
        self.assertEqual(after["mutual_server_connections"], {(): 3})
        # Whoever was refused, whatever had come: plain HTTP too.
        self.assertEqual(after["mutual_server_handshakes"],
                         {(("outcome", "full"),): 1, (("outcome", "resumed"),): 0, (("outcome", "failed"),): 2})
        self.assertGreater(after["mutual_server_certificate_end_seconds"][()], 86400)

    def test_who_is_turned_away_for_want_of_descriptors_is_counted(self):
        self.make_pki()
        self.start(program="prlimit", command=("--nofile=160", MUTUAL, "serve"))
        self.assertEqual(self.told()["mutual_server_turned_away"], {(): 0})
        # Who has shown a certificate gives way to nobody.
        known = ssl.create_default_context(cafile=self.at("pki/root.crt"))
        known.load_cert_chain(self.at("pki/issued/alice.crt"), self.at("pki/issued/alice.key"))
        crowd, closed = [], 0
        try:
            for _ in range(180):
                plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
                crowd.append(plain)
                try:
                    crowd[-1] = known.wrap_socket(plain, server_hostname="localhost")
                except OSError:
                    closed += 1
        finally:
            for one in crowd:
                one.close()
        self.assertGreater(closed, 20)
        told = self.comes_to(lambda told: told["mutual_server_connections_open"][()] == 0)
        self.assertEqual(told["mutual_server_turned_away"], {(): closed})
        self.assertEqual(told["mutual_server_connections"], {(): 180 - closed})

    def test_resumptions_are_counted(self):
        self.make_pki()
        self.start()
        line = ["openssl", "s_client", "-connect", f"localhost:{self.port}", "-cert", "pki/issued/alice.crt", "-key",
                "pki/issued/alice.key", "-CAfile", "pki/root.crt", "-tls1_2", "-cert_chain", "pki/intermediate.crt"]
        self.run_tool(*line, "-sess_out", "session")
        self.run_tool(*line, "-sess_in", "session")
        told = self.comes_to(lambda told: told["mutual_server_handshakes"][(("outcome", "resumed"),)] == 1)
        self.assertEqual(told["mutual_server_handshakes"][(("outcome", "full"),)], 1)

    def test_a_connection_that_a_revocation_closes_is_counted_and_so_are_the_lists(self):
        self.make_pki()
        self.run_tool(MUTUAL, "crl")
        self.start()
        told = self.told()
        self.assertEqual(told["mutual_server_revocation_checked"], {(): 1})
        ages = told["mutual_server_list_age_seconds"]
        self.assertEqual(len(ages), 2)
        self.assertTrue(all(0 <= age < 600 for age in ages.values()), ages)
        self.assertEqual(set(told["mutual_server_list_overdue_seconds"].values()), {0})
        self.assertEqual(set(told["mutual_server_list_missing"].values()), {0})
        self.assertTrue(all(left > 86400 for left in told["mutual_server_list_next_update_seconds"].values()))
        client = subprocess.Popen(["openssl", "s_client", "-connect", f"localhost:{self.port}", "-cert",
                                   "pki/issued/alice.crt", "-key", "pki/issued/alice.key", "-CAfile", "pki/root.crt",
                                   "-cert_chain", "pki/intermediate.crt"],
                                  cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        self.addCleanup(client.stdin.close)
        self.comes_to(lambda told: told["mutual_server_connections_open"][()] == 1)
        self.run_tool(MUTUAL, "revoke", "alice")
        after = self.comes_to(lambda told: told["mutual_server_dismissed"][()] == 1)
        self.assertEqual(self.refused(after, "revoked"), 1)
        self.assertGreater(after["mutual_server_generation"][()], 1)

    def test_a_list_that_is_late_or_lacking_has_a_clock(self):
        """A list that openssl has made for two seconds, and none of the other CA."""
        self.self_signed("first", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.self_signed("second", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.self_signed("localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "extendedKeyUsage=serverAuth")
        with open(self.at("ca.cnf"), "w", encoding="utf-8") as file:
            file.write("[ca]\ndefault_ca=one\n[one]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ncrl_extensions=x\n"
                       "[x]\nauthorityKeyIdentifier=keyid\n")
        for name, text in (("index", ""), ("number", "01\n")):
            with open(self.at(name), "w", encoding="utf-8") as file:
                file.write(text)
        self.run_tool("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "first.key", "-cert", "first.crt",
                      "-crlsec", "2", "-out", "first.crl")
        self.start("--cert", "localhost.crt", "--key", "localhost.key", "--trust", "first.crt", "--trust", "second.crt",
                   "--crl", "first.crl")
        told = self.comes_to(lambda told: any(value > 1 for value in told["mutual_server_list_overdue_seconds"].values()))
        missing = {dict(labels)["ca"]: value for labels, value in told["mutual_server_list_missing"].items()}
        self.assertEqual(missing, {"CN=first": 0, "CN=second": 1})
        self.assertEqual([dict(labels)["ca"] for labels in told["mutual_server_list_overdue_seconds"]], ["CN=first"])
        self.assertLess(min(told["mutual_server_list_next_update_seconds"].values()), 0)

    def test_it_is_of_this_machine_alone_unless_it_is_told_otherwise(self):
        server = self.start("--plain")
        self.assertNotIn("UNSAFE", server.log())
        self.assertTrue(self.page.startswith("http://127.0.0.1:"))
        self.assertEqual(self.told()["mutual_server_revocation_checked"], {(): 0})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(self.page.replace("/metrics", "/"), timeout=20)
        self.assertEqual(refused.exception.code, 404)
        refused.exception.close()
        self.assertEqual(server.stop(), 0)
        open_to_all = self.start("--plain", metrics="0.0.0.0:0")
        self.assertIn("UNSAFE", open_to_all.log())

    def test_a_place_that_cannot_be_is_told_and_nothing_is_served(self):
        for place, said in (("nonsense", "HOST:PORT"), ("70000", "HOST:PORT"), ("", "--metrics")):
            self.assertIn(said, self.run_tool(MUTUAL, "serve", "--plain", "--listen", "localhost:0", "--metrics", place,
                                              code=2))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            listen = f"127.0.0.1:{free_port()}"
            told = self.run_tool(MUTUAL, "serve", "--plain", "--listen", listen, "--metrics", port, code=1)
            self.assertIn("--metrics", told)


if __name__ == "__main__":
    unittest.main()
