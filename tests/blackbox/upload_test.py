"""Compression and forms, as curl speaks them to examples/upload.cpp."""

import gzip
import os
import subprocess
import unittest

from serving import MUTUAL, Server, ServingTest

UPLOAD = os.path.join(os.path.dirname(MUTUAL), "upload")
TOOLS = {"gzip": ["gzip", "-dc"], "br": ["brotli", "-dc"], "zstd": ["zstd", "-dcq"]}


class Upload(ServingTest):
    def setUp(self):
        super().setUp()
        self.text = b"".join(b"line %d of a text\n" % (i * i % 977) for i in range(20_000))

    def start(self):
        server = Server(self.folder, "127.0.0.1:0", listen=None, program=UPLOAD, command=())
        self.addCleanup(server.stop)
        return f"http://127.0.0.1:{server.port}"

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
