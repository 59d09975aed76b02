#!/usr/bin/env python3
"""Measures the authority and revocation at size: see docs/authority-benchmarks.md. Called by bench/authority."""

import argparse
import json
import tempfile
from pathlib import Path

import authority_issue
import authority_lists
import authority_table

MEASUREMENTS = {
    "lookup": authority_lists.lookup,
    "list": authority_lists.make_list,
    "swap": authority_lists.swap,
    "inventory": authority_lists.inventory,
    "issue": authority_issue.issue,
    "ocsp": authority_issue.ocsp,
}


def arguments():
    parser = argparse.ArgumentParser(prog="bench/authority", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help="some of: " + " ".join(MEASUREMENTS) + " (all)")
    parser.add_argument("--revoked", type=int, default=1_000_000, help="entries of the list (1000000)")
    parser.add_argument("--looked-up", type=int, default=10_000_000, help="entries where people are looked up")
    parser.add_argument("--requests", type=int, default=1000, help="certificates that are issued a round (1000)")
    parser.add_argument("--clients", type=int, nargs="+", default=[8, 32], help="that ask for them at once (8 32)")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is told (3)")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--binaries", type=Path, default=Path("build/bench/bin"))
    parser.add_argument("--output", type=Path, default=Path("build/bench/authority.json"))
    asked = parser.parse_args()
    for one in asked.what:
        if one not in MEASUREMENTS:
            parser.error(f"there is no measurement '{one}'")
    return asked


def main():
    asked = arguments()
    asked.binaries = asked.binaries.resolve()
    found = json.loads(asked.output.read_text()) if asked.output.exists() else {}
    measured = asked.what or list(MEASUREMENTS)
    with tempfile.TemporaryDirectory(prefix="mutual-bench-") as place:
        for name in measured:
            found[name] = MEASUREMENTS[name](asked, Path(place) / name)
            asked.output.parent.mkdir(parents=True, exist_ok=True)
            asked.output.write_text(json.dumps(found, indent=1) + "\n")
    print(authority_table.markdown({name: found[name] for name in measured}))


if __name__ == "__main__":
    main()
