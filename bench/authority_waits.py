"""For whom a serving thread waits: by what the kernel says of who has the core (perf, which needs the right to look)."""

import re
import subprocess
import tempfile
from pathlib import Path

SWITCH = re.compile(r"\[(\d+)\] +([\d.]+): +sched:sched_switch: .*prev_pid=(\d+) .*prev_state=(\S+) .*next_pid=(\d+) ")
WAKEUP = re.compile(r"([\d.]+): +sched:sched_wakeup: .*\bpid=(\d+) ")


def words(output, *command):
    return ["perf", "record", "-a", "-e", "sched:sched_switch", "-e", "sched:sched_wakeup", "-m", "8M", "-o", output, "--",
            *command]


def can_be_seen():
    """Whether perf is there and may look at all that the machine does."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return subprocess.run(words(str(Path(folder) / "perf.data"), "true"), check=False, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL).returncode == 0
        except FileNotFoundError:
            return False


class Watch:
    """Notes who has which core for so many seconds."""

    def __init__(self, folder, seconds):
        self.output = str(folder / "perf.data")
        self.process = subprocess.Popen(words(self.output, "sleep", str(seconds)), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def longest_wait(self, serving, others, core):
        """The longest, in milliseconds, that the serving thread was ready while one of the others had its core."""
        self.process.wait()
        read = subprocess.run(["perf", "script", "-i", self.output, "-F", "comm,tid,cpu,time,event,trace"], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        if "lost" in read.stderr.lower():
            raise SystemExit(f"perf has not kept all that it saw: {read.stderr[-500:]}")
        return longest_wait(read.stdout.splitlines(), serving, others, core)


def longest_wait(lines, serving, others, core):
    running, since, ready, waited, longest, turns = None, 0.0, None, 0.0, 0.0, 0
    for line in lines:
        woken = WAKEUP.search(line)
        if woken:
            if int(woken[2]) == serving and ready is None and running != serving:
                ready, waited = float(woken[1]), 0.0
            continue
        switch = SWITCH.search(line)
        if not switch or int(switch[1]) != core:
            continue
        now, gone, come = float(switch[2]), int(switch[3]), int(switch[5])
        # Some threads of a system cannot be looked at: what follows on their turns began unseen, and is nobody's.
        if ready is not None and gone in others and gone == running:
            waited += now - max(since, ready)
        if ready is not None and serving in (gone, come):
            longest, ready = max(longest, waited), None
        if gone == serving and switch[4].startswith("R"):  # it has not finished, and is ready all the time
            ready, waited = now, 0.0
        running, since, turns = come, now, turns + (come == serving)
    if turns == 0:
        raise SystemExit("perf has not seen the serving thread")
    return longest * 1000
