"""The documents tell the truth: links lead somewhere, commands exist, examples are the programs they are taken from."""

import re
import subprocess
import unittest

import tree

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .+\n)+", re.MULTILINE)


def documents():
    return tree.files(".md")


def without_code(text):
    return INDENTED.sub("", FENCE.sub("", text))


def anchors(path):
    """The ids that GitHub gives to the headings of a document."""
    found = set()
    for heading in re.findall(r"^#+ +(.*?) *$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower().replace("`", ""))
        found.add(words.replace(" ", "-"))
    return found


def commands(path):
    """The command lines that a document shows: each line of its blocks of shell, without comments."""
    text = path.read_text(encoding="utf-8")
    blocks = [body for language, body in FENCE.findall(text) if language in ("", "sh", "console")]
    blocks += INDENTED.findall(FENCE.sub("", text))
    lines = []
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        line = re.sub(r"\s+#.*$|^\s*\$ ", "", line).strip()
        if line:
            lines.append(line)
    return lines


def run(*arguments):
    return subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, timeout=30, check=False)


class Documents(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        wrong = []
        for path in documents():
            for target in (a or b for a, b in LINK.findall(without_code(path.read_text(encoding="utf-8")))):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                file = (path.parent / name).resolve() if name else path
                if not file.exists():
                    wrong.append(f"{tree.relative(path)}: {target}")
                elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                    wrong.append(f"{tree.relative(path)}: {target}: no such heading")
        self.assertEqual(wrong, [])

    def test_every_document_is_in_the_index(self):
        index = (tree.ROOT / "docs" / "README.md").read_text(encoding="utf-8")
        missing = [p.name for p in tree.files(".md", under="docs") if p.name != "README.md" and f"({p.name})" not in index]
        self.assertEqual(missing, [], "docs/README.md does not name them")

    def test_every_make_target_and_script_that_is_shown_exists(self):
        makefile = (tree.ROOT / "Makefile").read_text(encoding="utf-8")
        targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
        wrong = []
        for path in documents():
            text = path.read_text(encoding="utf-8")
            shown = [line.split()[1] for line in commands(path) if re.match(r"make [a-z]+", line)]
            shown += re.findall(r"`make ([a-z]+)[^`]*`", text)
            wrong += [f"{tree.relative(path)}: make {name}" for name in shown if name not in targets]
            for script in re.findall(r"(?<![\w./])scripts/[\w-]+", text):
                if not (tree.ROOT / script).is_file():
                    wrong.append(f"{tree.relative(path)}: {script}")
        self.assertEqual(wrong, [])

    def test_every_target_of_the_makefile_has_its_line_of_help(self):
        makefile = (tree.ROOT / "Makefile").read_text(encoding="utf-8")
        targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
        helped = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
        self.assertEqual(targets, helped)

    def test_both_readmes_show_the_same_commands(self):
        self.assertEqual(commands(tree.ROOT / "README.md"), commands(tree.ROOT / "README.ko.md"))

    def test_examples_in_the_readmes_are_programs_that_are_built(self):
        programs = [path.read_text(encoding="utf-8") for path in tree.files(".cpp", under="examples")]
        for path in (tree.ROOT / "README.md", tree.ROOT / "README.ko.md"):
            for language, body in FENCE.findall(path.read_text(encoding="utf-8")):
                if language == "cpp":
                    self.assertTrue(any(body in program for program in programs), f"{path.name}: in no example:\n{body}")


if __name__ == "__main__":
    unittest.main()
