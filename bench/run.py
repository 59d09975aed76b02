#!/usr/bin/env python3
"""Measures mutual beside other servers, prints a table and draws a chart: see docs/benchmarks.md. Called by
bench/compare."""

import argparse
import json
import os
import resource
import sys
import tempfile
from pathlib import Path

import chart
import measure
import pki
import servers
import table


def arguments():
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__)
    parser.add_argument("--rounds", type=int, help="rounds of all servers, one after another (7)")
    parser.add_argument("--quick", action="store_true", help="three rounds of a tenth: a look, not a measurement")
    parser.add_argument("--tls", choices=["1.2", "1.3"], default="1.3")
    parser.add_argument("--keys", choices=["p256", "rsa2048"], default="p256", help="of all certificates")
    parser.add_argument("--only", nargs="+", metavar="SERVER", help="some of: mutual nginx caddy haproxy")
    parser.add_argument("--modes", nargs="+", choices=list(measure.MODES), default=list(measure.MODES))
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("build/bench/results.json"))
    parser.add_argument("--chart", type=Path, metavar="SVG", help="where to draw the chart (docs/benchmarks.svg)")
    asked = parser.parse_args()
    if asked.rounds is None:
        asked.rounds = 3 if asked.quick else 7
    return asked


def environment(asked, kinds, folder, made, done):
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    return {
        "openssl": servers.words_of(["openssl", "version"]).split("(")[0].strip(),
        "system": next(line.split("=")[1].strip('"') for line in Path("/etc/os-release").read_text().splitlines()
                       if line.startswith("PRETTY_NAME=")),
        "cpu": model, "tls": asked.tls, "keys": asked.keys, "rounds": done, "quick": asked.quick,
        "servers": {kind.name: kind(folder, made, 0).version() for kind in kinds},
    }


def round_of(asked, made, kinds, folder, figures):
    """One figure of each server in each mode, the servers one after another so that what slows the machine slows all."""
    for mode in asked.modes:
        for kind in kinds:
            taken = measure.take(asked, made, kind, folder, mode)
            for name, value in taken.items():
                figures.setdefault(name, {}).setdefault(kind.name, []).append(value)


def main():
    asked = arguments()
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the server, one for the load")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for thousands of connections, at both ends
    kinds = [kind for kind in servers.ALL if kind.available() and (not asked.only or kind.name in asked.only)]
    figures = {}
    with tempfile.TemporaryDirectory(prefix="mutual-bench-") as place:
        os.chmod(place, 0o755)  # nginx's worker is another user
        folder = Path(place)
        made = pki.make(folder / "pki", asked.keys)
        for number in range(asked.rounds):
            round_of(asked, made, kinds, folder, figures)
            print(f"round {number + 1} of {asked.rounds}", file=sys.stderr)
            results = {"environment": environment(asked, kinds, folder, made, number + 1), "figures": figures}
            asked.output.parent.mkdir(parents=True, exist_ok=True)
            asked.output.write_text(json.dumps(results, indent=1) + "\n")
    print(table.markdown(results))
    if asked.chart or not (asked.quick or asked.only):
        place = asked.chart or Path("docs/benchmarks.svg")
        place.write_text(chart.svg(results))
        print(f"drawn: {place}", file=sys.stderr)


if __name__ == "__main__":
    main()
