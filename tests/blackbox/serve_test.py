"""mutual serve as an operator uses it, and misuses it."""

import os
import re
import signal
import socket
import stat
import subprocess
import time
import unittest

from serving import MUTUAL, ServingTest, clean_environment


class Serve(ServingTest):
    def refused(self, *arguments, code=1):
        """The command ends with that code and one sentence; gives the sentence."""
        listen = () if "--listen" in arguments else ("--listen", "localhost:0")
        done = subprocess.run([MUTUAL, "serve", *listen, *arguments], cwd=self.folder, env=clean_environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        self.assertEqual(done.stdout, "")
        if done.stderr.startswith("mutual: "):
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)

    def curl(self, server, path="/", *more, code=0):
        return self.run_tool("curl", "-sS", "--cacert", self.at("pki", "trust.crt"), "--cert", self.at("pki", "issued", "alice.p12"),
                             "--cert-type", "p12", *more, f"https://localhost:{server.port}{path}", code=code)


class Misuse(Serve):
    def test_nothing_to_serve_with(self):
        self.assertIn("mutual init", self.refused(code=2))

    def test_files_that_are_missing_empty_or_something_else(self):
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        self.self_signed("client")
        self.assertIn("nowhere.crt", self.refused("--cert", "nowhere.crt", "--key", "server.key", "--trust", "client.crt"))
        self.assertIn("nowhere.key", self.refused("--cert", "server.crt", "--key", "nowhere.key", "--trust", "client.crt"))
        self.assertIn("nowhere.pem", self.refused("--cert", "server.crt", "--key", "server.key", "--trust", "nowhere.pem"))
        self.write("empty", "")
        for arguments in (("--cert", "empty", "--key", "server.key", "--trust", "client.crt"),
                          ("--cert", "server.crt", "--key", "empty", "--trust", "client.crt"),
                          ("--cert", "server.crt", "--key", "server.key", "--trust", "empty")):
            self.assertIn("empty", self.refused(*arguments))
        os.mkdir(self.at("folder"))
        for arguments in (("--cert", "folder", "--key", "server.key", "--trust", "client.crt"),
                          ("--cert", "server.crt", "--key", "folder", "--trust", "client.crt"),
                          ("--cert", "server.crt", "--key", "server.key", "--trust", "folder")):
            self.assertIn("cannot read folder: it is a folder: name a file in it", self.refused(*arguments))
        self.write("text", "this is no certificate\n")
        self.assertIn("text", self.refused("--cert", "text", "--key", "server.key", "--trust", "client.crt"))
        self.assertIn("server.key", self.refused("--cert", "server.crt", "--key", "server.key", "--trust", "server.key"))
        self.assertIn("client.crt", self.refused("--cert", "server.crt", "--key", "server.key", "--trust", "client.crt",
                                                 "--crl", "client.crt"))

    def test_a_key_that_does_not_match(self):
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        self.self_signed("client")
        said = self.refused("--cert", "server.crt", "--key", "client.key", "--trust", "client.crt")
        self.assertIn("server.crt", said)
        self.assertIn("client.key", said)

    def test_a_wrong_password(self):
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        self.run_tool("openssl", "pkcs12", "-export", "-in", "server.crt", "-inkey", "server.key", "-out", "server.p12", "-passout", "pass:right")
        self.write("wrong", "wrong\n")
        self.write("right", "right\n")
        said = self.refused("--cert", "server.p12", "--password-file", "wrong", "--client-auth", "none")
        self.assertIn("password", said)
        self.assertNotIn("wrong\n", said.replace("\n", "", 1))
        server = self.serve("--cert", "server.p12", "--password-file", "right", "--client-auth", "none")
        self.assertEqual(self.run_tool("curl", "-sSk", f"https://localhost:{server.port}/"), "Hello, World!\n")

    def test_asking_for_certificates_without_trusting_anybody(self):
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        for mode in ((), ("--client-auth", "required"), ("--client-auth", "optional")):
            said = self.refused("--cert", "server.crt", "--key", "server.key", *mode, code=2)
            self.assertIn("--trust", said)
            self.assertIn("--client-auth none", said)

    def test_a_certificate_that_is_not_for_servers_or_has_expired(self):
        self.make_pki()
        said = self.refused("--cert", "pki/issued/alice.crt", "--key", "pki/issued/alice.key", "--trust", "pki/trust.crt")
        self.assertIn("not meant for servers", said)

    def test_a_port_in_use_or_an_address_that_is_none(self):
        server = self.serve("--plain", listen="127.0.0.1:0")
        said = self.refused("--plain", "--listen", f"127.0.0.1:{server.port}")
        self.assertIn(f"127.0.0.1:{server.port}", said)
        self.assertIn("another program", said)
        self.assertIn("not an address", self.refused("--plain", "--listen", "somewhere", code=2))
        self.assertIn("192.0.2.1", self.refused("--plain", "--listen", "192.0.2.1:0"))

    def test_words_that_contradict_each_other(self):
        self.refused("--plain", "--pki", "pki", code=2)
        self.refused("--plain", "--cert", "server.crt", code=2)
        self.refused("--client-auth", "sometimes", code=2)
        self.refused("--tls", "1.1", code=2)
        self.refused("--threads", "0", code=2)
        self.refused("--no-such-option", code=2)

    def test_a_folder_that_is_not_there(self):
        self.assertIn("nowhere", self.refused("--plain", "nowhere"))

    def test_several_server_certificates_are_told_apart_by_name(self):
        self.make_pki()
        self.run_tool(MUTUAL, "issue", "server", "api.acme.example")
        said = self.refused(code=2)
        self.assertIn("api.acme.example, localhost", said)
        server = self.serve("--name", "localhost")
        self.assertEqual(self.curl(server), "Hello, alice!\n")


class Running(Serve):
    def test_ctrl_c_finishes_what_runs_and_ends_well(self):
        server = self.serve("--plain", listen="127.0.0.1:0")
        idle = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(idle.close)
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b"Hello", idle.recv(4096))
        self.assertEqual(server.stop(), 0)
        self.assertEqual(idle.recv(4096), b"")

    def test_a_second_signal_ends_it_at_once(self):
        server = self.serve("--plain", listen="127.0.0.1:0")
        busy = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(busy.close)
        busy.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        time.sleep(0.2)
        server.signal(signal.SIGTERM)
        server.wait_for("Stopping")
        self.assertIsNone(server.process.poll())
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(timeout=5), 128 + signal.SIGTERM)

    def test_plain_http_on_a_tls_port_is_told_so(self):
        self.make_pki()
        server = self.serve()
        said = self.run_tool("curl", "-sSi", f"http://localhost:{server.port}/")
        self.assertIn("400 Bad Request", said)
        self.assertIn("https://", said)
        server.wait_for("refused .*not_tls")

    def test_plain_http_beyond_loopback_is_called_unsafe(self):
        server = self.serve("--plain", listen="0.0.0.0:0")
        self.assertIn("UNSAFE", server.log())
        server = self.serve("--plain", listen="127.0.0.1:0")
        self.assertNotIn("UNSAFE", server.log())

    def test_the_banner_says_what_where_how_whom_and_until_when(self):
        self.make_pki()
        server = self.serve()
        for part in ("Serving:", "Mode:        mutual TLS", f"https://localhost:{server.port}/", "Certificate: localhost", "until ",
                     "Acme Root CA (CA)", "Revocation:  not checked", "curl --cacert pki/trust.crt --cert pki/issued/alice.p12"):
            self.assertIn(part, server.log())

    def test_a_client_that_is_trusted_beside_its_ca_is_called_more_than_one(self):
        self.make_pki()
        pair = ("--cert", "pki/issued/localhost.crt", "--key", "pki/issued/localhost.key")
        self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt", "-out", "alice-alone.crt")
        both = self.serve(*pair, "--trust", "alice-alone.crt", "--trust", "pki/intermediate.crt")
        self.assertIn("everybody whom that CA has certified is let in", both.log())
        self.assertNotIn("NOTE:", self.serve(*pair, "--trust", "pki/trust.crt").log())

    def test_a_file_of_a_client_and_its_ca_is_no_trust(self):
        self.make_pki()
        pair = ("--cert", "pki/issued/localhost.crt", "--key", "pki/issued/localhost.key")
        said = self.refused(*pair, "--trust", "pki/issued/alice.crt")
        self.assertIn("pki/issued/alice.crt cannot be trusted", said)
        self.assertIn("everybody whom 'Acme Intermediate CA' has certified", said)
        self.run_tool("openssl", "x509", "-in", "pki/issued/alice.crt", "-out", "alice-alone.crt")
        alone = self.serve(*pair, "--trust", "alice-alone.crt")
        self.assertEqual(self.curl(alone), "Hello, alice!\n")

    def test_optional_lets_in_strangers_and_nobody_with_a_bad_certificate(self):
        self.make_pki()
        server = self.serve("--client-auth", "optional")
        self.assertEqual(self.curl(server), "Hello, alice!\n")
        self.assertEqual(self.run_tool("curl", "-sS", "--cacert", "pki/trust.crt", f"https://localhost:{server.port}/"), "Hello, World!\n")
        self.self_signed("mallory")
        said = self.run_tool("curl", "-sS", "--cacert", "pki/trust.crt", "--cert", "mallory.crt", "--key", "mallory.key",
                             f"https://localhost:{server.port}/", code=None)
        self.assertIn("unknown ca", said)

    def test_files_that_change_are_taken_over_and_bad_ones_are_not(self):
        self.self_signed("server", "-addext", "subjectAltName=DNS:localhost")
        self.self_signed("alice")
        self.self_signed("bob")
        os.rename(self.at("alice.crt"), self.at("clients.crt"))
        server = self.serve("--cert", "server.crt", "--key", "server.key", "--trust", "clients.crt")

        def asks_as_bob():
            return self.run_tool("curl", "-sSk", "--cert", "bob.crt", "--key", "bob.key", f"https://localhost:{server.port}/", code=None)

        self.assertNotIn("Hello", asks_as_bob())
        self.write("new", "no certificate\n")
        os.rename(self.at("new"), self.at("clients.crt"))
        server.wait_for("cannot be taken over")
        self.assertNotIn("Hello", asks_as_bob())
        os.rename(self.at("bob.crt"), self.at("clients.crt"))
        server.wait_for("generation 2")
        self.run_tool("cp", "clients.crt", "bob.crt")
        self.assertEqual(asks_as_bob(), "Hello, bob!\n")

    def test_what_a_server_presents_can_be_shown_without_a_certificate_of_ones_own(self):
        self.make_pki()
        server = self.serve()
        said = self.run_tool(MUTUAL, "show", f"https://localhost:{server.port}/")
        for part in ("certificate 1 of 2", "CN=localhost", "Acme Intermediate CA"):
            self.assertIn(part, said)
        server.stop()
        said = self.run_tool(MUTUAL, "show", f"https://localhost:{server.port}/", code=1)
        self.assertEqual(said.count("\n"), 1, said)

    def test_hangup_reads_the_files_again(self):
        self.make_pki()
        server = self.serve()
        server.signal(signal.SIGHUP)
        server.wait_for("generation 2")
        self.assertEqual(self.curl(server), "Hello, alice!\n")


class UnreadOutput(ServingTest):
    def test_nobody_who_leaves_our_output_unread_holds_the_service_up(self):
        self.make_pki()
        process = subprocess.Popen([MUTUAL, "serve", "--listen", "localhost:0"], cwd=self.folder, env=clean_environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            said = b""
            while b"/\n" not in said or b"Address:" not in said:
                said += os.read(process.stderr.fileno(), 4096)
            port = int(re.search(rb"Address: +https://[^ ]*:(\d+)/", said).group(1))
            # Each is a line on standard error, and together they are far more than a pipe holds.
            for _ in range(1500):
                with socket.create_connection(("localhost", port), timeout=10) as stranger:
                    stranger.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    stranger.recv(4096)
            for _ in range(3):
                self.assertEqual(self.run_tool("curl", "-sS", "-m", "10", "--cacert", "pki/trust.crt", "--cert", "pki/issued/alice.p12",
                                               "--cert-type", "p12", f"https://localhost:{port}/"), "Hello, alice!\n")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=20), 0)
        finally:
            process.kill()
            process.communicate()


class Folder(Serve):
    def setUp(self):
        super().setUp()
        os.makedirs(self.at("www", "deep"))
        self.write("www/hello.txt", "hello\n")
        self.write("www/.hidden", "secret\n")
        self.write("www/<b>&.txt", "odd\n")
        self.write("www/deep/index.html", "<p>deep</p>")
        with open(self.at("www", "large.bin"), "wb") as file:
            file.write(os.urandom(3_000_000))
        self.write("outside.txt", "outside\n")
        os.symlink("../outside.txt", self.at("www", "out.txt"))
        os.symlink("hello.txt", self.at("www", "in.txt"))
        os.mkfifo(self.at("www", "pipe"))
        self.server = self.serve("--plain", "www", listen="127.0.0.1:0")

    def get(self, path, *more):
        return self.run_tool("curl", "-sSi", "--path-as-is", *more, f"http://127.0.0.1:{self.server.port}{path}")

    def test_files_come_whole_with_their_type(self):
        said = self.get("/hello.txt")
        self.assertIn("200 OK", said)
        self.assertIn("text/plain", said)
        self.assertTrue(said.endswith("hello\n"))
        self.run_tool("curl", "-sS", "-o", self.at("copy"), f"http://127.0.0.1:{self.server.port}/large.bin")
        self.run_tool("cmp", self.at("copy"), self.at("www", "large.bin"))
        self.assertIn("Content-Length: 3000000", self.get("/large.bin", "-I"))
        self.assertIn("hello", self.get("/in.txt"))
        self.assertIn("<p>deep</p>", self.get("/deep/"))
        self.assertIn("Location: /deep/", self.get("/deep"))

    def test_nothing_else_comes_out(self):
        for path in ("/.hidden", "/out.txt", "/../outside.txt", "/%2e%2e/outside.txt", "/deep/..%2f..%2foutside.txt", "/nowhere",
                     "/hello.txt/", "/pipe", "//hello.txt", "/%00", "/deep%2findex.html"):
            said = self.get(path)
            self.assertRegex(said.splitlines()[0], "40[034]", path)
            self.assertNotIn("outside\n", said)
            self.assertNotIn("secret", said)

    def test_a_list_names_what_is_there_safely(self):
        said = self.get("/")
        self.assertIn('<a href="./hello.txt">', said)
        self.assertIn("&lt;b&gt;&amp;.txt", said)
        self.assertNotIn("<b>", said)
        self.assertNotIn(".hidden", said)

    def test_other_methods_are_told_what_is_allowed(self):
        said = self.get("/hello.txt", "-X", "DELETE")
        self.assertIn("405", said.splitlines()[0])
        self.assertRegex(said, "Allow: .*GET")


if __name__ == "__main__":
    unittest.main()
