"""The project's own files, for the tests that look at them."""

import os
import pathlib

ROOT = pathlib.Path(os.environ.get("MUTUAL_SOURCE", pathlib.Path(__file__).parents[2]))
BIN = pathlib.Path(os.environ.get("MUTUAL_BIN", ROOT / "build" / "bin"))
BUILD = pathlib.Path(os.environ.get("MUTUAL_BUILD", ROOT / "build"))

_NOT_OURS = {".git", ".cache", "__pycache__", "build", "pki"}


def files(*suffixes, under="."):
    """Every file of the project whose name ends so, sorted, without what was built."""
    found = []
    for folder, folders, names in os.walk(ROOT / under):
        at_root = pathlib.Path(folder) == ROOT
        folders[:] = sorted(f for f in folders if f not in _NOT_OURS or (f in {"build", "pki"} and not at_root))
        found += [pathlib.Path(folder) / name for name in sorted(names)
                  if name not in _NOT_OURS and (not suffixes or name.endswith(suffixes))]
    return found


def relative(path):
    return str(path.relative_to(ROOT))
