"""What every command does with its words and with the streams that it was given."""

import json
import os
import re
import shutil
import subprocess
import unittest

from serving import MUTUAL, ServingTest, clean_environment

TUTORIAL = os.path.join(os.environ["MUTUAL_BIN"], "tutorial")


class CommandLine(ServingTest):
    def shell(self, line, timeout=60):
        return subprocess.run(["bash", "-c", line.replace("MUTUAL", f"'{MUTUAL}'")], cwd=self.folder,
                              env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout)

    def bad_usage(self, *words):
        """Exit code 2, nothing printed, nothing made, and one sentence; gives the sentence."""
        before = sorted(os.listdir(self.folder))
        done = subprocess.run([MUTUAL, *words], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (2, ""), (words, done.stderr))
        self.assertTrue(done.stderr.startswith("mutual"), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        return done.stderr[:-1]


class Words(CommandLine):
    def test_a_mistake_is_told_in_one_sentence_with_where_to_read_on(self):
        for words, sentence in (
                (["frobnicate"], "mutual: there is no command 'frobnicate'; the commands are init, issue, show, list, serve, get, check, "
                                 "export, lint, import, renew, needs-renewal, revoke, crl, sign, rotate, log, recover, store, ca; see mutual --help"),
                (["--pki", "pki", "list"], "mutual: '--pki' goes behind the command: mutual list --pki; see mutual --help"),
                (["--host", "a"], "mutual: '--host' goes behind a command, as in mutual init --host; see mutual --help"),
                (["serve", "--listen", "a", "--listen", "b"], "mutual serve: --listen was given twice; see mutual serve --help"),
                (["init", "--pki", "a", "--pki", "b", "--pki", "c"], "mutual init: --pki was given 3 times; see mutual init --help"),
                (["serve", "--listen"], "mutual serve: --listen needs a value (HOST:PORT); see mutual serve --help"),
                (["serve", "--nosuch"], "mutual serve: there is no option '--nosuch'; see mutual serve --help"),
                (["serve", "a", "b"], "mutual serve: 'b' is one word too many; see mutual serve --help"),
                (["serve", "--key", "x"], "mutual serve: --key needs --cert as well; see mutual serve --help"),
                (["serve", "--plain", "--cert", "x"], "mutual serve: --plain and --cert contradict each other: leave one of them out; see mutual serve --help"),
                (["serve", "--threads", "x"], "mutual serve: --threads: 'x' is no whole number from 1 to 1024; see mutual serve --help"),
                (["serve", "--tls", "1.1"], "mutual serve: --tls: '1.1' is none of 1.2, 1.3; see mutual serve --help"),
                (["list", "--json=5"], "mutual list: --json takes no value; see mutual list --help"),
                (["get"], "mutual get: URL is missing; see mutual get --help"),
                (["issue"], "mutual issue: a command is missing: one of server, client, peer; see mutual issue --help"),
                (["issue", "robot", "x"], "mutual issue: there is no command 'robot'; the commands are server, client, peer; see mutual issue --help"),
                (["issue", "client", "x", "--days", "0"], "mutual issue client: --days: '0' is no whole number from 1 to 36500; see mutual issue client --help"),
        ):
            self.assertEqual(self.bad_usage(*words), sentence)

    def test_an_empty_value_is_no_value(self):
        for words in (["init", "--pki", ""], ["init", "--name", ""], ["issue", "client", "x", "--uri", ""], ["list", "--pki="],
                      ["serve", "--listen", ""], ["serve", ""], ["show", ""]):
            self.assertRegex(self.bad_usage(*words), "it is empty|needs a value")

    def test_client_authentication_is_said_in_words(self):
        self.make_pki()
        for word in ("0", "1", "2", "off", "NONE", "requird"):
            said = self.bad_usage("serve", "--client-auth", word)
            self.assertIn(f"--client-auth: '{word}' is none of none, optional, required", said)

    def test_no_option_is_left_unused_in_silence(self):
        self.make_pki()
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        cert = ("--cert", "server.crt", "--key", "server.key")
        for words in (("--client-auth", "none", *cert, "--trust", "pki/trust.crt"),
                      ("--client-auth", "none", "--crl", "x"),
                      ("--plain", "--password-file", "x"), ("--pki", "pki", "--password-file", "x"),
                      ("--pki", "pki", "--ask-password"), ("--password-file", "x"),
                      ("--name", "localhost", *cert, "--trust", "pki/trust.crt"), ("--name", "localhost", "--plain")):
            self.bad_usage("serve", "--listen", "127.0.0.1:0", *words)
        self.bad_usage("get", "https://localhost/", "--key", "x")
        self.bad_usage("get", "https://localhost/", "--password-file", "x")

    def test_the_tutorials_program_wants_a_key_with_its_certificate(self):
        self.self_signed("server")
        done = subprocess.run([TUTORIAL, "server.crt"], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=20, env=clean_environment(TUTORIAL_LISTEN="127.0.0.1:0"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("usage: tutorial", done.stderr)


class Streams(CommandLine):
    def test_a_message_that_cannot_be_written_changes_no_exit_code(self):
        for line in ("MUTUAL list 2>/dev/full", "MUTUAL list 2>&-", "MUTUAL get http://127.0.0.1:1/ 2>/dev/full"):
            self.assertEqual(self.shell(line).returncode, 1, line)
        for line in ("MUTUAL 2>/dev/full", "MUTUAL list --nosuch 2>/dev/full", "MUTUAL nosuch 2>&-"):
            self.assertEqual(self.shell(line).returncode, 2, line)
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        server = self.serve("--cert", "server.crt", "--key", "server.key", "--client-auth", "none")
        done = self.shell(f"MUTUAL get -v --insecure https://localhost:{server.port}/ 2>/dev/full")
        self.assertEqual((done.returncode, done.stdout), (0, "Hello, World!\n"))

    def test_output_that_is_lost_is_a_failure_and_is_told(self):
        self.make_pki()
        server = self.serve("--plain", listen="127.0.0.1:0")
        for number, words in enumerate(("list", "list --json", "show alice", "show alice --json", "--help", "list --help", "--version",
                                        "issue client c{}", "init --pki p{}", f"get http://127.0.0.1:{server.port}/",
                                        f"get --json http://127.0.0.1:{server.port}/")):
            for where, why in ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")):
                done = self.shell("MUTUAL " + words.format(f"{number}{where[1:2].strip('/&') or 'x'}{len(where)}") + where)
                self.assertEqual(done.returncode, 1, (words, where, done.stderr))
                self.assertRegex(done.stderr, f"^mutual: .*standard output.*{why}", (words, where))
                self.assertEqual(done.stderr.count("\n"), 1)

    def test_a_stream_that_is_closed_is_not_given_to_a_socket(self):
        self.make_pki()
        for command in (f"'{MUTUAL}' serve --plain --listen 127.0.0.1:0", f"TUTORIAL_LISTEN=127.0.0.1:0 exec '{TUTORIAL}'"):
            for closed in ((0,), (1,), (0, 1)):
                server = self.serve(listen=None, program="bash", command=(
                    "-c", (command if "exec" in command else "exec " + command) + "".join(f" {n}>&-" for n in closed)))
                for n in closed:
                    self.assertEqual(os.readlink(f"/proc/{server.process.pid}/fd/{n}"), "/dev/null")
                said = self.run_tool("curl", "-sS", f"http://127.0.0.1:{server.port}/")
                self.assertEqual(said, "Hello, World!\n")
                self.assertEqual(server.stop(), 0)


class EmptiedInventory(CommandLine):
    def test_an_emptied_inventory_is_not_taken_for_a_new_one(self):
        self.make_pki()
        open(self.at("pki/inventory.db"), "wb").close()
        before = sorted(os.listdir(self.at("pki/issued")))
        for words in ("list", "list --json", "issue client bob"):
            done = self.shell("MUTUAL " + words)
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertIn("pki/inventory.db is empty", done.stderr)
            self.assertIn("restore it from a backup", done.stderr)
        self.assertEqual(sorted(os.listdir(self.at("pki/issued"))), before)


if __name__ == "__main__":
    unittest.main()
