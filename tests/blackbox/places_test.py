"""Folders and files that are closed, full, links, empty or left over: what is said of them, and what becomes of them."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import time
import unittest

from serving import MUTUAL, ServingTest, clean_environment

NOBODY = 65534


class Places(ServingTest):
    def mutual(self, *words, prefix=(), cwd=None, env=None):
        return subprocess.run([*prefix, MUTUAL, *words], cwd=cwd or self.folder, env=env or clean_environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def refused(self, *words, code=1, **how):
        done = self.mutual(*words, **how)
        self.assertEqual((done.returncode, done.stdout), (code, ""), (words, done.stderr))
        self.assertTrue(done.stderr.startswith("mutual: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr[len("mutual: "):-1]


class Closed(Places):
    def test_what_may_not_be_read_is_not_called_missing(self):
        self.make_pki()
        os.chmod(self.folder, 0o755)
        if os.getuid() == 0:
            prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        else:
            prefix = ()
        serve = ("serve", "--listen", "127.0.0.1:0")
        commands = (("list",), ("issue", "client", "bob"), ("show", "alice"), serve, (*serve, "--pki", "pki"),
                    (*serve, "--name", "localhost"), ("init",))
        for closed in ("pki", "pki/issued", "pki/inventory.db"):
            before = stat.S_IMODE(os.stat(self.at(closed)).st_mode)
            os.chmod(self.at(closed), 0)
            for words in commands:
                if closed != "pki" and (words[0] == "init" or (words[0] in ("list", "issue")) != (closed == "pki/inventory.db")):
                    continue
                said = self.refused(*words, prefix=prefix)
                self.assertIn("Permission denied", said, (closed, words))
                self.assertIn("run as its owner", said, (closed, words))
                self.assertNotIn("mutual init", said, (closed, words))
            os.chmod(self.at(closed), before)

    def test_a_umask_that_shuts_everybody_out_does_not_shut_out_the_owner(self):
        # As somebody else than root, whom no mode keeps out.
        done = subprocess.run(["bash", "-c", f"umask 777; exec '{MUTUAL}' init --pki deep/pki --client alice"], cwd=self.folder,
                              env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for where, folders, files in os.walk(self.at("deep")):
            self.assertEqual(stat.S_IMODE(os.stat(where).st_mode), 0o700, where)
            for name in files:
                self.assertEqual(stat.S_IMODE(os.stat(os.path.join(where, name)).st_mode), 0o600, name)


class Served(Places):
    def test_a_folder_that_cannot_be_served_is_told_with_what_to_do(self):
        serve = ("serve", "--plain", "--listen", "127.0.0.1:0")
        here = os.path.realpath(self.folder)
        self.assertEqual(self.refused(*serve, "./nope"), f"there is no folder ./nope to serve (seen from {here}): name one that "
                         "is there, or make it")
        self.assertEqual(self.refused(*serve, "/nope"), "there is no folder /nope to serve: name one that is there, or make it")
        with open(self.at("file"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.refused(*serve, "file"), "cannot serve file: it is a file: name the folder that it is in")
        self.assertIn("a part of its path is a file: name one that is there", self.refused(*serve, "file/below"))
        os.mkdir(self.at("closed"), 0)
        os.chmod(self.folder, 0o755)
        prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups") if os.getuid() == 0 else ()
        self.assertEqual(self.refused(*serve, "closed", prefix=prefix),
                         "cannot serve the folder closed: Permission denied: run as its owner")


class Init(Places):
    def test_a_link_is_called_one(self):
        os.mkdir(self.at("empty"))
        os.symlink("empty", self.at("link"))
        self.assertIn("link is a link", self.refused("init", "--pki", "link"))
        self.mutual("init", "--pki", "empty")
        self.assertIn("link holds a PKI already", self.refused("init", "--pki", "link"))

    def test_a_full_disk_is_told_of_the_folder_that_was_asked_for(self):
        for limit in (1, 20):
            said = self.refused("init", "--pki", "my/pki",
                                prefix=("bash", "-c", f"trap '' XFSZ; ulimit -f {limit}; exec \"$@\"", "bash"))
            self.assertIn("my/pki/", said)
            self.assertNotIn(".new-", said)

    def test_an_organization_is_measured_in_characters(self):
        name = "가나다라마바사아자차카타파하" * 3 + "주식회사"
        self.assertEqual(len(name), 46)
        self.assertEqual(self.mutual("init", "--name", name).returncode, 0)
        self.assertIn("1 to 48 characters, and this has 49", self.refused("init", "--pki", "p", "--name", "가" * 49, code=2))

    def test_what_a_killed_init_has_left_is_taken_away_by_the_next(self):
        started = []
        # So many clients take long enough to be found at work.
        for kind in ("killed", "at work"):
            one = subprocess.Popen([MUTUAL, "init", *(f"--client=c{n}" for n in range(1000))],
                                   cwd=self.folder, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(lambda one=one: (one.kill(), one.wait()))
            end = time.monotonic() + 30
            while len(os.listdir(self.folder)) == len(started) and time.monotonic() < end:
                time.sleep(0.005)
            (name,) = set(os.listdir(self.folder)) - set(started)
            self.assertRegex(name, r"^\.pki\.new-[0-9a-f]{16}$")
            started.append(name)
            if kind == "killed":
                one.send_signal(signal.SIGKILL)
                one.wait()
                started.remove(name)
                killed = name
                shutil.move(self.at(killed), self.folder + "-kept")
        # The second init would have swept it; so that this test sees who does what, it comes back only now.
        shutil.move(self.folder + "-kept", self.at(killed))
        os.mkdir(self.at(".pki.new-notes"))
        os.mkdir(self.at(".other.new-0123456789abcdef"))
        self.assertEqual(self.mutual("init", "--pki", "pki").returncode, 0)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         sorted(["pki", started[0], ".pki.new-notes", ".other.new-0123456789abcdef"]))


class Expired(Places):
    def test_its_name_is_issued_anew_and_the_old_files_are_kept(self):
        self.make_pki()
        with open(self.at("pki/issued/localhost.crt"), "rb") as file:
            old = file.read()
        # The inventory's word is what counts here; its own rules keep a record from being changed.
        database = sqlite3.connect(self.at("pki/inventory.db"))
        database.execute("DROP TRIGGER certificates_keep")
        database.execute("UPDATE certificates SET not_after = 1700000000 WHERE name = 'localhost'")
        database.commit()
        database.close()
        self.assertEqual(self.mutual("issue", "server", "localhost").returncode, 0)
        kept = [name for name in os.listdir(self.at("pki/issued/replaced")) if name.endswith(".crt")]
        self.assertEqual(len(kept), 1, kept)
        with open(self.at("pki/issued/replaced", kept[0]), "rb") as file:
            self.assertEqual(file.read(), old)
        server = self.serve()
        self.assertIn("Hello", self.run_tool("curl", "-sS", "--cacert", "pki/trust.crt", "--cert", "pki/issued/alice.p12",
                                             "--cert-type", "p12", f"https://localhost:{server.port}/"))


class Named(Places):
    def test_a_server_certificate_is_chosen_by_a_name_and_not_by_a_path(self):
        self.make_pki()
        serve = ("serve", "--listen", "127.0.0.1:0", "--name")
        shutil.copy(self.at("pki/issued/localhost.crt"), self.at("pki/x.crt"))
        shutil.copy(self.at("pki/issued/localhost.key"), self.at("pki/x.key"))
        self.assertIn("'../x' cannot be the name of files", self.refused(*serve, "../x", code=2))
        said = self.refused(*serve, "nope")
        self.assertIn("pki holds no certificate 'nope': its server certificates are localhost;", said)

    def test_show_says_what_it_wants_instead(self):
        os.mkdir(self.at("public"))
        self.assertIn("'public' is a folder: name a file in it", self.refused("show", "public"))
        self.assertIn("write https://", self.refused("show", "http://localhost:1/", code=2))


if __name__ == "__main__":
    unittest.main()
