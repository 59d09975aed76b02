#!/usr/bin/env python3
"""Measures mutual beside other servers and prints a table: see docs/benchmarks.md. Called by scripts/bench."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pki
import processes
import servers
import table

LOAD = Path("build/bench/bin/bench_load")

# Operations a round, and connections at once.
MODES = {
    "full": (1500, 8),
    "resumed": (3000, 8),
    "keepalive": (60000, 32),
    "idle": (2000, 8),
}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of all servers, one after another (7)")
    parser.add_argument("--quick", action="store_true", help="three rounds of a tenth: a look, not a measurement")
    parser.add_argument("--tls", choices=["1.2", "1.3"], default="1.3")
    parser.add_argument("--keys", choices=["p256", "rsa2048"], default="p256", help="of all certificates")
    parser.add_argument("--only", nargs="+", metavar="SERVER", help="some of: mutual nginx caddy haproxy")
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("build/bench/results.json"))
    asked = parser.parse_args()
    if asked.quick:
        asked.rounds = 3
    return asked


class Load:
    """The load generator's side of its little protocol."""

    def __init__(self, asked, made, server, mode, count):
        connections = getattr(asked, "connections", None) or MODES[mode][1]
        words = ["taskset", "-c", str(asked.load_core), str(LOAD), "--mode", mode, "--port", str(server.port),
                 "--cert", str(made.client), "--key", str(made.client_key), "--trust", str(made.root),
                 "--tls", asked.tls, "--count", str(count), "--connections", str(connections), "--seconds", "60"]
        self.what = f"{server.name}, {mode}"
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._line()

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the load failed ({self.what})")
        return line

    def go(self) -> dict:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return json.loads(self._line())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def settle():
    """Lets the server finish with the last connections."""
    time.sleep(0.1)


def measure_cpu(asked, made, server, mode, count) -> float:
    """Microseconds of server CPU an operation."""
    load = Load(asked, made, server, mode, count)
    settle()
    before = processes.cpu_seconds(server.process.pid)
    done = load.go()
    settle()
    used = processes.cpu_seconds(server.process.pid) - before
    load.end()
    return used / done["operations"] * 1e6


def measure_idle(asked, made, server, count) -> float:
    """Bytes a connection that had one request and waits."""
    warm = Load(asked, made, server, "idle", 20)
    warm.go()
    warm.end()
    settle()
    before = processes.memory_bytes(server.process.pid)
    load = Load(asked, made, server, "idle", count)
    done = load.go()
    settle()
    grown = processes.memory_bytes(server.process.pid) - before
    load.end()
    return grown / done["operations"]


def measure(asked, made, kind, folder, mode) -> float:
    """One figure from a server that has just started, so that no round inherits anything from the one before."""
    count = MODES[mode][0] // (10 if asked.quick else 1)
    server = kind(folder, made, asked.server_core)
    server.start()
    try:
        if mode == "idle":
            return measure_idle(asked, made, server, count)
        warm = Load(asked, made, server, mode, max(count // 20, 8))  # caches, heaps, a collector if there is one
        warm.go()
        warm.end()
        return measure_cpu(asked, made, server, mode, count)
    finally:
        server.stop()


def environment(asked, kinds, folder, made):
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    return {
        "openssl": servers.words_of(["openssl", "version"]).split("(")[0].strip(),
        "system": next(line.split("=")[1].strip('"') for line in Path("/etc/os-release").read_text().splitlines()
                       if line.startswith("PRETTY_NAME=")),
        "cpu": model, "tls": asked.tls, "keys": asked.keys, "rounds": asked.rounds, "quick": asked.quick,
        "servers": {kind.name: kind(folder, made, 0).version() for kind in kinds},
    }


def main():
    asked = arguments()
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the server, one for the load")
    kinds = [kind for kind in servers.ALL if kind.available() and (not asked.only or kind.name in asked.only)]
    with tempfile.TemporaryDirectory(prefix="mutual-bench-") as place:
        os.chmod(place, 0o755)  # nginx's worker is another user
        folder = Path(place)
        made = pki.make(folder / "pki", asked.keys)
        figures = {mode: {kind.name: [] for kind in kinds} for mode in asked.modes}
        for number in range(asked.rounds):
            for mode in asked.modes:
                for kind in kinds:
                    figures[mode][kind.name].append(measure(asked, made, kind, folder, mode))
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
        results = {"environment": environment(asked, kinds, folder, made), "figures": figures}
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(results, indent=1) + "\n")
    print(table.markdown(results))


if __name__ == "__main__":
    main()
