"""One figure at a time: what an operation costs a server."""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import processes
import servers

BINARIES = Path("build/bench/bin")


@dataclass
class Mode:
    """What is done in one measurement."""

    load: str  # the load generator's mode, or "h2load"
    count: int  # operations a round
    connections: int  # at once
    path: str = "/"
    rsa: bool = False  # the client's key is RSA 2048
    threads: int = 1  # of the server; more than one are not bound to a core
    own: bool = False  # each visit is made with a certificate that the server has never seen


MODES = {
    "full": Mode("full", 1500, 8),
    "full_rsa": Mode("full", 1500, 8, rsa=True),
    "full_new": Mode("full", 1500, 8, own=True),
    "resumed": Mode("resumed", 3000, 8),
    "keepalive": Mode("keepalive", 60000, 32),
    "http2": Mode("h2load", 60000, 8),
    "large": Mode("keepalive", 2000, 8, path=servers.LARGE),
    "idle": Mode("idle", 2000, 8),
    "idle_8000": Mode("idle", 8000, 8),
    "latency": Mode("paced", 20000, 32),
    "threads": Mode("full", 1500, 16, threads=2),
}

# Streams at once on each connection of HTTP/2.
STREAMS = 32


class Load:
    """The load generator's side of its little protocol."""

    def __init__(self, asked, made, server, mode, count, rate=1):
        key = (made.rsa_client, made.rsa_client_key) if mode.rsa else (made.client, made.client_key)
        connections = getattr(asked, "connections", None) or mode.connections
        words = ["taskset", "-c", str(asked.load_core), str(BINARIES / "bench_load"), "--mode", mode.load,
                 "--port", str(server.port), "--cert", str(key[0]), "--key", str(key[1]), "--trust", str(made.root),
                 "--path", mode.path, "--tls", asked.tls, "--count", str(count), "--connections", str(connections),
                 "--seconds", "60", "--rate", str(rate)]
        if mode.own:
            words += ["--issuer-key", str(made.issuer_key)]
        self.what = f"{server.name}, {mode.load}"
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


def cpu(asked, made, server, mode, count) -> float:
    """Microseconds of server CPU an operation."""
    load = Load(asked, made, server, mode, count)
    settle()
    before = processes.cpu_seconds(server.process.pid)
    done = load.go()
    settle()
    used = processes.cpu_seconds(server.process.pid) - before
    load.end()
    return used / done["operations"] * 1e6


def h2load(asked, made, server, mode, count):
    """Runs h2load; what it said."""
    words = ["h2load", "-n", str(count), "-c", str(min(mode.connections, count)),
             "-m", str(STREAMS), f"--connect-to=127.0.0.1:{server.port}", f"https://localhost:{server.port}{mode.path}"]
    certified = {"LD_PRELOAD": str(BINARIES.resolve() / "client_certificate.so"), "CLIENT_CERT": str(made.client),
             "CLIENT_KEY": str(made.client_key)}
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **certified},
                          preexec_fn=lambda: os.sched_setaffinity(0, {asked.load_core}))
    return done.stdout


def http2(asked, made, server, mode, count):
    """Microseconds of server CPU a request over HTTP/2; None for a server that does not speak it."""
    if "Application protocol: h2" not in h2load(asked, made, server, mode, max(count // 20, 64)):
        return None
    before = processes.cpu_seconds(server.process.pid)
    said = h2load(asked, made, server, mode, count)
    settle()
    used = processes.cpu_seconds(server.process.pid) - before
    succeeded = re.search(r"(\d+) succeeded", said)
    if not succeeded or int(succeeded.group(1)) != count:
        raise SystemExit(f"not every request of h2load succeeded at {server.name}:\n{said}")
    return used / count * 1e6


def idle(asked, made, server, mode, count) -> float:
    """Bytes a connection that had one request and waits."""
    warm = Load(asked, made, server, mode, 20)
    warm.go()
    warm.end()
    settle()
    before = processes.memory_bytes(server.process.pid)
    load = Load(asked, made, server, mode, count)
    done = load.go()
    settle()
    grown = processes.memory_bytes(server.process.pid) - before
    load.end()
    return grown / done["operations"]


# Requests a second at which latencies are compared: half of what the slowest server does, found once a run.
_half_load = {}


def half_load(asked, made, folder) -> int:
    if "rate" not in _half_load:
        rates = []
        for kind in servers.ALL:
            if not kind.available() or (asked.only and kind.name not in asked.only):
                continue
            server = kind(folder, made, asked.server_core)
            server.start()
            try:
                load = Load(asked, made, server, MODES["keepalive"], 6000)
                done = load.go()
                load.end()
                rates.append(done["operations"] / done["seconds"])
            finally:
                server.stop()
        _half_load["rate"] = max(int(min(rates) / 2), 1)
    return _half_load["rate"]


def latency(asked, made, server, mode, count, rate) -> dict:
    load = Load(asked, made, server, mode, count, rate)
    settle()
    done = load.go()
    load.end()
    return {"p50": done["p50"], "p99": done["p99"]}


def take(asked, made, kind, folder, name) -> dict:
    """The figures of one mode, from a server that has just started, so that no round inherits anything from the one
    before. None where the server cannot do it."""
    mode = MODES[name]
    count = mode.count // (10 if asked.quick and mode.load != "idle" else 1)
    if (name == "large" and not kind.serves_files) or (mode.threads > 1 and kind is not servers.Mutual):
        return {name: None}
    rate = half_load(asked, made, folder) if mode.load == "paced" else 0
    server = kind(folder, made, asked.server_core if mode.threads == 1 else "0-1")
    server.threads = mode.threads
    server.start()
    try:
        if mode.load == "idle":
            return {name: idle(asked, made, server, mode, count)}
        if mode.load == "h2load":
            return {name: http2(asked, made, server, mode, count)}
        if mode.load == "paced":
            return latency(asked, made, server, mode, count, rate)
        warm = Load(asked, made, server, mode, max(count // 20, 8))  # caches, heaps, a collector if there is one
        warm.go()
        warm.end()
        return {name: cpu(asked, made, server, mode, count)}
    finally:
        server.stop()
