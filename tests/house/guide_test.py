"""The guide and the tutorial show code that is built: each block of C++ stands in an example, line for line."""

import re
import unittest

import tree

FENCE = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^\s*// (?:doc|end): .*\n", re.MULTILINE)


def code(path):
    return MARK.sub("", path.read_text(encoding="utf-8"))


class Guide(unittest.TestCase):
    def test_every_block_of_code_stands_in_an_example(self):
        programs = [code(path) for path in tree.files(".cpp", under="examples")]
        for name, least in (("guide.md", 10), ("tutorial.md", 1), ("tutorial.ko.md", 1)):
            blocks = FENCE.findall((tree.ROOT / "docs" / name).read_text(encoding="utf-8"))
            self.assertGreaterEqual(len(blocks), least)
            for block in blocks:
                self.assertTrue(any(block in program for program in programs), f"{name}: in no example:\n{block}")

    def test_what_an_example_marks_for_the_guide_is_shown_there(self):
        guide = (tree.ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
        for path in tree.files(".cpp", under="examples"):
            text = path.read_text(encoding="utf-8")
            for name in re.findall(r"// doc: (.*)\n", text):
                body = re.search(rf"^ *// doc: {name}\n(.*?)^ *// end: {name}\n", text, re.MULTILINE | re.DOTALL)
                self.assertIsNotNone(body, f"{path.name}: {name} has no end")
                self.assertTrue(body.group(1) in guide, f"{path.name}: the guide does not show \"{name}\" as it is")


if __name__ == "__main__":
    unittest.main()
