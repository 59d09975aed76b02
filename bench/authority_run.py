"""Programs that are measured: what they take, and how they are started and stopped."""

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("MUTUAL_")}


def most_memory_mib(pid):
    """The most that a process has had since it began its program; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def run(*words, cwd=None):
    """Runs it to its end; gives seconds, the most memory that it had (MiB), and the first of what it printed."""
    begun = time.monotonic()
    # Not kept here: what this process has in memory would count as the other's, which begins as a copy of it.
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen([str(word) for word in words], cwd=cwd, env=environment(), stdout=printed,
                                   stderr=subprocess.STDOUT)
        # What wait4() tells of memory counts this process as well, of which the other begins as a copy.
        most = 0.0
        while True:
            most = max(most, most_memory_mib(process.pid))
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid != 0:
                break
            time.sleep(0.002)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        said = printed.read(65536).decode(errors="replace")
    if process.returncode != 0:
        raise SystemExit(f"{words[0]} {words[1]} failed: {said[-2000:]}")
    return {"seconds": time.monotonic() - begun, "cpu_seconds": used.ru_utime + used.ru_stime,
            "most_mib": most, "said": said}


class Running:
    """A server that is started, and stopped at the end of the `with`. What it prints is in a file."""

    def __init__(self, folder: Path, *words, core=None, ready=None):
        self.log_path = folder / f"log-{time.monotonic_ns()}"
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*pinned, *[str(word) for word in words]], cwd=folder, env=environment(),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self.found = self.wait_for(ready) if ready else None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_for(self, pattern, seconds=60, count=1, look_every=0.01):
        """Waits until the log has the pattern `count` times; gives the last match's groups."""
        end = time.monotonic() + seconds
        while True:
            found = re.findall(pattern, self.log())
            if len(found) >= count:
                return found[-1]
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"'{pattern}' did not appear:\n{self.log()[-2000:]}")
            time.sleep(look_every)

    def threads(self):
        """Those that it has now, by their ids."""
        return {int(one.name) for one in Path(f"/proc/{self.process.pid}/task").iterdir()}

    def spent_by_threads(self):
        """What each thread has spent so far, in nanoseconds, by its id."""
        return {one: int(Path(f"/proc/{self.process.pid}/task/{one}/schedstat").read_text().split()[0]) for one in self.threads()}

    def busiest_thread(self, since):
        """The one that has spent the most since `spent_by_threads` said that, by its id."""
        spent = self.spent_by_threads()
        return max(spent, key=lambda one: spent[one] - since.get(one, 0))

    def cpu_seconds(self):
        """What it has spent so far, all threads together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def most_memory_mib(self):
        return most_memory_mib(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
