"""A `mutual serve` that a test starts, asks, and stops; and a PKI to serve with."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

MUTUAL = os.path.join(os.environ["MUTUAL_BIN"], "mutual")


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MUTUAL_")}
    return {**kept, **more}


def sanitized():
    """Whether what is tested was built with a sanitizer, which has memory of its own."""
    with open(os.path.join(os.environ["MUTUAL_BUILD"], "CMakeCache.txt"), encoding="utf-8") as file:
        return bool(re.search(r"^MUTUAL_SANITIZE:STRING=.", file.read(), re.M))


class Server:
    """A running `mutual serve` on a port that the kernel chose. What it prints is in files, so no pipe can fill up."""

    def __init__(self, folder, *arguments, listen="localhost:0", program=MUTUAL, command=("serve",)):
        self.log_path = os.path.join(tempfile.mkdtemp(prefix="log-", dir=folder), "log")
        self.log_file = open(self.log_path, "wb")
        line = [program, *command, *(["--listen", listen] if listen else []), *arguments]
        self.process = subprocess.Popen(line, cwd=folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                                        stdout=self.log_file, stderr=subprocess.STDOUT)
        self.port = self.wait_for(r"Address: +https?://[^ ]*:(\d+)/")

    def log(self):
        with open(self.log_path, "r", encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for(self, pattern, seconds=30):
        """Waits until the log matches; gives the first group (as a number, if it is one), or True."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.log())
            if found:
                group = found.group(1) if found.groups() else None
                return int(group) if group and group.isdigit() else group or True
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"'{pattern}' did not appear (exit {self.process.poll()}):\n{self.log()}")
            time.sleep(0.02)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Asks it to stop, as Ctrl-C does; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("the server did not stop:\n" + self.log())
        self.log_file.close()
        return self.process.returncode


class ServingTest(unittest.TestCase):
    """A test with a folder of its own, a PKI in it if it asks for one, and servers that end with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mutual-serving-")
        self.addCleanup(shutil.rmtree, self.folder)

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    def run_tool(self, *line, code=0, timeout=60, stdin=None, env=None):
        """Runs a program in the test's folder; gives what it printed on both outputs. `code` None for any."""
        done = subprocess.run(line, cwd=self.folder, input=stdin if stdin is not None else "", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout, env=env or clean_environment())
        if code is not None:
            self.assertEqual(done.returncode, code, (line, done.stdout))
        return done.stdout

    def make_pki(self):
        self.run_tool(MUTUAL, "init", "--name", "Acme", "--host", "localhost", "--client", "alice")

    def serve(self, *arguments, **options):
        server = Server(self.folder, *arguments, **options)
        self.addCleanup(server.stop)
        return server

    def self_signed(self, name, *more):
        """The tutorial's own way to make a certificate: NAME.crt and NAME.key, signed by itself."""
        self.run_tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                      f"{name}.crt", "-days", "365", "-subj", f"/CN={name}", *more)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
