"""Certificates and OCSP answers a second, beside cfssl and openssl, on the same disk and with keys of the same kind."""

import base64
import collections
import glob
import hashlib
import http.client
import json
import secrets
import shutil
import sqlite3
import ssl
import statistics
import subprocess
import threading
import time
from pathlib import Path

import pki as openssl_pki
from authority_lists import make_pki
from authority_postgres import Database
from authority_run import Running, run

CFSSL_TABLES = """
CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob,
  status blob NOT NULL, reason int, expiry timestamp, revoked_at timestamp, pem blob NOT NULL,
  PRIMARY KEY (serial_number, authority_key_identifier));
CREATE TABLE ocsp_responses (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, body blob NOT NULL,
  expiry timestamp, PRIMARY KEY (serial_number, authority_key_identifier),
  FOREIGN KEY (serial_number, authority_key_identifier) REFERENCES certificates (serial_number, authority_key_identifier));
"""
OPENSSL_CA = """[ca]
default_ca = here
[here]
database = index.txt
serial = serial
new_certs_dir = certs
default_md = sha256
default_days = 30
policy = any
email_in_dn = no
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
"""


def request(folder, name):
    """A key of P-256 and a request for it; gives the request's file."""
    openssl_pki.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        folder / f"{name}.key", "-subj", f"/CN={name}", "-out", folder / f"{name}.csr")
    return folder / f"{name}.csr"


def at_once(clients, jobs, connect, ask):
    """Does all jobs with so many clients, each on a connection of its own; gives jobs a second."""
    left = list(jobs)
    failed = []
    guard = threading.Lock()
    start = threading.Barrier(clients + 1)

    def work():
        connection = connect()
        connection.connect()
        start.wait()
        while not failed:
            with guard:
                if not left:
                    break
                job = left.pop()
            try:
                ask(connection, job)
            except Exception as why:  # any failure voids the figure
                failed.append(why)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(clients)]
    for one in threads:
        one.start()
    start.wait()
    begun = time.monotonic()
    for one in threads:
        one.join()
    if failed:
        raise SystemExit(f"a request failed: {failed[0]}")
    return len(jobs) / (time.monotonic() - begun)


def expect(answer, status=200):
    body = answer.read()
    if answer.status != status:
        raise RuntimeError(f"{answer.status}: {body[:300]}")
    return body


def sqlite_rows(pki, statement, rows):
    base = sqlite3.connect(pki / "inventory.db")
    base.executemany(statement, rows)
    base.commit()
    base.close()


def tokens_for(names, insert):
    """Tokens as `mutual ca token` makes them, without a command for each: they are no part of what is measured."""
    made, rows = [], []
    for name in names:
        public, own = secrets.token_hex(8), secrets.token_hex(32)
        made.append(f"{public}.{own}")
        rows.append((public, hashlib.sha256(own.encode()).hexdigest(), name, "client", "", int(time.time()),
                     int(time.time()) + 86400))
    insert("INSERT INTO tokens (id, digest, name, profile, names, made_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return made


def by_mutual(asked, folder, clients, requests, database=None):
    """Certificates a second, and the service's CPU in ms for each; with a PostgreSQL, the inventory is there."""
    mutual, pki = make_pki(asked, folder, *(["--store", database.url] if database else []))
    request(folder, "x")
    # A name is certified once: each request is for another, by a token made for it beforehand.
    bare = folder / "bare.csr"
    openssl_pki.openssl("req", "-new", "-key", folder / "x.key", "-subj", "/O=bench", "-out", bare)
    wanted = base64.b64encode(subprocess.run(["openssl", "req", "-in", bare, "-outform", "DER"], capture_output=True,
                                             check=True).stdout)
    insert = database.insert if database else lambda statement, rows: sqlite_rows(pki, statement, rows)
    tokens = tokens_for([f"host{at}" for at in range(requests)], insert)
    trust = ssl.create_default_context(cafile=str(pki / "root.crt"))
    with Running(folder, mutual, "ca", "serve", "--pki", pki, "--listen", "localhost:0", "--quiet",
                 ready=r"https://[^ /]*:(\d+)") as server:

        def ask(connection, token):
            connection.request("POST", "/.well-known/est/simpleenroll", wanted,
                               {"Content-Type": "application/pkcs10", "Authorization": "Bearer " + token})
            expect(connection.getresponse())

        before = server.cpu_seconds()
        rate = at_once(clients, tokens,
                       lambda: http.client.HTTPSConnection("localhost", int(server.found), context=trust), ask)
        cpu_ms = (server.cpu_seconds() - before) * 1000 / requests
    kept = json.loads(subprocess.run([mutual, "list", "--json", "--pki", pki], capture_output=True, check=True).stdout)
    if sum(one["name"].startswith("host") for one in kept) != requests:
        raise SystemExit("mutual has not kept all certificates")
    return rate, cpu_ms


def cfssl_serve(folder, made, port):
    base = sqlite3.connect(folder / "certs.db")
    base.executescript(CFSSL_TABLES)
    base.close()
    (folder / "db.json").write_text(json.dumps({"driver": "sqlite3", "data_source": str(folder / "certs.db")}))
    (folder / "config.json").write_text(json.dumps({"signing": {"default": {
        "expiry": "720h", "usages": ["digital signature", "client auth"]}}}))
    return Running(folder, "cfssl", "serve", "-address", "127.0.0.1", "-port", port, "-ca", folder / "pki/root.crt",
                   "-ca-key", folder / "pki/root.key", "-config", folder / "config.json", "-db-config",
                   folder / "db.json", ready="(Now listening)")


def by_cfssl(folder, clients, requests):
    folder.mkdir(parents=True, exist_ok=True)
    made = openssl_pki.make(folder / "pki", "p256")
    body = json.dumps({"certificate_request": request(folder, "x").read_text(), "hosts": ["x"]})
    with cfssl_serve(folder, made, 8889) as server:

        def ask(connection, _):
            connection.request("POST", "/api/v1/cfssl/sign", body, {"Content-Type": "application/json"})
            expect(connection.getresponse())

        before = server.cpu_seconds()
        rate = at_once(clients, range(requests), lambda: http.client.HTTPConnection("127.0.0.1", 8889), ask)
        cpu_ms = (server.cpu_seconds() - before) * 1000 / requests
    kept = sqlite3.connect(folder / "certs.db").execute("SELECT count(*) FROM certificates").fetchone()[0]
    if kept != requests:
        raise SystemExit(f"cfssl kept {kept} of {requests} certificates")
    return rate, cpu_ms


def commands(asked, folder):
    """One program a certificate, one after another."""
    mutual, pki = make_pki(asked, folder)
    count = max(10, asked.requests // 40)
    requests = [request(folder, f"one{at}") for at in range(count)]
    begun = time.monotonic()
    for one in requests:
        run(mutual, "sign", one, "--pki", pki)
    ours = count / (time.monotonic() - begun)
    openssl_pki.make(folder / "other", "p256")
    (folder / "certs").mkdir()
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("1000\n")
    (folder / "ca.cnf").write_text(OPENSSL_CA)
    begun = time.monotonic()
    for one in requests:
        run("openssl", "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "other/root.crt", "-keyfile",
            "other/root.key", "-in", one, "-out", one.with_suffix(".crt"), cwd=folder)
    return ours, count / (time.monotonic() - begun)


def issue(asked, folder):
    """With so many clients at once each; cfssl, which takes the longer, is asked a fifth as often."""
    found = {"command": [], "openssl_ca": []}
    by_clients = {}

    def note(one, kind, measured):
        one[kind].append(measured[0])
        one[kind + "_cpu_ms"].append(measured[1])

    for number in range(asked.rounds):
        for clients in asked.clients:
            one = by_clients.setdefault(str(clients), collections.defaultdict(list))
            note(one, "service", by_mutual(asked, folder / f"m{number}-{clients}", clients, asked.requests))
            if shutil.which("cfssl"):
                note(one, "cfssl", by_cfssl(folder / f"c{number}-{clients}", clients, asked.requests // 5))
            if shutil.which("pg_config") or glob.glob("/usr/lib/postgresql/*/bin/postgres"):
                with Database() as database:
                    note(one, "postgresql",
                         by_mutual(asked, folder / f"p{number}-{clients}", clients, asked.requests, database))
        ours, openssls = commands(asked, folder / f"o{number}")
        found["command"].append(ours)
        found["openssl_ca"].append(openssls)

    def medians(of):
        return {name: statistics.median(all_of) for name, all_of in of.items() if all_of}

    return {"requests": asked.requests, "clients": {clients: medians(one) for clients, one in by_clients.items()},
            **medians(found), "rounds": {**found, **by_clients}}


def ocsp(asked, folder):
    """Answers a second by POST, each on a connection that is kept if the server keeps it, and CPU in µs for each."""
    mutual, pki = make_pki(asked, folder)
    question = folder / "question.der"

    def body_with(nonce):
        openssl_pki.openssl("ocsp", "-issuer", pki / "intermediate.crt", "-cert", pki / "issued/client.crt", nonce,
                            "-reqout", question)
        return question.read_bytes()

    plain, with_nonce = body_with("-no_nonce"), body_with("-nonce")

    count = asked.requests * 2
    found = collections.defaultdict(list)

    def measure(kind, server, clients, requests, port, body=plain):
        def ask(connection, _):
            connection.request("POST", "/ocsp", body, {"Content-Type": "application/ocsp-request"})
            expect(connection.getresponse())

        before = server.cpu_seconds()
        found[kind].append(at_once(clients, range(requests), lambda: http.client.HTTPConnection("localhost", port), ask))
        found[kind + "_cpu_us"].append((server.cpu_seconds() - before) * 1e6 / requests)

    for _ in range(asked.rounds):
        with Running(folder, mutual, "ca", "serve", "--pki", pki, "--listen", "localhost:0", "--plain-listen",
                     "localhost:0", "--quiet", core=asked.server_core, ready=r"http://[^ /]*:(\d+)") as server:
            measure("mutual", server, 4, count, int(server.found))
            measure("mutual_signed", server, 4, count, int(server.found), with_nonce)
        serial = subprocess.run(["openssl", "x509", "-in", pki / "issued/client.crt", "-noout", "-serial"],
                                capture_output=True, text=True, check=True).stdout.strip().split("=")[1]
        (folder / "index.txt").write_text(f"V\t300101000000Z\t\t{serial}\tunknown\t/CN=client\n")
        with Running(folder, "openssl", "ocsp", "-port", 8890, "-index", folder / "index.txt", "-CA",
                     pki / "intermediate.crt", "-rsigner", pki / "intermediate.crt", "-rkey", pki / "intermediate.key",
                     core=asked.server_core, ready="(waiting for OCSP client|ACCEPT)") as server:
            measure("openssl", server, 1, count, 8890)
    shutil.rmtree(folder)
    return {name: statistics.median(all_of) for name, all_of in found.items()}
