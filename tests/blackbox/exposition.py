"""Prometheus' text format, read strictly, and by Prometheus' own reader."""

import re
import sys

# The system's own package (scripts/setup --tests), also if another Python than the system's runs this: it is Python and
# nothing else.
sys.path.append("/usr/lib/python3/dist-packages")
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
VALUE = r'"(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{{NAME}={VALUE}(?:,{NAME}={VALUE})*\}})? -?[0-9]+")


def numbers(page):
    """By name, then by labels."""
    return {one.name: {tuple(sorted(sample.labels.items())): sample.value for sample in one.samples}
            for one in text_string_to_metric_families(page)}


def check(test, page):
    """The page is exactly the format."""
    test.assertTrue(page.endswith("\n"))
    family, kind, seen, series = None, None, set(), set()
    for line in page[:-1].split("\n"):
        if line.startswith("# HELP "):
            family = line.split()[2]
            test.assertNotIn(family, seen, "a family is told in one piece")
            seen.add(family)
            kind = None
        elif line.startswith("# TYPE "):
            _, _, of, kind = line.split(" ")
            test.assertEqual(of, family)
            test.assertEqual(kind, "counter" if family.endswith("_total") else "gauge")
        else:
            said = SAMPLE.fullmatch(line)
            test.assertIsNotNone(said, line)
            test.assertEqual(said.group(1), family)
            test.assertIsNotNone(kind)
            test.assertNotIn(line.rsplit(" ", 1)[0], series, "a series is told once")
            series.add(line.rsplit(" ", 1)[0])
    read = {one.name + ("_total" if one.type == "counter" else "") for one in text_string_to_metric_families(page)}
    test.assertEqual(seen, read)
