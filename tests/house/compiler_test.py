"""What a handler cannot be is refused by the compiler, in a sentence that says what to do instead."""

import os
import subprocess
import tempfile
import unittest

import tree

PROGRAM = """#include <mutual/mutual.hpp>
struct thing {{ int x; }};
void add(mutual::app& app) {{ {code} }}
"""

REFUSED = {
    'app.get(mutual::route<"/a/{b}">, [] { return ""; });':
        "the handler takes more or fewer path parameters than the pattern has",
    'app.get("/", [n = 0]() mutable { return ++n, ""; });': "a handler cannot be a mutable lambda",
    'app.get("/{x}", [](auto x) { return x; });': "write the types of a lambda's parameters out",
    'app.get("/", [] { return thing{}; });': "describe the struct with MUTUAL_JSON",
    'app.post("/", [](thing) { return ""; });': "a handler's parameter is a path parameter",
    'app.get("/{x}", [](std::string& x) { return x; });': "by value or by const reference",
    'app.get("/", mutual::blocking([]() -> mutual::task<> { co_return; }));': "blocking(…) is for plain functions",
}


class Compiler(unittest.TestCase):
    def compile(self, code):
        with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
            file.write(PROGRAM.format(code=code))
            file.flush()
            return subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", f"-I{tree.ROOT / 'include'}",
                                   file.name], capture_output=True, text=True, timeout=300, check=False)

    def test_what_a_handler_can_be_compiles(self):
        done = self.compile('app.get(mutual::route<"/a/{b}">, [](int) { return ""; });')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_it_cannot_be_is_refused_with_the_reason(self):
        for code, sentence in REFUSED.items():
            done = self.compile(code)
            self.assertNotEqual(done.returncode, 0, code)
            self.assertIn(sentence, done.stderr.replace("\\xe2\\x80\\xa6", "…"), code)


if __name__ == "__main__":
    unittest.main()
