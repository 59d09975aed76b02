"""scripts/setup costs nothing when there is nothing to do, and says what it does not know."""

import os
import subprocess
import time
import unittest

import tree

SETUP = tree.ROOT / "scripts" / "setup"


class Setup(unittest.TestCase):
    def test_nothing_to_install_needs_neither_root_nor_time(self):
        environment = {**os.environ, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        identity = {"user": 65534, "group": 65534} if os.getuid() == 0 else {}
        started = time.monotonic()
        done = subprocess.run(["bash", "-s"], stdin=SETUP.open("rb"), capture_output=True, text=True, check=False, cwd="/",
                              env=environment, **identity)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertLess(time.monotonic() - started, 10)

    def test_an_option_that_is_not_there_is_refused_with_those_that_are(self):
        done = subprocess.run([SETUP, "--everything"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--everything", done.stderr)
        self.assertIn("--tests", done.stderr)

    def test_every_script_is_sound_bash_and_can_be_run(self):
        for script in [*(tree.ROOT / "scripts").iterdir(), tree.ROOT / ".ci" / "run"]:
            first = script.read_text(encoding="utf-8").splitlines()[0]
            if first == "#!/usr/bin/env bash":
                self.assertTrue(os.access(script, os.X_OK), f"{script.name} cannot be run")
                checked = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
                self.assertEqual(checked.returncode, 0, checked.stderr)


if __name__ == "__main__":
    unittest.main()
