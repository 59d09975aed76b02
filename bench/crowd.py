#!/usr/bin/env python3
"""Measures what a crowd that is not there to be served does to those who are: the latency of a request on a kept connection,
and of a new connection with its handshake and its first request, without and with thousands of silent connections and of
garbage. Called by bench/crowd."""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "blackbox"))

import measure  # noqa: E402
import pki  # noqa: E402
import processes  # noqa: E402
import servers  # noqa: E402
from crowd import Crowd  # noqa: E402

# How many, how many a second, and what a row of the table calls it.
LOADS = {"paced": (5000, 1000, "request on a kept connection"),
         "arrivals": (1000, 100, "new connection, handshake and request")}


def arguments():
    parser = argparse.ArgumentParser(prog="bench/crowd", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--good", type=int, default=4000, help="connections that had a request and stay (4000)")
    parser.add_argument("--silent", type=int, default=2000, help="connections that say nothing (2000)")
    parser.add_argument("--garbage", type=int, default=2000, help="connections that say what no client says (2000)")
    parser.add_argument("--tls", choices=["1.2", "1.3"], default="1.3")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    asked = parser.parse_args()
    asked.connections = None
    return asked


def take(asked, made, server, figures):
    """Latencies, and how much of its core the server took meanwhile."""
    used, began = processes.cpu_seconds(server.process.pid), time.monotonic()
    for name, (count, rate, _) in LOADS.items():
        load = measure.Load(asked, made, server, measure.Mode(name, count, 32), count, rate)
        done = load.go()
        load.end()
        for part in ("p50", "p99"):
            figures.setdefault((name, part), []).append(done[part])
    used = processes.cpu_seconds(server.process.pid) - used
    figures.setdefault("cpu", []).append(100 * used / (time.monotonic() - began))


def round_of(asked, made, folder, alone, crowded):
    server = servers.Mutual(folder, made, asked.server_core)
    server.start()
    crowd = None
    try:
        stayed = measure.Load(asked, made, server, measure.Mode("idle", asked.good, 8), asked.good)
        stayed.go()
        take(asked, made, server, alone)
        # On the load's core, and behind it: the server's is the server's alone.
        crowd = Crowd(server.port, asked.silent, asked.garbage, before=["chrt", "--idle", "0", "taskset", "-c", str(asked.load_core)])
        take(asked, made, server, crowded)
        came = crowd.end()
        stayed.end()
        return came
    finally:
        if crowd:
            crowd.kill()
        server.stop()


def table(asked, alone, crowded):
    lines = [f"{asked.good:,} idle good connections; medians of {asked.rounds} rounds, in µs.", "",
             f"| of those who are there to be served | alone | beside {asked.silent:,} silent and {asked.garbage:,} of garbage | ratio |",
             "| --- | --- | --- | --- |"]
    for key in alone:
        what = "the server's core, in percent" if key == "cpu" else f"{LOADS[key[0]][2]}, {key[1]}"
        one, other = statistics.median(alone[key]), statistics.median(crowded[key])
        lines.append(f"| {what} | {one:,.0f} | {other:,.0f} | {other / one:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    asked = arguments()
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the server, one for the load and the crowd")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    alone, crowded = {}, {}
    with tempfile.TemporaryDirectory(prefix="mutual-crowd-") as place:
        made = pki.make(Path(place) / "pki", "p256")
        for number in range(asked.rounds):
            came = round_of(asked, made, Path(place) / str(number), alone, crowded)
            print(f"round {number + 1} of {asked.rounds}: {came['silent']:,} silent connections and {came['garbage']:,} of "
                  "garbage came", file=sys.stderr)
    print(table(asked, alone, crowded))


if __name__ == "__main__":
    main()
