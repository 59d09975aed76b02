"""Long revocation lists: looked up in, made, and taken over by a running server; and a large inventory."""

import json
import mmap
import shutil
import sqlite3
import statistics
import subprocess
import time

import authority_waits
from authority_postgres import Database
from authority_run import Running, run

COLUMNS = """
INSERT INTO certificates (name, profile, serial, subject, issuer, sha256, not_before, not_after, recorded_at,
  p12_has_password, der, state, is_current, has_key, revoked_at, revoked_reason)
"""
FILL = COLUMNS + """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
SELECT 'host ' || i, 'client', '7' || substr(lower(hex(randomblob(20))), 1, 39), 'CN=host ' || i, :issuer,
  lower(hex(randomblob(32))), 1700000000, 1900000000 + i, 1700000000, 0, randomblob(600), 'issued', 1 - :revoked, 0,
  CASE :revoked WHEN 1 THEN 1750000000 + i END, CASE :revoked WHEN 1 THEN i % 6 END FROM n
"""
# Reason 2 is of a CA, and 0 says nothing: both as lists have them.
FILL_POSTGRESQL = COLUMNS + """
SELECT 'host ' || i, 'client', '7' || substr(md5('a' || i) || md5('b' || i), 1, 39), 'CN=host ' || i, '{issuer}',
  md5('c' || i) || md5('d' || i), 1700000000, 1900000000 + i, 1700000000, 0,
  (SELECT string_agg(decode(md5(i || '/' || k), 'hex'), '') FROM generate_series(1, 38) AS k),
  'issued', 1, 0, NULL, NULL FROM generate_series({first}, {last}) AS i
"""
ISSUER = "SELECT subject FROM certificates WHERE profile = 'intermediate'"


def fill(pki, count, revoked):
    """So many certificates of the intermediate straight into the inventory."""
    base = sqlite3.connect(pki / "inventory.db")
    issuer = base.execute(ISSUER).fetchone()[0]
    base.execute(FILL, {"count": count, "issuer": issuer, "revoked": 1 if revoked else 0})
    base.commit()
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()


def fill_postgresql(database, count):
    """The same, of certificates that are good; a piece at a time."""
    issuer, piece = database.sql(ISSUER).strip(), 50_000
    for first in range(1, count + 1, piece):
        database.sql(FILL_POSTGRESQL.format(issuer=issuer, first=first, last=min(first + piece - 1, count)))
    database.sql("VACUUM ANALYZE certificates")


def make_pki(asked, folder, *more):
    folder.mkdir(parents=True, exist_ok=True)
    mutual = asked.binaries / "mutual"
    run(mutual, "init", "--pki", folder / "pki", "--host", "localhost", "--client", "client", *more)
    run(mutual, "crl", "--pki", folder / "pki")
    return mutual, folder / "pki"


def lookup(asked, _):
    done = [json.loads(run(asked.binaries / "bench_revocation", asked.looked_up)["said"]) for _ in range(asked.rounds)]
    return {name: statistics.median(one[name] for one in done) for name in done[0]}


def make_list(asked, folder):
    mutual, pki = make_pki(asked, folder)
    fill(pki, asked.revoked, True)
    done = run(mutual, "crl", "--pki", pki)
    shutil.rmtree(folder)
    return {"entries": asked.revoked, "seconds": done["seconds"], "cpu_seconds": done["cpu_seconds"],
            "most_mib": done["most_mib"]}


class Load:
    """bench_load at a steady pace: waits for go(), and gives what the requests took."""

    def __init__(self, asked, pki, port, rate, seconds):
        words = ["taskset", "-c", str(asked.load_core), asked.binaries / "bench_load", "--mode", "paced", "--port", port,
                 "--cert", pki / "issued/client.crt", "--key", pki / "issued/client.key", "--trust", pki / "root.crt",
                 "--path", "/", "--tls", "1.3", "--count", rate * seconds, "--connections", 16, "--seconds",
                 seconds + 30, "--rate", rate]
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.line()

    def line(self):
        said = self.process.stdout.readline()
        if not said:
            raise SystemExit("the load failed")
        return said

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self):
        found = json.loads(self.line())
        self.process.stdin.close()
        self.process.wait()
        return found


RATE, SECONDS = 500, 12
# Within which a list that is put there after a third is in force, and what was before it is freed.
WHILE = (SECONDS / 3, SECONDS / 3 + 4)


def find_memory(mib):
    """The first touch of a virtual machine's memory makes its host find it: 5 ms for each large page, in which the core stands
    still, on nobody's account. What was touched and freed is taken first by whoever needs memory next."""
    with mmap.mmap(-1, mib << 20) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, mib << 20, mmap.PAGESIZE):
            memory[at] = 1


def under_load(asked, folder, mutual, pki, swap_in, look=False):
    """A server of one thread on a core of its own, asked 500 times a second; after a third of the time it may get another list.
    With a look at who has the core, which takes time itself."""
    folder.mkdir(parents=True, exist_ok=True)
    find_memory(512)
    with Running(folder, mutual, "serve", "--pki", pki, "--listen", "localhost:0", "--threads", 1, "--quiet",
                 core=asked.server_core, ready=r"Address: +https://[^ ]*:(\d+)/") as server:
        before = server.memory_mib()
        load = Load(asked, pki, server.found, RATE, SECONDS)
        spent = server.spent_by_threads()  # some by the one that has made the start, which serves nobody
        load.go()
        time.sleep(SECONDS / 3 - 1)
        serving = server.busiest_thread(spent)
        watch = authority_waits.Watch(folder, WHILE[1] - WHILE[0] + 2) if look else None
        time.sleep(1)
        began = time.monotonic()
        if swap_in:
            swap_in.rename(pki / "crl.pem")
            server.wait_for("read again", look_every=0.2)  # looking takes time from whom is measured
        took = time.monotonic() - began
        if took > WHILE[1] - WHILE[0] - 0.8:
            raise SystemExit(f"the list was in force after {took:.1f} s: too late to be told from what comes after it")
        found = load.result()
        time.sleep(1)
        late = found.pop("late")
        found["late"] = len(late)
        found["late_meanwhile"] = [took for due, took in late if WHILE[0] <= due < WHILE[1]]
        found.update(mib_before=before, mib_after=server.memory_mib(), most_mib=server.most_memory_mib())
        if swap_in:
            found["taken_over_after_seconds"] = took
        if watch:
            found["longest_wait_ms"] = watch.longest_wait(serving, server.threads() - {serving}, asked.server_core)
        return found


def swap(asked, folder):
    mutual, pki = make_pki(asked, folder)
    short = folder / "short.pem"
    shutil.copy(pki / "crl.pem", short)
    fill(pki, asked.revoked, True)
    run(mutual, "crl", "--pki", pki)
    long = folder / "long.pem"
    shutil.copy(pki / "crl.pem", long)
    rounds = {"without": [], "with": []}
    for _ in range(asked.rounds):
        for kind in rounds:
            shutil.copy(short, pki / "crl.pem")
            next_list = folder / "next.pem"
            shutil.copy(long, next_list)
            rounds[kind].append(under_load(asked, folder / "serve", mutual, pki, next_list if kind == "with" else None))
    waits = []
    for _ in range(asked.rounds if authority_waits.can_be_seen() else 0):
        shutil.copy(short, pki / "crl.pem")
        shutil.copy(long, folder / "next.pem")
        waits.append(under_load(asked, folder / "serve", mutual, pki, folder / "next.pem", look=True)["longest_wait_ms"])
    shutil.rmtree(folder)
    meanwhile = {kind: [one.pop("late_meanwhile") for one in all_of] for kind, all_of in rounds.items()}
    medians = {kind: {name: statistics.median(one[name] for one in all_of) for name in all_of[0]}
               for kind, all_of in rounds.items()}
    return {"entries": asked.revoked, "rate": RATE, "seconds": SECONDS, **medians,
            "worst_of_each_round": {kind: [one["worst"] for one in all_of] for kind, all_of in rounds.items()},
            "late_in_all_rounds": {kind: sum(one["late"] for one in all_of) for kind, all_of in rounds.items()},
            "late_meanwhile": meanwhile, "longest_wait_of_each_round_ms": waits}


def commands(asked, mutual, pki):
    # The client that exists as a file is found by its name, among all the others.
    lines = {"list": ["list"], "list_json": ["list", "--json"], "list_name": ["list", "--name", "client"],
             "show": ["show", "client"], "revoke": ["revoke", f"host {asked.revoked // 2}"]}
    found = {}
    for what, words in lines.items():
        done = run(mutual, *words, "--pki", pki)
        found[what] = {"seconds": done["seconds"], "most_mib": done["most_mib"]}
    return found


def inventory(asked, folder):
    mutual, pki = make_pki(asked, folder)
    fill(pki, asked.revoked, False)
    found = {"certificates": asked.revoked, "sqlite": commands(asked, mutual, pki)}
    shutil.rmtree(folder)
    with Database() as database:
        mutual, pki = make_pki(asked, folder, "--store", database.url)
        fill_postgresql(database, asked.revoked)
        found["postgresql"] = commands(asked, mutual, pki)
    shutil.rmtree(folder)
    return found
