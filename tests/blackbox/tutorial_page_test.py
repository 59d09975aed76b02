"""docs/tutorial.md is done as a reader does it: its servers, its commands, what it says they print and log."""

import os
import re
import subprocess
import sys
import unittest

from serving import MUTUAL, Server, ServingTest, clean_environment
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "house"))
import tree  # noqa: E402

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BIN = os.path.dirname(MUTUAL)
AT = "localhost:5000"  # where the page's servers listen; the test's are given a free port
SERVERS = ("mutual serve", "tutorial")


def blocks(name):
    return FENCE.findall((tree.ROOT / "docs" / name).read_text(encoding="utf-8"))


def is_server(line):
    return line.startswith(SERVERS)


def pattern(shown):
    """What a block of output stands for: itself, with anything within a line in place of each `…`."""
    return "^" + ".*".join(re.escape(part) for part in shown.rstrip("\n").split("…")) + "$"


class TutorialPage(ServingTest):
    """Two terminals: one in which a server runs, one in which everything else is typed."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.at("checkout"))
        os.mkdir(self.at("checkout", "build"))
        os.symlink(BIN, self.at("checkout", "build", "bin"))
        self.place, self.path, self.server, self.said, self.steps = self.at("checkout"), os.environ["PATH"], None, "", []

    def start(self, line):
        if self.server:
            self.assertEqual(self.server.stop(), 0)
        program, *arguments = line.split()
        if program == "mutual":
            self.server = Server(self.place, *arguments[1:])
        else:
            self.server = Server(self.place, "TUTORIAL_LISTEN=localhost:0", os.path.join(BIN, program), *arguments,
                                 listen=None, program="env", command=())
        self.addCleanup(self.server.stop)

    def type(self, lines):
        """Runs lines in one shell, which begins where the last one ended."""
        script = "make() { :; }\n" + "\n".join(lines) + '\nprintf "\\n%s\\n%s" "$PWD" "$PATH" > "$STATE"\n'
        if self.server:
            script = script.replace(AT, f"localhost:{self.server.port}")
        environment = clean_environment(HOME=self.folder, PATH=self.path, STATE=self.at("state"), LC_ALL="C.UTF-8")
        done = subprocess.run(["bash", "-c", script], cwd=self.place, env=environment, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=120, check=False)
        with open(self.at("state"), encoding="utf-8") as state:
            _, self.place, self.path = state.read().split("\n")
        return done.stdout + done.stderr  # apart, since curl draws its progress where no terminal is

    def do(self, language, body):
        lines = body.splitlines()
        if language == "sh" and len(lines) == 1 and is_server(lines[0]):
            self.start(lines[0])
            self.steps.append([])
        elif language == "sh" and is_server(lines[0]):
            self.same_again(lines)
        elif language == "sh":
            self.said = self.type(lines)
            self.steps and self.steps[-1].append((language, body))
        elif language == "text":
            self.assertRegex(self.said, re.compile(pattern(body), re.MULTILINE))
            self.steps and self.steps[-1].append((language, body))
        elif language == "log":
            self.server.wait_for("(?m)" + pattern(body))

    def same_again(self, servers):
        """Each of the servers stands for one step: it answers the first commands of that step as the first server did."""
        self.assertTrue(all(map(is_server, servers)), servers)
        for line, step in zip(servers, list(self.steps), strict=True):
            self.start(line)
            self.do(*step[0])
            self.do(*step[1])

    def test_every_command_of_the_page_does_what_the_page_says(self):
        page = blocks("tutorial.md")
        for number, (language, body) in enumerate(page):
            with self.subTest(block=number, shown=body):
                self.do(language, body)
        ran = [body for language, body in page if language == "sh"]
        self.assertGreater(len(ran), 10)
        typed = [line for body in ran for line in body.splitlines() if not is_server(line)]
        self.assertTrue(all(line.split()[0] in {"make", "export", "mkdir", "cd", "openssl", "curl", "mutual"} for line in typed))

    def test_the_korean_page_shows_the_same(self):
        self.assertEqual(blocks("tutorial.ko.md"), blocks("tutorial.md"))


if __name__ == "__main__":
    unittest.main()
