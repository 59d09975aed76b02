"""Files of `mutual serve DIR`, as curl asks for them: ranges, conditions, and files that are large or change."""

import os
import re
import socket
import subprocess
import time
import unittest

from serving import ServingTest

# Under the address sanitizer, what is freed is kept back for a while: memory would not look flat.
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1")


class Files(ServingTest):
    def setUp(self):
        super().setUp()
        os.makedirs(self.at("www"))
        self.content = os.urandom(1_000_000)
        self.write("large.bin", self.content)
        self.write("small.txt", b"0123456789")
        self.server = self.serve("--plain", "www", listen="127.0.0.1:0")
        self.url = f"http://127.0.0.1:{self.server.port}"

    def write(self, name, content, mode="wb"):
        with open(self.at("www", name), mode) as file:
            file.write(content)

    def get(self, path, *more):
        """Status, header in lower case, and body."""
        done = subprocess.run(["curl", "-sS", "-D", self.at("head"), *more, self.url + path], capture_output=True, timeout=60, check=True)
        with open(self.at("head"), encoding="latin-1") as file:
            head = file.read().replace("\r", "")
        fields = dict(line.split(": ", 1) for line in head.strip().lower().splitlines()[1:])
        return int(head.split()[1]), fields, done.stdout

    def wait_until_old(self):
        """A file that has just changed has a weak tag, with which no range is continued."""
        time.sleep(3.1)

    def test_ranges_are_parts_of_the_file(self):
        status, fields, body = self.get("/large.bin", "-r", "1000-1999")
        self.assertEqual((status, body), (206, self.content[1000:2000]))
        self.assertEqual(fields["content-range"], "bytes 1000-1999/1000000")
        self.assertEqual(fields["content-length"], "1000")
        self.assertEqual(self.get("/large.bin", "-r", "-5")[2], self.content[-5:])
        status, fields, body = self.get("/small.txt", "-r", "10-")
        self.assertEqual((status, fields["content-range"]), (416, "bytes */10"))
        status, fields, body = self.get("/large.bin", "-r", "0-99,500000-999999")
        self.assertEqual((status, int(fields["content-length"])), (206, len(body)))
        boundary = re.fullmatch("multipart/byteranges; boundary=([0-9a-f]+)", fields["content-type"]).group(1).encode()
        parts = body.split(b"--" + boundary)
        self.assertEqual((parts[0], parts[3]), (b"", b"--\r\n"))
        for part, first, last in ((parts[1], 0, 99), (parts[2], 500000, 999999)):
            head, _, content = part.partition(b"\r\n\r\n")
            self.assertIn(b"Content-Range: bytes %d-%d/1000000" % (first, last), head)
            self.assertEqual(content, self.content[first:last + 1] + b"\r\n")

    def test_a_broken_off_download_is_continued(self):
        self.wait_until_old()
        self.write("../half", self.content[:400_000])
        self.run_tool("curl", "-sS", "-C", "-", "-o", "half", self.url + "/large.bin")
        self.run_tool("cmp", "half", "www/large.bin")
        tag = self.get("/large.bin")[1]["etag"]
        self.assertRegex(tag, '^"')
        self.assertEqual(self.get("/large.bin", "-r", "5-", "-H", f"If-Range: {tag}")[0], 206)
        self.assertEqual(self.get("/large.bin", "-r", "5-", "-H", 'If-Range: "x"')[2], self.content)

    def test_compression_is_asked_for_at_the_start(self):
        text = b"a page of many equal lines\n" * 4000
        self.write("page.html", text)
        self.assertNotIn("content-encoding", self.get("/page.html", "--compressed")[1])
        self.server = self.serve("--plain", "--compress", "www", listen="127.0.0.1:0")
        self.url = f"http://127.0.0.1:{self.server.port}"
        status, fields, body = self.get("/page.html", "-H", "Accept-Encoding: gzip")
        self.assertEqual((status, fields["content-encoding"]), (200, "gzip"))
        self.assertLess(len(body), len(text) // 10)
        self.assertEqual(self.get("/page.html", "--compressed")[2], text)
        self.assertEqual(self.get("/page.html")[2], text)
        self.assertNotIn("content-encoding", self.get("/large.bin", "--compressed")[1])

    def test_what_stands_compressed_beside_a_file_is_sent_in_its_place(self):
        text = b"a page of many equal lines\n" * 4000
        self.write("page.html", text)
        for tool in (["gzip", "-k", "-9"], ["brotli", "-k", "-q", "5"], ["zstd", "-kq", "-19"]):
            self.run_tool(*tool, "www/page.html")
        self.assertNotIn("content-encoding", self.get("/page.html", "--compressed")[1])
        self.wait_until_old()
        self.server = self.serve("--plain", "--precompressed", "www", listen="127.0.0.1:0")
        self.url = f"http://127.0.0.1:{self.server.port}"
        for coding, ending in (("gzip", "gz"), ("br", "br"), ("zstd", "zst")):
            status, fields, body = self.get("/page.html", "-H", f"Accept-Encoding: {coding}")
            self.assertEqual((status, fields["content-encoding"], fields["vary"]), (200, coding, "accept-encoding"))
            self.assertEqual(fields["content-type"], "text/html; charset=utf-8")
            with open(self.at("www", "page.html." + ending), "rb") as file:
                self.assertEqual(body, file.read())
            part = self.get("/page.html", "-H", f"Accept-Encoding: {coding}", "-H", f"If-Range: {fields['etag']}", "-r", "5-14")
            self.assertEqual((part[0], part[2]), (206, body[5:15]))
        self.assertEqual(self.get("/page.html", "--compressed")[2], text)
        self.assertEqual(self.get("/page.html")[2], text)
        self.write("page.html", text + b"more\n")
        self.assertEqual(self.get("/page.html", "--compressed")[2], text + b"more\n", "what is older than the file is not it")

    def test_what_a_client_has_is_not_sent_again(self):
        self.run_tool("curl", "-sS", "-o", "copy", "--etag-save", "tag", self.url + "/small.txt")
        status, fields, body = self.get("/small.txt", "--etag-compare", self.at("tag"))
        self.assertEqual((status, body), (304, b""))
        self.assertEqual(self.get("/small.txt", "-z", fields["last-modified"])[0], 304)
        self.write("small.txt", b"9876543210")
        self.assertEqual(self.get("/small.txt", "--etag-compare", self.at("tag"))[2], b"9876543210")
        self.assertEqual(self.get("/small.txt", "-H", 'If-Match: "other"')[0], 412)

    def test_head_says_what_get_would(self):
        status, fields, body = self.get("/large.bin", "-I")
        self.assertEqual((status, fields["content-length"], fields["accept-ranges"]), (200, "1000000", "bytes"))
        self.assertEqual(fields["etag"], self.get("/large.bin")[1]["etag"])

    def read_slowly(self, name):
        """A client that has asked for a file, read its first bytes, and waits."""
        client = socket.socket()
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", self.server.port))
        client.sendall(f"GET /{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertIn(b"200 OK", client.recv(1000))
        time.sleep(0.3)
        return client

    def test_a_file_that_changes_while_it_is_sent_never_looks_whole(self):
        for change in (lambda: self.write("changing.bin", b"more", "ab"), lambda: os.truncate(self.at("www", "changing.bin"), 20_000_000),
                       lambda: self.write("changing.bin", b"over", "r+b")):
            os.system(f"head -c 30000000 /dev/zero > {self.at('www', 'changing.bin')}")
            client = self.read_slowly("changing.bin")
            change()
            got = 0
            try:
                while piece := client.recv(1 << 20):
                    got += len(piece)
            except ConnectionResetError:
                pass
            self.assertLess(got, 30_000_000 - 1000)

    def test_a_file_that_another_takes_the_place_of_is_sent_as_it_was(self):
        os.system(f"head -c 30000000 /dev/zero > {self.at('www', 'replaced.bin')}")
        client = self.read_slowly("replaced.bin")
        self.write("new", b"new")
        os.rename(self.at("www", "new"), self.at("www", "replaced.bin"))
        got = 0
        client.settimeout(10)
        while got < 30_000_000 - 1000:
            got += len(client.recv(1 << 20))
        self.assertEqual(self.get("/replaced.bin")[2], b"new")

    def memory(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    def test_slow_readers_side_by_side_get_every_byte_in_its_place(self):
        whole = b"".join(number.to_bytes(4, "big") for number in range(1_500_000))
        self.write("counted.bin", whole)
        came = {}
        for _ in range(3):
            reader = socket.socket()
            self.addCleanup(reader.close)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", self.server.port))
            reader.settimeout(10)
            reader.sendall(b"GET /counted.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            came[reader] = b""
        left = set(came)
        while left:
            for reader in list(left):
                piece = reader.recv(50_001)
                came[reader] += piece
                if not piece:
                    left.remove(reader)
        for got in came.values():
            self.assertTrue(got.split(b"\r\n\r\n", 1)[1] == whole)

    def test_memory_is_flat_for_a_large_file_and_slow_readers(self):
        with open(self.at("www", "huge.bin"), "wb") as file:
            file.truncate(10 << 30)
        self.read_slowly("huge.bin")
        before = self.memory()
        readers = [self.read_slowly("huge.bin") for _ in range(10)]
        for reader in readers:
            for _ in range(50):
                reader.recv(1 << 20)
        self.assertLess(self.memory() - before, 4096)
        status, fields, body = self.get("/huge.bin", "-r", f"{(10 << 30) - 3}-")
        self.assertEqual((status, body), (206, b"\0\0\0"))


if __name__ == "__main__":
    unittest.main()
