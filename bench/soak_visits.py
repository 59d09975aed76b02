"""The visits of a soak: clients that come, ask in every way there is, and go, well or badly. Each function is one visit."""

import base64
import gzip
import os
import re
import socket
import ssl
import struct
import subprocess
import time

PATIENCE = 60  # seconds; a sanitizer's program on a busy machine is slow



class Lost(Exception):
    """A request that should have been answered, and was not."""


class Client:
    """Somebody with a certificate, or with none."""

    def __init__(self, pki, name, version=None, trust=None):
        self.context = ssl.create_default_context(cafile=trust or os.path.join(pki, "trust.crt"))
        if name:
            self.context.load_cert_chain(os.path.join(pki, "issued", name + ".crt"), os.path.join(pki, "issued", name + ".key"))
        if version:
            self.context.minimum_version = self.context.maximum_version = version

    def connect(self, port, session=None):
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        try:
            return self.context.wrap_socket(plain, server_hostname="localhost", session=session)
        except BaseException:
            plain.close()
            raise


def ask(tls, path, *fields):
    """One GET; the body, decompressed if it came so."""
    tls.sendall("\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *fields, "\r\n"]).encode())
    got = b""
    while b"\r\n\r\n" not in got:
        piece = tls.recv(65536)
        if not piece:
            raise Lost(f"the connection ended within the answer to {path}: {got[:200]!r}")
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise Lost(f"{path}: {head[:200]!r}")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while len(body) < int(length.group(1)) if length else not body.endswith(b"0\r\n\r\n"):
        piece = tls.recv(1 << 18)
        if not piece:
            raise Lost(f"the answer to {path} broke off after {len(body)} bytes")
        body += piece
    if not length:
        body = b"".join(whole_chunks(body))
    return gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body


def whole_chunks(body):
    while body:
        size, _, body = body.partition(b"\r\n")
        count = int(size, 16)
        yield body[:count]
        body = body[count + 2:]


class Visits:
    """What every visit needs: where the servers are, who comes, and what is in the files."""

    def __init__(self, pki, port, live_port, files, h2load_environment):
        self.pki, self.port, self.live_port, self.files = pki, port, live_port, files
        self.h2load_environment = h2load_environment
        self.stayed = 0  # connections of all that stayed for a while
        self.left_sessions = 0  # of WebSockets, for sure
        self.alice = [Client(pki, "alice", version) for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2)]
        self.mallory = Client(os.path.join(os.path.dirname(pki), "other"), "mallory", trust=os.path.join(pki, "trust.crt"))
        self.nobody = Client(pki, None)

    def expect(self, tls, name, *fields):
        if ask(tls, "/" + name, *fields) != self.files[name]:
            raise Lost(f"{name} came otherwise than it is")

    @staticmethod
    def say_goodbye(tls):
        """Whether that ended well. If not, it may have been by an alert, and then the server forgets the session."""
        try:
            tls.unwrap().close()
        except ssl.SSLError:  # something was on its way here yet
            return False
        return True

    def full(self, turn):
        with self.alice[turn % 2].connect(self.port) as tls:
            self.expect(tls, ("small.txt", "page.html")[turn // 2 % 2], "Accept-Encoding: gzip")
            if turn // 4 % 2:  # the others just go, and leave their session behind all the same
                self.say_goodbye(tls)

    def large(self, turn):
        with self.alice[turn % 2].connect(self.port) as tls:
            self.expect(tls, "large.bin")
            self.say_goodbye(tls)

    def resumed(self, turn):
        session = None
        for _ in range(4):
            with self.alice[turn % 2].connect(self.port, session) as tls:
                self.expect(tls, "small.txt")
                session = tls.session
                self.say_goodbye(tls)

    def http2(self, turn):
        """Bursts of h2load, over HTTP/2 and HTTP/1.1."""
        count, connections = 400, 40
        words = ["h2load", "-n", str(count), "-c", str(connections), "-m", "10", *(["--h1"] if turn % 4 == 3 else []),
                 f"https://127.0.0.1:{self.port}/page.html"]
        done = subprocess.run(words, capture_output=True, text=True, env=self.h2load_environment, timeout=4 * PATIENCE, check=False)
        if f" {count} succeeded, 0 failed, 0 errored" not in done.stdout:
            raise Lost("h2load: " + "".join(re.findall("(?m)^(?:requests|status codes):.*$", done.stdout)) + done.stderr[:200])

    def websocket(self, turn):
        with self.alice[0].connect(self.live_port) as tls:
            key = base64.b64encode(os.urandom(16)).decode()
            tls.sendall(("GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
            got = b""
            text = b"turn %d of %s" % (turn, key.encode())
            said = False
            while b"alice: " + text not in got:
                piece = tls.recv(65536)
                if not piece:
                    raise Lost(f"the WebSocket ended: {got[:200]!r}")
                got += piece
                if not said and b"\r\n\r\n" in got:
                    if not got.startswith(b"HTTP/1.1 101 "):
                        raise Lost(f"no WebSocket: {got[:200]!r}")
                    said = True
                    tls.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)  # the mask is zeros
            if turn % 2:
                tls.sendall(b"\x88\x82\0\0\0\0\x03\xe8")
                tls.recv(4096)
                self.left_sessions += self.say_goodbye(tls)
            else:
                self.left_sessions += 1

    def aborted(self, turn):
        """Gone, with a reset: in the handshake, in a request, in an answer."""
        if turn % 3 == 0:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as plain:
                plain.sendall(bytes.fromhex("1603010200010001fc0303"))
                self.vanish(plain)
            return
        with self.alice[turn % 2].connect(self.port) as tls:
            tls.sendall(b"GET /large.bin HTTP/1.1\r\nHost: loc" + (b"alhost\r\n\r\n" if turn % 3 == 1 else b""))
            if turn % 3 == 1:
                tls.recv(10_000)
            self.vanish(tls)

    @staticmethod
    def vanish(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_closed(self, turn):
        """Says that nothing more comes, in the middle of TLS, and reads what there is to read."""
        with self.alice[turn % 2].connect(self.port) as tls:
            tls.sendall(b"GET /page.html HTTP/1.1\r\nHost: localhost\r\n\r\n"[:None if turn % 4 < 2 else 30])
            socket.socket.shutdown(tls, socket.SHUT_WR)
            try:
                while tls.recv(65536):
                    pass
            except OSError:
                pass

    def refused(self, turn):
        """No certificate, and one of an authority that is not trusted."""
        self.expect_refused((self.nobody, self.mallory)[turn % 2])

    def expect_refused(self, client):
        try:
            with client.connect(self.port) as tls:
                ask(tls, "/small.txt")
        except (OSError, Lost):
            return
        raise Lost("somebody was served who must not be")

    def kept(self, turn, stayed=75):
        """Many that stay, are asked again one after another, and go; each new one is there beside the others. None is left
        alone for as long as a server lets a connection be idle."""
        there, began = [], time.monotonic()
        try:
            while len(there) < stayed and time.monotonic() < began + 15:
                there.append(self.alice[0].connect(self.port))
                self.expect(there[-1], "small.txt")
                self.stayed += 1
            for one in there:
                self.expect(one, "small.txt")
        finally:
            for one in there:
                one.close()

    def revoked(self, name, run):
        """Somebody is let in, revoked, cut off, and not let in again. `run` runs the mutual command."""
        run("issue", "client", name, "--pki", self.pki)
        somebody = Client(self.pki, name)
        with somebody.connect(self.port) as tls:
            self.expect(tls, "small.txt")
            run("revoke", name, "--pki", self.pki)
            tls.settimeout(PATIENCE)
            try:
                if tls.recv(1):
                    raise Lost("bytes out of nowhere")
            except socket.timeout as late:
                raise Lost(f"{name} was revoked, and its open connection was not closed") from late
            except OSError:
                pass
        time.sleep(0.1)
        self.expect_refused(somebody)
