"""What g++ 12 miscompiles around co_await is not written anywhere (docs/coroutines.md says why)."""

import re
import unittest

import tree

COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)

# A closure within the expression: "[" after something that cannot be subscripted.
CLOSURE = re.compile(r"(?<![\w\])>])\s*\[[^\]]*\]\s*[({]")

# A brace that begins a value and not a block: "agg{", "vector<int>{", "= {", "({", ", {". clang-format puts a space
# before a block's brace.
VALUE_BRACE = re.compile(r"(?:[\w>(,]|[=(,]\s+|\breturn\s+)$")


def without_comments(text):
    """The code, with comments and literals blanked, line for line."""
    return COMMENT_OR_TEXT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def end_of_expression(code, at):
    """Where the statement that goes on at `at` ends: its ";", or the parenthesis or brace that closes around it."""
    depth = 0
    for index in range(at, len(code)):
        if code[index] in "([{":
            depth += 1
        elif code[index] in ")]}":
            depth -= 1
            if depth < 0:
                return index
        elif code[index] == ";" and depth == 0:
            return index
    return len(code)


def start_of_statement(code, at):
    """Where the statement that holds `at` begins, and whether a value's brace encloses `at` in it."""
    depth = 0
    braced = False
    for index in range(at - 1, -1, -1):
        char = code[index]
        if char in ")]":
            depth += 1
        elif char in "([":
            depth -= 1
        elif char == "{" and depth <= 0:
            if not VALUE_BRACE.search(code[:index][-40:]):
                return index + 1, braced
            braced = True
        elif char in ";}" and depth <= 0:
            return index + 1, braced
    return 0, braced


def condition_end(code, start, end):
    """The end of the statement's head, for if, while, switch and for: what is in their parentheses."""
    head = re.match(r"\s*(?:\}?\s*else\s+)?(?:if|while|switch|for)\s*(?:constexpr\s*)?\(", code[start:end])
    return end_of_expression(code, start + head.end()) if head else None


def faults(text):
    """(line, what) for each co_await that is written in a way that g++ 12 gets wrong."""
    code = without_comments(text)
    found = []
    for match in re.finditer(r"\bco_await\b", code):
        start, braced = start_of_statement(code, match.start())
        end = end_of_expression(code, match.end())
        operand = code[match.end():end]
        line = code.count("\n", 0, match.start()) + 1
        if braced:
            found.append((line, "a co_await within braces that make a value"))
        if CLOSURE.search(operand):
            found.append((line, "a closure within a co_await expression"))
        elif "{" in operand:
            found.append((line, "braces within a co_await expression"))
        stop = condition_end(code, start, match.end()) or end
        if len(re.findall(r"\bco_await\b", code[start:stop])) > 1:
            found.append((line, "two co_await in one statement"))
    return found


class Coroutines(unittest.TestCase):
    def test_nothing_is_written_that_the_compiler_gets_wrong(self):
        wrong = []
        for folder in ("src", "include", "examples", "tests"):
            for path in tree.files(".cpp", ".hpp", under=folder):
                wrong += [f"{tree.relative(path)}:{line}: {what}" for line, what in faults(path.read_text(encoding="utf-8"))]
        self.assertEqual(wrong, [], "name it first and move it in (docs/coroutines.md)")

    def test_each_trap_is_seen(self):
        for snippet in (
            "task<> f() { co_await g([k] { return k; }); }",
            "task<> f() { co_await g([k = std::move(k)]() mutable { k(); }); }",
            "task<> f() { auto x = co_await g(1, [&](int a) { return a; }); }",
            "task<> f() { co_await g({.host = h, .port = 1}); }",
            "task<> f() { co_await g(agg{x, 2}); }",
            "task<> f() { co_return co_await g(std::vector<int>{1, 2}); }",
            "task<> f() { agg a{co_await x(), y}; }",
            "task<> f() { agg a = {co_await x(), y}; }",
            "task<> f() { co_return agg{1, co_await x()}; }",
            "task<> f() { h({co_await x()}); }",
            "task<> f() { if (co_await a() && co_await b()) { c(); } }",
            "task<> f() { int s = co_await a() + co_await b(); }",
        ):
            self.assertTrue(faults(snippet), snippet)

    def test_what_is_safe_is_let_be(self):
        for snippet in (
            "task<> f() {\n  auto work = [k] { return k; };\n  co_await g(work);\n}",
            "task<> f() { co_await all[i](x, y[2]); }",
            "task<> f() { if (co_await a()) { co_await b(); } }",
            "task<> f() { while (auto x = co_await a()) { use(*x); agg b{1, 2}; } }",
            "task<> f() { co_await a(); co_await b(); }",
            "auto l = [k]() -> task<int> { co_return co_await a(k); };",
            "task<> f() { try { co_await a(); } catch (...) { b(); } }",
            "// co_await g({1})\nconst char* t = \"co_await g({1})\";",
            "task<std::vector<int>> f() { co_await a(); }",
            "app.get(x, [](request& r) -> task<response> { response a = co_await n(r); co_return a; });",
        ):
            self.assertEqual(faults(snippet), [], snippet)


if __name__ == "__main__":
    unittest.main()
