"""What holds of every file: its size, no secrets, no paths of somebody's machine, nothing left unfinished."""

import re
import sys
import unittest

import tree

MOST_LINES = 600
MANY_LINES = 300
CODE = (".cpp", ".hpp", ".cc", ".h", ".py", ".java", ".mjs", ".js")

# In pieces, so that this file does not find itself.
UNFINISHED = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "not imple" + "mented", "unimple" + "mented"]))
SWITCHED_OFF = re.compile("|".join(["DISABLED" + "_", "NO" + "LINT", "@unittest" + r"\.skip\b"]))
PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----\s+[A-Za-z0-9+/]{40}")
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:ho" + r"me/[a-z]+|Us" + r"ers/\w+|wo" + r"rk)/\w")


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


class Files(unittest.TestCase):
    def search(self, pattern, paths):
        found = []
        for path in paths:
            for match in pattern.finditer(text := text_of(path)):
                found.append(f"{tree.relative(path)}:{text.count(chr(10), 0, match.start()) + 1}: {match.group(0)[:60]}")
        return found

    def test_a_source_file_has_at_most_600_lines(self):
        sizes = {tree.relative(path): text_of(path).count("\n") for path in tree.files(*CODE)}
        for name, lines in sorted(sizes.items()):
            if lines > MANY_LINES:
                print(f"{name}: {lines} lines; one concept a file?", file=sys.stderr)
        self.assertEqual({name: lines for name, lines in sizes.items() if lines > MOST_LINES}, {})

    def test_no_private_key_is_kept(self):
        seeds = tree.ROOT / "fuzz" / "corpus"  # keys made to be read by a parser, and for nothing else
        self.assertEqual(self.search(PRIVATE_KEY, [path for path in tree.files() if seeds not in path.parents]), [])

    def test_no_path_of_a_machine_is_kept(self):
        self.assertEqual(self.search(MACHINE_PATH, tree.files()), [])

    def test_nothing_is_marked_as_unfinished(self):
        self.assertEqual(self.search(UNFINISHED, tree.files(*CODE)), [])

    def test_no_test_or_check_is_switched_off(self):
        self.assertEqual(self.search(SWITCHED_OFF, tree.files(*CODE)), [])

    def test_text_ends_in_a_newline_and_has_no_tabs_or_trailing_spaces(self):
        wrong = []
        for path in tree.files(*CODE, ".md", "CMakeLists.txt", ".cmake"):
            text = text_of(path)
            if text and not text.endswith("\n"):
                wrong.append(f"{tree.relative(path)} does not end in a newline")
            for number, line in enumerate(text.splitlines(), 1):
                if line != line.rstrip() or "\t" in line:
                    wrong.append(f"{tree.relative(path)}:{number}: a tab or trailing space")
        self.assertEqual(wrong, [])

    def test_every_fuzz_target_has_seeds(self):
        for target in tree.files("_fuzz.cpp", under="fuzz"):
            seeds = tree.ROOT / "fuzz" / "corpus" / target.name.removesuffix("_fuzz.cpp")
            self.assertTrue(seeds.is_dir() and any(seeds.iterdir()), f"{seeds} is empty")


if __name__ == "__main__":
    unittest.main()
