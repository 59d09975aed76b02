"""Includes point down: what each folder of src/, and each public header, may include."""

import re
import unittest

import tree

# A folder of src/ may include itself and these.
MAY_USE = {
    "base": set(),
    "x509": {"base"},
    "net": {"base"},
    "tls": {"net", "x509", "base"},
    "http": {"tls", "net", "x509", "base"},
    "app": {"client", "http", "tls", "net", "x509", "base"},
    "client": {"http", "tls", "net", "x509", "base"},
    "authority": {"x509", "base"},
    "ca_service": {"authority", "app", "http", "tls", "net", "x509", "base"},
    "explain": {"client", "tls", "x509", "base"},
    "cli": {"ca_service", "explain", "authority", "app", "client", "http", "tls", "net", "x509", "base"},
}

# The folder that a public header belongs to (app, if it is not named here); folders below it must not include it.
HEADER_OF = {
    "error.hpp": "base",
    "result.hpp": "base",
    "task.hpp": "base",
    "reason.hpp": "base",
    "peer.hpp": "x509",
    "ocsp.hpp": "tls",
    "revocation_list.hpp": "tls",
    "tls.hpp": "tls",
    "body.hpp": "http",
    "fields.hpp": "http",
    "request.hpp": "http",
    "response.hpp": "http",
    "tunnel.hpp": "http",
}

# Besides the standard library and each other, public headers include this and no more.
PUBLIC_MAY_INCLUDE = {
    "json_codec.hpp": ("boost/json", "boost/describe"),
    "json_place.hpp": ("boost/json",),
    "test_client.hpp": ("boost/json",),
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def layer_below(layer):
    return MAY_USE[layer] | {layer}


class Layering(unittest.TestCase):
    def test_every_folder_of_src_has_its_place(self):
        folders = {path.name for path in (tree.ROOT / "src").iterdir() if path.is_dir()}
        self.assertEqual(folders, set(MAY_USE), "give a new folder its place in MAY_USE")

    def test_every_folder_that_cmake_looks_for_tests_in_is_there(self):
        text = (tree.ROOT / "tests" / "CMakeLists.txt").read_text(encoding="utf-8")
        named = set(re.search(r"foreach\(layer ([^)]*)\)", text).group(1).split())
        there = {path.parent.name for path in tree.files("_test.cpp", under="tests")}
        self.assertEqual(named, there)
        self.assertLessEqual(there, set(MAY_USE))

    def test_nothing_is_allowed_in_a_circle(self):
        for layer, used in MAY_USE.items():
            for other in used:
                self.assertNotIn(layer, MAY_USE[other], f"{layer} and {other} may include each other")

    def test_no_include_of_src_points_up(self):
        wrong = []
        for path in tree.files(".cpp", ".hpp", under="src"):
            layer = path.relative_to(tree.ROOT / "src").parts[0]
            for kind, name in includes(path):
                if kind == '"':
                    target = name.split("/")[0]
                    if target not in layer_below(layer):
                        wrong.append(f"{tree.relative(path)} includes {name}: {layer} may not use {target}")
                elif name.startswith("mutual/"):
                    target = HEADER_OF.get(name.removeprefix("mutual/"), "app")
                    if target not in layer_below(layer):
                        wrong.append(f"{tree.relative(path)} includes <{name}>, which belongs to {target}")
        self.assertEqual(wrong, [])

    def test_quoted_includes_start_at_src(self):
        wrong = []
        for path in tree.files(".cpp", ".hpp", under="src"):
            for kind, name in includes(path):
                if kind == '"' and not (tree.ROOT / "src" / name).is_file():
                    wrong.append(f'{tree.relative(path)} includes "{name}", which is not a file under src/')
        self.assertEqual(wrong, [])

    def test_only_net_knows_the_event_loop(self):
        wrong = []
        for path in tree.files(".cpp", ".hpp", under="src") + tree.files(".hpp", under="include"):
            if any(name.startswith("boost/asio") or name in ("sys/epoll.h", "poll.h") for _, name in includes(path)):
                if not tree.relative(path).startswith("src/net/"):
                    wrong.append(tree.relative(path))
        self.assertEqual(wrong, [], "waiting for sockets belongs to src/net")

    def test_public_headers_include_the_standard_library_and_each_other(self):
        wrong = []
        for path in tree.files(".hpp", under="include"):
            allowed = PUBLIC_MAY_INCLUDE.get(path.name, ())
            for kind, name in includes(path):
                if kind == '"':
                    wrong.append(f'{tree.relative(path)} includes "{name}" in quotes')
                elif name.startswith("mutual/"):
                    if not (tree.ROOT / "include" / name).is_file():
                        wrong.append(f"{tree.relative(path)} includes <{name}>, which is not there")
                elif ("/" in name or name.endswith((".h", ".hpp"))) and not name.startswith(tuple(allowed) or ("\0",)):
                    wrong.append(f"{tree.relative(path)} includes <{name}>")
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
