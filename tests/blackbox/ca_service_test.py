"""mutual ca serve: revocation lists and OCSP, as other people's programs see them."""

import base64
import json
import os
import shutil
import socket
import stat
import time
import unittest
import urllib.error
import urllib.request

from postgres import WithPostgres
from serving import MUTUAL, ServingTest


class CaTest(ServingTest):
    """A test with a PKI and `mutual ca serve` on it: `self.url` with mutual TLS, `self.plain` without."""

    def setUp(self):
        super().setUp()
        self.init()

    def init(self, *more):
        self.run_tool(MUTUAL, "init", "--name", "Acme", "--host", "localhost", "--client", "alice", *more)

    def mutual(self, *arguments, code=0, **options):
        return self.run_tool(MUTUAL, *arguments, code=code, **options)

    def ca_serve(self, *arguments):
        server = self.serve("--plain-listen", "127.0.0.1:0", *arguments, command=("ca", "serve"))
        self.url = f"https://localhost:{server.port}"
        self.plain = f"http://127.0.0.1:{server.wait_for(r'Plain: +http://127.0.0.1:([0-9]+)/')}"
        return server

    def get(self, path, data=None, **headers):
        """Status, fields and body of a plain request."""
        asked = urllib.request.Request(self.plain + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read()

    def read(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def write(self, name, contents):
        with open(self.at(name), "wb") as file:
            file.write(contents)

    def openssl_ocsp(self, *cert, issuer="pki/intermediate.crt", more=()):
        return self.run_tool("openssl", "ocsp", "-issuer", issuer, *cert, "-url", self.plain + "/ocsp", "-CAfile",
                             "pki/root.crt", "-verify_other", "pki/intermediate.crt", *more)


class Start(CaTest):
    def test_what_cannot_be_served_is_told_and_nothing_is_served(self):
        for line, said in ((["--pki", "nowhere"], "there is no PKI in nowhere"),
                           (["--name", "alice2"], "holds no certificate 'alice2'"),
                           (["--store", "mysql://x"], "is no store"),
                           (["--plain-listen", "nonsense"], "nonsense"),
                           (["--threads", "0"], "--threads")):
            told = self.mutual("ca", "serve", "--listen", "localhost:0", *line, code=None)
            self.assertIn(said, told)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            told = self.mutual("ca", "serve", "--listen", "localhost:0", "--plain-listen", f"127.0.0.1:{port}", code=1)
            self.assertIn("cannot listen on", told)
            self.assertIn("--plain-listen", told)
        self.mutual("init", "--self-signed", "--pki", "single")
        self.assertIn("has no authority to issue with", self.mutual("ca", "serve", "--pki", "single", code=1))
        self.mutual("ca", code=2)
        self.mutual("ca", "nonsense", code=2)

    def test_it_stops_when_it_is_asked_to(self):
        server = self.ca_serve()
        self.assertEqual(self.get("/crl/root.crl")[0], 200)
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("UNSAFE", server.log())

    def test_the_same_is_there_over_tls_and_a_revoked_client_is_refused(self):
        self.ca_serve()
        line = ["curl", "-s", "--cacert", "pki/root.crt", "-w", "%{http_code}", "-o", "list.crl", self.url + "/crl/intermediate.crl"]
        self.assertEqual(self.run_tool(*line), "200")
        alice = ["--cert", "pki/issued/alice.crt", "--key", "pki/issued/alice.key"]
        self.assertEqual(self.run_tool(*line, *alice), "200")
        self.mutual("revoke", "alice")
        time.sleep(1)
        self.assertNotEqual(self.run_tool(*line, *alice, code=None), "200")


class Lists(CaTest):
    def test_curl_fetches_a_list_once_and_openssl_reads_it(self):
        self.ca_serve()
        for ca, cafile in (("intermediate", "pki/intermediate.crt"), ("root", "pki/root.crt")):
            self.run_tool("curl", "-sf", "-o", f"{ca}.crl", f"{self.plain}/crl/{ca}.crl")
            self.run_tool("openssl", "crl", "-verify", "-inform", "DER", "-in", f"{ca}.crl", "-CAfile", cafile, "-noout")
        time.sleep(1.1)
        status, fields, _ = self.get("/crl/intermediate.crl")
        self.assertEqual((status, fields["Content-Type"]), (200, "application/pkix-crl"))
        self.assertIn("max-age=300,", fields["Cache-Control"])
        self.assertEqual(self.get("/crl/intermediate.crl", **{"If-None-Match": fields["ETag"]})[0], 304)
        self.assertEqual(self.get("/crl/intermediate.crl", **{"If-Modified-Since": fields["Last-Modified"]})[0], 304)
        self.mutual("revoke", "alice")
        status, fields, body = self.get("/crl/intermediate.crl", **{"If-None-Match": fields["ETag"]})
        self.assertEqual((status, body), (200, self.read("pki/intermediate.crl")))

    def test_a_delta_is_given_out_when_there_is_one(self):
        self.ca_serve()
        self.assertEqual(self.get("/crl/intermediate.delta.crl")[0], 404)
        self.mutual("crl", "--delta")
        self.assertEqual(self.get("/crl/intermediate.delta.crl")[2], self.read("pki/intermediate.delta.crl"))

    def test_a_delta_is_given_out_in_pem_too(self):
        self.ca_serve()
        self.assertEqual(self.get("/crl/delta.pem")[0], 404)
        self.mutual("crl", "--delta")
        self.run_tool("curl", "-sf", "-o", "delta.pem", f"{self.plain}/crl/delta.pem")
        self.run_tool("openssl", "crl", "-verify", "-in", "delta.pem", "-CAfile", "pki/intermediate.crt", "-noout")
        self.assertIn("Delta CRL Indicator", self.run_tool("openssl", "crl", "-in", "delta.pem", "-noout", "-text"))
        self.assertEqual(self.get("/crl/delta.pem")[1]["Content-Type"], "application/x-pem-file")

    def test_nothing_else_of_the_folder_is_given_out(self):
        self.ca_serve()
        for path in ("/crl/root.key", "/crl/../root.key", "/crl/%2e%2e/root.key", "/crl/inventory.db", "/pki/root.key",
                     "/crl/retired/..%2f..%2froot.key", "/root.key", "/crl/", "/"):
            with socket.create_connection(("127.0.0.1", int(self.plain.rsplit(":", 1)[1]))) as wire:
                wire.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(lambda: wire.recv(4096), b""))
            self.assertRegex(answer, rb"^HTTP/1.1 40[04] ", path)
            self.assertNotIn(b"PRIVATE", answer)


class Ocsp(CaTest):
    def serial(self, name):
        return json.loads(self.mutual("show", name, "--json"))["certificates"][0]["serial"]

    def test_openssl_is_told_who_is_good_and_who_is_revoked(self):
        self.ca_serve()
        said = self.openssl_ocsp("-cert", "pki/issued/alice.crt")
        self.assertIn("Response verify OK", said)
        self.assertIn("alice.crt: good", said)
        self.assertNotIn("WARNING: no nonce", said)
        self.mutual("revoke", "alice", "--reason", "keyCompromise", "--no-crl")
        said = self.openssl_ocsp("-cert", "pki/issued/alice.crt", "-cert", "pki/issued/localhost.crt")
        self.assertRegex(said, r"alice.crt: revoked\n(.*\n)*\s+Reason: keyCompromise")
        self.assertIn("localhost.crt: good", said)
        self.assertIn("pki/intermediate.crt: good", self.openssl_ocsp("-cert", "pki/intermediate.crt", issuer="pki/root.crt"))
        self.assertIn("0x1234: unknown", self.openssl_ocsp("-serial", "0x1234"))
        self.assertIn("alice.crt: revoked", self.openssl_ocsp("-sha256", "-cert", "pki/issued/alice.crt"))

    def test_whom_only_a_list_still_knows_after_an_older_backup_is_revoked(self):
        shutil.copy(self.at("pki/inventory.db"), self.at("backup.db"))
        self.mutual("issue", "client", "eve")
        shutil.copy(self.at("pki/issued/eve.crt"), self.at("eve.crt"))
        self.mutual("revoke", "eve", "--reason", "keyCompromise")
        for name in os.listdir(self.at("pki/issued")):
            if name.startswith("eve."):
                os.remove(self.at("pki/issued", name))
        for name in os.listdir(self.at("pki")):
            if name.startswith("inventory.db"):
                os.remove(self.at("pki", name))
        shutil.copy(self.at("backup.db"), self.at("pki/inventory.db"))
        self.mutual("recover")
        self.ca_serve()
        said = self.openssl_ocsp("-cert", "eve.crt", "-cert", "pki/issued/alice.crt")
        self.assertRegex(said, r"eve.crt: revoked\n(.*\n)*\s+Reason: keyCompromise\n\s+Revocation Time: ")
        self.assertIn("alice.crt: good", said)

    def test_whom_the_last_list_of_an_imported_ca_revokes_is_revoked(self):
        shutil.rmtree(self.at("pki"))
        self.self_signed("ca", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.write("index.txt", b"R\t351231235959Z\t260101000000Z,superseded\t0BAD\tunknown\t/CN=x\n")
        self.write("crlnumber", b"1000\n")
        self.write("ca.cnf", b"[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n"
                             b"default_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n")
        self.run_tool("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.crt", "-out", "ca.crl")
        self.mutual("import", "ca.crt", "--key", "ca.key", "--host", "localhost", "--crl", "ca.crl")
        self.ca_serve()
        said = self.openssl_ocsp("-serial", "0x0BAD", "-serial", "0x0BED", issuer="pki/root.crt", more=("-verify_other", "pki/root.crt"))
        self.assertRegex(said, r"0x0BAD: revoked\n(.*\n)*\s+Reason: superseded")
        self.assertIn("0x0BED: unknown", said)

    def test_an_issuer_that_is_not_ours_is_nobodys(self):
        self.ca_serve()
        self.self_signed("foreign")
        self.assertIn("unauthorized", self.run_tool("openssl", "ocsp", "-issuer", "foreign.crt", "-serial", "1", "-url", self.plain + "/ocsp", code=None))

    def test_curl_asks_by_get_and_by_post(self):
        self.ca_serve()
        self.run_tool("openssl", "ocsp", "-issuer", "pki/intermediate.crt", "-cert", "pki/issued/alice.crt", "-no_nonce", "-reqout", "asked.der")
        coded = base64.b64encode(self.read("asked.der")).decode()
        for path in (coded, urllib.request.quote(coded, safe="")):
            self.run_tool("curl", "-sf", "--path-as-is", "-o", "answer.der", f"{self.plain}/ocsp/{path}")
            said = self.run_tool("openssl", "ocsp", "-respin", "answer.der", "-issuer", "pki/intermediate.crt", "-cert", "pki/issued/alice.crt",
                                 "-CAfile", "pki/root.crt", "-verify_other", "pki/intermediate.crt")
            self.assertIn("alice.crt: good", said)
        first = self.get("/ocsp/" + coded)
        self.assertEqual(self.get("/ocsp/" + coded, **{"If-None-Match": first[1]["ETag"]})[0], 304)
        self.run_tool("curl", "-sf", "-H", "Content-Type: application/ocsp-request", "--data-binary", "@asked.der", "-o", "posted.der", self.plain + "/ocsp")
        self.assertEqual(self.read("posted.der"), self.read("answer.der"))

    def test_what_is_no_request_is_told_so_and_a_large_one_is_not_read(self):
        self.ca_serve()
        malformed = bytes([0x30, 3, 0x0A, 1, 1])
        self.run_tool("openssl", "ocsp", "-issuer", "pki/intermediate.crt", "-cert", "pki/issued/alice.crt", "-reqout", "asked.der")
        whole = self.read("asked.der")
        for body in (b"", b"x", whole[:-1], whole + b"\0", os.urandom(5000), b"\x30\x84\x7f\xff\xff\xff" + whole):
            status, _, answer = self.get("/ocsp", data=body, **{"Content-Type": "application/ocsp-request"})
            self.assertEqual((status, answer), (200, malformed), body)
        self.assertEqual(self.get("/ocsp", data=whole, **{"Content-Type": "text/plain"})[0], 415)
        self.assertEqual(self.get("/ocsp/" + "A" * 8000)[2], malformed)
        self.assertEqual(self.get("/ocsp", data=b"0" * 100_000, **{"Content-Type": "application/ocsp-request"})[0], 413)

    def test_the_responders_keys_are_closed_and_kept_over_a_restart(self):
        server = self.ca_serve()
        self.openssl_ocsp("-cert", "pki/issued/alice.crt")
        server.stop()
        before = {}
        for name in os.listdir(self.at("pki/ocsp")):
            self.assertEqual(stat.S_IMODE(os.stat(self.at("pki/ocsp", name)).st_mode), 0o600)
            before[name] = self.read(f"pki/ocsp/{name}")
        self.assertEqual(len(before), 2)
        self.ca_serve()
        self.assertIn("good", self.openssl_ocsp("-cert", "pki/issued/alice.crt"))
        self.assertEqual({name: self.read(f"pki/ocsp/{name}") for name in os.listdir(self.at("pki/ocsp"))}, before)
        listed = json.loads(self.mutual("list", "--json"))
        self.assertEqual(sorted(one["name"] for one in listed if one["profile"] == "responder"), ["ocsp-intermediate", "ocsp-root"])

    def test_java_believes_it_with_revocation_on_by_ocsp_and_by_lists(self):
        self.ca_serve()
        self.run_tool("javac", "-d", self.folder, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", "Judge.java"), timeout=120)
        def judge(how):
            return self.run_tool("java", "-Xshare:auto", "-cp", self.folder, "Judge", how, self.plain, "pki/root.crt", "pki/intermediate.crt",
                                 "pki/issued/alice.crt", timeout=120).strip()
        self.assertEqual((judge("ocsp"), judge("crl")), ("good", "good"))
        self.mutual("revoke", "alice", "--reason", "superseded")
        for how in ("ocsp", "crl"):
            said = judge(how)
            self.assertTrue(said.startswith("REVOKED") and "SUPERSEDED" in said, said)


class OnPostgresql(WithPostgres, CaTest):
    def init(self, *more):
        self.database, url = self.postgres.new_database()
        super().init("--store", url, *more)

    def test_a_revocation_on_another_machine_is_on_this_ones_list(self):
        shutil.copytree(self.at("pki"), self.at("other"))
        self.ca_serve()
        self.assertIn("alice.crt: good", self.openssl_ocsp("-cert", "pki/issued/alice.crt"))
        self.mutual("revoke", "alice", "--pki", "other")
        self.assertIn("alice.crt: revoked", self.openssl_ocsp("-cert", "pki/issued/alice.crt"))
        end = time.monotonic() + 10
        while not self.on_list() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertTrue(self.on_list())

    def test_a_backup_that_lacks_what_another_machine_has_done_is_noticed_by_one_that_serves(self):
        shutil.copytree(self.at("pki"), self.at("other"))
        self.ca_serve()
        dump = self.postgres.at("lacking.dump")
        self.postgres.run("pg_dump", "-h", self.postgres.folder, "-U", "mutual", "-f", dump, self.database)
        self.mutual("issue", "client", "bob", "--pki", "other")
        end = time.monotonic() + 10
        while self.act_in("pki") < self.act_in("other") and time.monotonic() < end:
            time.sleep(0.05)
        self.postgres.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", self.database)
        self.postgres.run("psql", "-q", "-h", self.postgres.folder, "-U", "mutual", "-d", self.database, "-f", dump)
        self.assertIn("is older than it was", self.mutual("issue", "client", "carol", code=1))

    def act_in(self, folder):
        return int(self.read(f"{folder}/inventory.mark").split(b"\nact ")[1].split()[0])

    def on_list(self):
        self.write("now.crl", self.get("/crl/intermediate.crl")[2])
        return "Serial Number" in self.run_tool("openssl", "crl", "-inform", "DER", "-in", "now.crl", "-noout", "-text")


if __name__ == "__main__":
    unittest.main()
