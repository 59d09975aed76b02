"""h2load, nghttp2's load generator, against `mutual serve`: every request of many at once succeeds. It has no option for a
client certificate; bench/client_certificate.c gives it one."""

import os
import re
import unittest

from serving import ServingTest, clean_environment

PRELOAD = os.path.join(os.environ["MUTUAL_SOURCE"], "bench", "client_certificate.c")


class H2load(ServingTest):
    def setUp(self):
        super().setUp()
        self.make_pki()
        self.run_tool("cc", "-shared", "-fPIC", "-o", "client_certificate.so", PRELOAD, "-ldl", "-lssl")

    def start(self, *arguments):
        self.server = self.serve(*arguments, listen="127.0.0.1:0")
        self.url = f"https://127.0.0.1:{self.server.port}/"

    def h2load(self, *more, certified=True, path="", **environment):
        if certified:
            environment.update(LD_PRELOAD=self.at("client_certificate.so"), CLIENT_CERT=self.at("pki", "issued", "alice.crt"),
                               CLIENT_KEY=self.at("pki", "issued", "alice.key"))
        return self.run_tool("h2load", *more, self.url + path, timeout=120, env=clean_environment(**environment))

    def expect_all(self, said, count, protocol="h2"):
        self.assertIn(f"Application protocol: {protocol}", said)
        self.assertIn(f"{count} total, {count} started, {count} done, {count} succeeded, 0 failed, 0 errored, 0 timeout", said)
        self.assertIn(f"status codes: {count} 2xx, 0 3xx, 0 4xx, 0 5xx", said)

    def expect_logged(self, count, version):
        """Each request is in the log with who it was."""
        line = rf' alice [0-9a-f]{{16}} "GET /\S* HTTP/{re.escape(version)}" 200 '
        self.server.wait_for("(?s)" + f"(?:{line}.*?)" + "{%d}" % count)
        self.assertEqual(len(re.findall(line, self.server.log())), count)

    def test_every_request_of_many_streams_and_connections_succeeds(self):
        self.start()
        said = self.h2load("-n", "3000", "-c", "20", "-m", "50")
        self.assertIn("TLS Protocol: TLSv1.3", said)
        self.expect_all(said, 3000)
        self.expect_logged(3000, "2.0")

    def test_over_tls_1_2(self):
        self.start("--tls", "1.2")
        said = self.h2load("-n", "500", "-c", "5", "-m", "20")
        self.assertIn("TLS Protocol: TLSv1.2", said)
        self.expect_all(said, 500)

    def test_over_http_1_1_with_requests_that_do_not_wait_for_answers(self):
        self.start()
        self.expect_all(self.h2load("--h1", "-n", "1000", "-c", "10", "-m", "16"), 1000, "http/1.1")
        self.expect_logged(1000, "1.1")

    def test_more_streams_than_are_allowed_at_once_wait_and_succeed(self):
        self.start()
        self.expect_all(self.h2load("-n", "2000", "-c", "2", "-m", "400"), 2000)

    def test_large_bodies_within_small_windows_arrive_whole(self):
        os.mkdir(self.at("site"))
        with open(self.at("site", "large"), "wb") as file:
            file.write(os.urandom(1_000_000))
        self.start("site")
        said = self.h2load("-n", "40", "-c", "4", "-m", "5", "-w", "14", "-W", "16", path="large")
        self.expect_all(said, 40)
        self.assertEqual(int(re.search(r"\((\d+)\) data$", said, re.MULTILINE).group(1)), 40_000_000)

    def test_without_a_certificate_no_request_succeeds(self):
        self.start()
        said = self.h2load("-n", "20", "-c", "4", "-m", "5", certified=False)
        self.assertRegex(said, r"20 total, .* 0 succeeded, 20 failed")
        self.server.wait_for("refused .*no_certificate")
        self.expect_all(self.h2load("-n", "20", "-c", "4", "-m", "5"), 20)


if __name__ == "__main__":
    unittest.main()
