"""Compression and forms, as curl speaks them to examples/upload.cpp."""

import gzip
import os
import re
import subprocess
import unittest

from serving import MUTUAL, Server, ServingTest

# Under the address sanitizer, what is freed is kept back for a while: memory would not look flat.
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=1")

UPLOAD = os.path.join(os.path.dirname(MUTUAL), "upload")
TOOLS = {"gzip": ["gzip", "-dc"], "br": ["brotli", "-dc"], "zstd": ["zstd", "-dcq"]}


class Upload(ServingTest):
    def setUp(self):
        super().setUp()
        self.text = b"".join(b"line %d of a text\n" % (i * i % 977) for i in range(20_000))

    def start_server(self):
        server = Server(self.folder, "127.0.0.1:0", listen=None, program=UPLOAD, command=())
        self.addCleanup(server.stop)
        return server

    def start(self):
        return f"http://127.0.0.1:{self.start_server().port}"

    def get(self, url, *more):
        """Status, header in lower case, and body."""
        done = subprocess.run(["curl", "-sS", "-D", self.at("head"), *more, url], capture_output=True, timeout=60, check=True)
        with open(self.at("head"), encoding="latin-1") as file:
            lines = file.read().replace("\r", "").strip().lower().splitlines()
        return int(lines[0].split()[1]), dict(line.split(": ", 1) for line in lines[1:] if ": " in line), done.stdout

    def test_answers_are_in_the_coding_that_the_client_likes_best(self):
        url = self.start() + "/"
        page = self.get(url)[2]
        for name, tool in TOOLS.items():
            status, fields, body = self.get(url, "-H", f"Accept-Encoding: {name}, identity;q=0.5")
            self.assertEqual((status, fields["content-encoding"], fields["vary"]), (200, name, "accept-encoding"))
            self.assertLess(len(body), len(page) / 3)
            plain = subprocess.run(tool, input=body, capture_output=True, timeout=60, check=True).stdout
            self.assertEqual(plain, page)
        self.assertEqual(self.get(url, "--compressed")[2], page)
        self.assertEqual(self.get(url, "-H", "Accept-Encoding: identity;q=0")[0], 406)

    def test_compressed_bodies_are_taken_where_they_are_decompressed(self):
        url = self.start()
        for name, make in (("small.gz", self.text), ("bomb.gz", bytes(10_000_001))):
            with open(self.at(name), "wb") as file:
                file.write(gzip.compress(make))
        said = self.get(url + "/import", "-H", "Content-Encoding: gzip", "-H", "Expect:", "--data-binary", f"@{self.at('small.gz')}")
        self.assertEqual((said[0], said[2]), (200, b"%d bytes\n" % len(self.text)))
        self.assertEqual(self.get(url + "/import", "-H", "Content-Encoding: gzip", "--data-binary", f"@{self.at('bomb.gz')}")[0], 413)
        self.assertEqual(self.get(url + "/import", "-H", "Content-Encoding: gzip", "-d", "text")[0], 400)
        status, fields, _ = self.get(url + "/notes", "-H", "Content-Encoding: gzip", "-d", "text")
        self.assertEqual((status, fields["accept-encoding"]), (415, "identity"))

    def post(self, url, name, coding, *more):
        return self.get(url, "-H", f"Content-Encoding: {coding}", "-H", "Expect:", "-T", self.at(name), "-X", "POST", *more)

    def test_a_compressed_body_is_read_piece_by_piece(self):
        server = self.start_server()
        url = f"http://127.0.0.1:{server.port}/load"
        text = b"".join(b"line %d %s\n" % (i, os.urandom(8).hex().encode()) for i in range(100_000))
        with open(self.at("text"), "wb") as file:
            file.write(text)
        said = b"%d lines\n" % text.count(b"\n")
        for coding, tool in (("gzip", ["gzip", "-k"]), ("br", ["brotli", "-k", "-q", "4"]), ("zstd", ["zstd", "-kq"])):
            self.run_tool(*tool, "text")
            name = "text" + {"gzip": ".gz", "br": ".br", "zstd": ".zst"}[coding]
            status, _, body = self.post(url, name, coding)
            self.assertEqual((status, body), (200, said), coding)
            # Of a size that nobody knows beforehand.
            self.assertEqual(self.post(url, name, coding, "-H", "Transfer-Encoding: chunked")[2], said)
            with open(self.at(name), "rb") as file:
                whole = file.read()
            for broken in (whole[:-1], whole[:len(whole) // 2], whole + b"x"):
                with open(self.at("broken"), "wb") as file:
                    file.write(broken)
                self.assertEqual(self.post(url, "broken", coding)[0], 400, coding)
        self.assertEqual(self.post(url, "text", "gzip")[0], 400)
        status, fields, _ = self.post(url, "text.gz", "deflate")
        self.assertEqual((status, fields["accept-encoding"]), (415, "gzip, br, zstd"))

    def test_a_bomb_goes_off_nowhere(self):
        """Two GB of zeros, within the limit in size: refused for how they grow, in memory that stays flat."""
        server = self.start_server()
        url = f"http://127.0.0.1:{server.port}/load"
        with open(self.at("bomb.zst"), "wb") as file:
            zeros = subprocess.Popen(["head", "-c", "2000000000", "/dev/zero"], stdout=subprocess.PIPE)
            subprocess.run(["zstd", "-cq", "-1", "--no-check"], stdin=zeros.stdout, stdout=file, check=True, timeout=300)
            zeros.stdout.close()
            zeros.wait()
        self.assertLess(os.path.getsize(self.at("bomb.zst")), 2_000_000)
        before = self.memory(server)
        status, _, body = self.post(url, "bomb.zst", "zstd")
        self.assertEqual(status, 413)
        self.assertIn(b"200 times", body)
        self.assertLess(self.memory(server) - before, 32 * 1024)

    def test_memory_is_flat_for_a_large_body(self):
        """130 MB that hardly compress, and are decompressed as they come."""
        server = self.start_server()
        url = f"http://127.0.0.1:{server.port}/load"
        piece = os.urandom(3_000_000) + self.text
        with open(self.at("large.gz"), "wb") as file:
            file.write(gzip.compress(piece, 1) * 40)
        before = self.memory(server)
        status, _, body = self.post(url, "large.gz", "gzip")
        self.assertEqual((status, body), (200, b"%d lines\n" % (piece.count(b"\n") * 40)))
        self.assertLess(self.memory(server) - before, 16 * 1024)

    def memory(self, server):
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    def test_forms_are_read_as_curl_sends_them(self):
        url = self.start()
        self.assertEqual(self.get(url + "/notes", "--data-urlencode", "title=Café & more", "-d", "stars=3")[2], "Café & more, 3 stars\n".encode())
        with open(self.at("photo.png"), "wb") as file:
            file.write(os.urandom(100_000))
        said = self.get(url + "/notes", "-F", "title=Dune", "-F", "stars=5", "-F", f"photo=@{self.at('photo.png')};type=image/png;filename=../../x")
        self.assertEqual((said[0], said[2]), (200, b"Dune, 5 stars, a photo of 100000 bytes\n"))
        said = self.get(url + "/sizes", "-F", "a=1", "-F", f"photo=@{self.at('photo.png')}", "-F", "b=")
        self.assertEqual(said[2], b"a: 1\nphoto: 100000\nb: 0\n")
        self.assertEqual(self.get(url + "/notes", "-F", "title=Dune")[0], 400)
        self.assertEqual(self.get(url + "/notes", "-d", "title=a&stars=1", "-H", "Sec-Fetch-Site: cross-site")[0], 403)
        self.assertEqual(self.get(url + "/notes", "-d", "{}", "-H", "Content-Type: application/json")[0], 415)


if __name__ == "__main__":
    unittest.main()
