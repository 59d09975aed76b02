"""A PostgreSQL that a test starts: without a network, in a folder of its own, and gone with it."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time


def programs():
    """The folder of the newest PostgreSQL's programs; Debian keeps them out of the PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    if not found:
        raise AssertionError("PostgreSQL is not installed: scripts/setup --tests installs it")
    return found[-1]


class Postgres:
    def __init__(self, fsync=False):
        self.folder = tempfile.mkdtemp(prefix="mutual-pg-")
        self.user = {}
        if os.geteuid() == 0:  # It refuses to run as root.
            other = pwd.getpwnam("nobody")
            os.chown(self.folder, other.pw_uid, other.pw_gid)
            os.chmod(self.folder, 0o711)
            self.user = {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}
        self.run("initdb", "-D", self.at("data"), "-U", "mutual", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self.log = open(self.at("log") if not self.user else os.devnull, "wb")
        self.databases = 0
        # What is killed by tests are its clients, never the machine: nothing has to be on the disk.
        self.fsync = "on" if fsync else "off"
        self.start()

    def start(self):
        self.server = subprocess.Popen(
            [os.path.join(programs(), "postgres"), "-D", self.at("data"), "-k", self.folder, "-h", "", "-c", f"fsync={self.fsync}",
             "-c", "max_connections=60"], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT, **self.user)
        end = time.monotonic() + 60
        while subprocess.run([os.path.join(programs(), "pg_isready"), "-q", "-h", self.folder], check=False).returncode != 0:
            if self.server.poll() is not None or time.monotonic() > end:
                self.stop()
                raise AssertionError("PostgreSQL did not start")
            time.sleep(0.1)
        # One that recovers answers before it takes what is written.
        while self.sql("SELECT pg_is_in_recovery()").strip() != "f":
            if time.monotonic() > end:
                self.stop()
                raise AssertionError("PostgreSQL did not come to the end of its recovery")
            time.sleep(0.1)

    def at(self, name):
        return os.path.join(self.folder, name)

    def run(self, program, *arguments):
        done = subprocess.run([os.path.join(programs(), program), *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
                              **self.user)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        return done.stdout

    def sql(self, text, database="postgres"):
        return self.run("psql", "-h", self.folder, "-U", "mutual", "-d", database, "-Atq", "-v", "ON_ERROR_STOP=1", "-c", text)

    def new_database(self):
        """The URL of an empty database."""
        self.databases += 1
        name = f"pki{self.databases}"
        self.sql(f"CREATE DATABASE {name}")
        return name, f"postgresql://mutual@{self.folder.replace('/', '%2F')}/{name}"

    def halt(self, how=signal.SIGINT):
        """By a signal of PostgreSQL's: SIGINT cuts clients off, SIGQUIT leaves it as a crash does."""
        if self.server.poll() is None:
            self.server.send_signal(how)
            try:
                self.server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def stop(self):
        self.halt()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class WithPostgres:
    """For test cases: one server for all of a class, in `postgres`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.stop)
