"""`mutual get` with the tutorial's own server certificate pinned; and what is said of a redirect."""

import http.server
import os
import subprocess
import threading
import unittest

from serving import MUTUAL, ServingTest, clean_environment


class Get(ServingTest):
    def get(self, *words):
        done = subprocess.run([MUTUAL, "get", *words], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def test_a_pinned_certificate_without_any_names_is_the_server(self):
        self.self_signed("localhost")
        self.self_signed("other")
        server = self.serve("--cert", "localhost.crt", "--key", "localhost.key", "--client-auth", "none")
        url = f"https://localhost:{server.port}/"
        for version in ("1.2", "1.3"):
            self.assertEqual(self.get(url, "--tls", version, "--trust", "localhost.crt"), (0, "Hello, World!\n", ""))
            code, body, said = self.get(url, "--tls", version, "--trust", "other.crt")
            self.assertEqual((code, body), (1, ""))
            self.assertIn("reason", said)

    def test_a_pinned_certificate_that_names_hosts_is_for_these_only(self):
        self.self_signed("server", "-addext", "subjectAltName=DNS:elsewhere.example")
        server = self.serve("--cert", "server.crt", "--key", "server.key", "--client-auth", "none")
        code, body, said = self.get(f"https://localhost:{server.port}/", "--trust", "server.crt")
        self.assertEqual((code, body), (1, ""))
        self.assertIn("wrong_purpose", said)
        self.assertIn("elsewhere.example", said)

    def test_a_redirect_is_told_and_not_followed(self):
        class Redirect(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(301)
                self.send_header("Location", "https://elsewhere.example/end")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Redirect)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.handle_request, daemon=True).start()
        code, body, said = self.get(f"http://127.0.0.1:{server.server_port}/")
        self.assertEqual((code, body), (0, ""))
        self.assertRegex(said, r"^mutual: the server answered 301, to https://elsewhere\.example/.*; not followed\n$")

    def test_a_port_in_use_is_told_with_the_option_that_chooses_another(self):
        server = self.serve("--plain", listen="127.0.0.1:0")
        listen = f"127.0.0.1:{server.port}"
        self.assertIn("--listen", self.run_tool(MUTUAL, "serve", "--plain", "--listen", listen, code=1))
        tutorial = os.path.join(os.environ["MUTUAL_BIN"], "tutorial")
        said = self.run_tool(tutorial, code=1, env=clean_environment(TUTORIAL_LISTEN=listen))
        self.assertIn("choose another port", said)
        self.assertNotIn("--listen", said)


if __name__ == "__main__":
    unittest.main()
