"""What a server's processes have used, as the kernel counts it."""

import os
from pathlib import Path


def tree(root: int) -> list:
    """The process and all that descend from it."""
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue  # it has ended meanwhile
        parent = int(stat[stat.rindex(")") + 2:].split()[1])
        children.setdefault(parent, []).append(int(entry))
    found, left = [], [root]
    while left:
        one = left.pop()
        found.append(one)
        left += children.get(one, [])
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of all threads, user and system, from the scheduler's own nanoseconds (not from ticks)."""
    total = 0
    for process in tree(root):
        for thread in os.listdir(f"/proc/{process}/task"):
            total += int(Path(f"/proc/{process}/task/{thread}/schedstat").read_text().split()[0])
    return total / 1e9


def memory_bytes(root: int) -> int:
    """Proportional set size: pages shared between the processes are counted once."""
    total = 0
    for process in tree(root):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total
