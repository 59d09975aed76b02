"""scripts/setup costs nothing when there is nothing to do; scripts/build configures what is not, or is for elsewhere."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
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


class Build(unittest.TestCase):
    """scripts/build in a checkout of a project that builds nothing."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mutual-build-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.checkout = self.folder / "checkout"
        shutil.copytree(tree.ROOT / "scripts", self.checkout / "scripts")
        (self.checkout / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(nothing NONE)\n")
        preset = {"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build"}
        presets = [preset, {**preset, "name": "dev", "binaryDir": "${sourceDir}/build/dev"}]
        (self.checkout / "CMakePresets.json").write_text(json.dumps({"version": 6, "configurePresets": presets}))

    def build(self, checkout, *words):
        done = subprocess.run([checkout / "scripts" / "build", *words], capture_output=True, text=True, check=False, cwd="/")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for cache in (checkout / "build").rglob("CMakeCache.txt"):
            if cache.parent.name == (words[0] if words else "build"):
                self.assertIn(f"CMAKE_HOME_DIRECTORY:INTERNAL={checkout}\n", cache.read_text(encoding="utf-8"))
        return done

    def test_a_checkout_that_was_moved_or_copied_is_configured_anew_and_says_so(self):
        for words in ([], ["dev"]):
            self.build(self.checkout, *words)
        copied = self.folder / "copied"
        shutil.copytree(self.checkout, copied)
        moved = self.folder / "moved"
        self.checkout.rename(moved)
        for checkout in (copied, moved):
            for words in ([], ["dev"]):
                said = self.build(checkout, *words).stderr
                self.assertEqual(said.count(f"was configured for {self.checkout}"), 1, said)
                self.assertEqual(self.build(checkout, *words).stderr, "")

    def test_a_checkout_that_stays_where_it_is_is_configured_once(self):
        self.assertIn("Configuring done", self.build(self.checkout).stdout)
        again = self.build(self.checkout)
        self.assertNotIn("Configuring", again.stdout)
        self.assertEqual(again.stderr, "")

    def test_a_checkout_that_is_reached_by_a_link_is_the_same(self):
        self.build(self.checkout)
        (self.folder / "link").symlink_to("checkout")
        again = subprocess.run([self.folder / "link" / "scripts" / "build"], capture_output=True, text=True, check=False)
        self.assertEqual((again.returncode, again.stderr), (0, ""), again.stdout)
        self.assertNotIn("Configuring", again.stdout)


if __name__ == "__main__":
    unittest.main()
