"""What is installed is whole: a program that knows only find_package(mutual) builds, links and runs."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import tree

CACHE = (tree.BUILD / "CMakeCache.txt").read_text(encoding="utf-8")


def cached(name):
    found = re.search(rf"^{name}:\w+=(.*)$", CACHE, re.MULTILINE)
    return found.group(1) if found else ""


def run(*command, cwd=None):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mutual-install."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", tree.BUILD, "--prefix", cls.prefix)
        cls.compiler = cached("CMAKE_CXX_COMPILER")
        cls.flags = cached("CMAKE_CXX_FLAGS")
        if sanitizers := cached("MUTUAL_SANITIZE"):
            cls.flags += f" -fsanitize={sanitizers}"

    def test_a_consumer_builds_links_and_runs(self):
        build = self.folder / "consumer"
        run("cmake", "-S", tree.ROOT / "tests" / "house" / "consumer", "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={self.compiler}", f"-DCMAKE_CXX_FLAGS={self.flags}")
        run("cmake", "--build", build)
        self.assertEqual(run(build / "consumer", cwd=self.folder), "A service may be built on this.\n")

    def test_the_program_is_installed_and_runs(self):
        self.assertIn("mutual", run(self.prefix / "bin" / "mutual", "--help"))

    def test_nothing_installed_names_the_build_folder(self):
        for path in self.prefix.rglob("*.cmake"):
            self.assertNotIn(str(tree.BUILD), path.read_text(encoding="utf-8"), path.name)
            self.assertNotIn(str(tree.ROOT), path.read_text(encoding="utf-8"), path.name)

    def test_every_public_header_compiles_alone_and_brings_no_asio_or_openssl(self):
        headers = sorted((self.prefix / "include" / "mutual").glob("*.hpp"))
        self.assertEqual([h.name for h in headers], [h.name for h in tree.files(".hpp", under="include")])
        source, listed = self.folder / "alone.cpp", self.folder / "alone.d"
        for header in headers:
            source.write_text(f"#include <mutual/{header.name}>\n#include <mutual/{header.name}>\n", encoding="utf-8")
            run(self.compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-MD", "-MF", listed, "-I",
                self.prefix / "include", source)
            brought = listed.read_text(encoding="utf-8")
            for unwanted in ("boost/asio", "openssl/", "sqlite3.h", "llhttp.h"):
                self.assertNotIn(unwanted, brought, f"<mutual/{header.name}> includes {unwanted}")


if __name__ == "__main__":
    unittest.main()
