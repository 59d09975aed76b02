#!/usr/bin/env python3
"""Counts the server's instructions an operation, under callgrind: a figure that a change can be compared with, for it is
nearly the same in each run, however busy the machine is. What the kernel does is not in it. Called by
scripts/instructions."""

import argparse
import json
import os
import re
import tempfile
from pathlib import Path

import measure
import pki
import servers

# Operations of the smaller and of the larger run. The difference is divided by the difference, so that what a start
# and an end cost is not in the figure.
MODES = {"full": (20, 120), "resumed": (20, 120), "keepalive": (200, 1200)}
TITLES = {"full": "full handshake + GET + close", "resumed": "resumed + GET + close", "keepalive": "keep-alive GET"}


class Counted(servers.Mutual):
    """Our server under callgrind."""

    def command(self):
        *serving, _ = super().command()  # no folder: valgrind does not know openat2(2)
        return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.folder}/callgrind.out", *serving]

    def instructions(self) -> int:
        """Of the whole run; once it has stopped."""
        log = (self.folder / "log").read_text(errors="replace")
        found = re.search(r"Collected : (\d+)", log)
        if not found:
            raise SystemExit(f"callgrind has counted nothing:\n{log}")
        return int(found.group(1))


def count_once(asked, made, folder, mode, operations) -> int:
    server = Counted(folder, made, asked.server_core)
    server.start()
    try:
        load = measure.Load(asked, made, server, measure.MODES[mode], operations)
        load.go()
        load.end()
    finally:
        server.stop()
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
        (server.folder / "callgrind.out").replace(asked.keep / f"callgrind.{mode}.{operations}")
    return server.instructions()


def count(asked, made, folder, mode) -> float:
    few, many = MODES[mode]
    less = count_once(asked, made, folder / f"{mode}-{few}", mode, few)
    more = count_once(asked, made, folder / f"{mode}-{many}", mode, many)
    return (more - less) / (many - few)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/instructions", description=__doc__)
    parser.add_argument("--tls", choices=["1.2", "1.3"], default="1.3")
    parser.add_argument("--keys", choices=["p256", "rsa2048"], default="p256", help="of all certificates")
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep callgrind's files, for callgrind_annotate")
    parser.add_argument("--against", type=Path, metavar="FILE", help="an earlier --output, to compare with")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("build/bench/instructions.json"))
    asked = parser.parse_args()
    asked.connections = 1  # one at a time, so that two runs do the same in the same order
    return asked


def main():
    asked = arguments()
    before = json.loads(asked.against.read_text()) if asked.against else {}
    with tempfile.TemporaryDirectory(prefix="mutual-instructions-") as place:
        os.chmod(place, 0o755)
        folder = Path(place)
        made = pki.make(folder / "pki", asked.keys)
        figures = {mode: count(asked, made, folder, mode) for mode in asked.modes}
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text(json.dumps(figures, indent=1) + "\n")
    print("| an operation | instructions |" + (" before | ratio |" if before else ""))
    print("| --- | --- |" + (" --- | --- |" if before else ""))
    for mode, figure in figures.items():
        compared = f" {before[mode]:,.0f} | {figure / before[mode]:.3f} |" if mode in before else ""
        print(f"| {TITLES[mode]} | {figure:,.0f} |{compared}")


if __name__ == "__main__":
    main()
