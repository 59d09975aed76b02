"""The servers that are compared: each on one core, mutual TLS required, the same fourteen bytes, no access log."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

from pki import Pki

GREETING = "Hello, client\n"
LARGE = "/files/large.bin"  # 1 MiB, out of a folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server, from start to stop. `command` gives its words, after writing its configuration into the folder."""

    name = ""
    program = ""

    threads = 1
    serves_files = True

    def __init__(self, folder: Path, pki: Pki, core):
        self.folder, self.pki, self.core = folder / self.name, pki, core
        self.folder.mkdir(parents=True, exist_ok=True)
        self.files = self.folder / "files"
        self.files.mkdir(exist_ok=True)
        if not (self.files / LARGE.rpartition("/")[2]).exists():
            (self.files / LARGE.rpartition("/")[2]).write_bytes(bytes(range(256)) * 4096)
        self.port = free_port()
        self.process = None

    @classmethod
    def available(cls) -> bool:
        return shutil.which(cls.program) is not None

    def version(self) -> str:
        raise NotImplementedError

    def command(self) -> list:
        raise NotImplementedError

    def environment(self) -> dict:
        return {}

    def start(self):
        words = ["taskset", "-c", str(self.core), *map(str, self.command())]
        log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        env={**os.environ, **self.environment()})
        log.close()
        self._wait_until_it_serves()

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _wait_until_it_serves(self):
        context = ssl.create_default_context(cafile=str(self.pki.root))
        context.load_cert_chain(self.pki.client, self.pki.client_key)
        last = None
        for _ in range(100):
            if self.process.poll() is not None:
                break
            try:
                self._check_answer(context)
                return
            except OSError as error:
                last = error
                time.sleep(0.1)
        log = (self.folder / "log").read_text(errors="replace")
        self.stop()
        raise SystemExit(f"{self.name} does not serve: {last}\n{log}")

    def _check_answer(self, context):
        with socket.create_connection(("127.0.0.1", self.port), 5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := secure.recv(4096):
                    answer += piece
        if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b"\r\n\r\n" + GREETING.encode()):
            raise SystemExit(f"{self.name} answers something else: {answer!r}")


def words_of(command) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout + done.stderr


class Mutual(Server):
    name = "mutual"
    program = "bench_serve"
    build = Path("build/bench/bin")

    @classmethod
    def available(cls):
        return True

    def version(self):
        return "mutual"

    def command(self):
        return [self.build / "bench_serve", f"127.0.0.1:{self.port}", self.pki.server, self.pki.server_key,
                self.pki.root, self.threads, self.files]


class Nginx(Server):
    name = "nginx"
    program = "nginx"

    def version(self):
        return "nginx " + re.search(r"nginx/(\S+)", words_of(["nginx", "-v"])).group(1)

    def command(self):
        temporary = "".join(f"  {kind}_temp_path {self.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
daemon off;
worker_processes 1;
pid {self.folder}/pid;
error_log stderr warn;
worker_rlimit_nofile 20000;
events {{ worker_connections 10000; }}
http {{
  access_log off;
{temporary}
  keepalive_requests 1000000000;
  keepalive_time 1d;
  server {{
    listen 127.0.0.1:{self.port} ssl http2;
    server_name localhost;
    ssl_certificate {self.pki.server};
    ssl_certificate_key {self.pki.server_key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_client_certificate {self.pki.root};
    ssl_verify_client on;
    ssl_verify_depth 2;
    location /files/ {{ root {self.folder}; }}
    location / {{ default_type text/plain; return 200 "{GREETING[:-1]}\\n"; }}
  }}
}}
""")
        return ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"]


class Caddy(Server):
    name = "caddy"
    program = "caddy"

    def version(self):
        return "Caddy " + words_of(["caddy", "version"]).split()[0].lstrip("v")

    def environment(self):
        return {"GOMAXPROCS": "1", "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder),
                "XDG_CONFIG_HOME": str(self.folder)}

    def command(self):
        (self.folder / "Caddyfile").write_text(f"""
{{
  admin off
  auto_https off
}}
https://localhost:{self.port} {{
  bind 127.0.0.1
  tls {self.pki.server} {self.pki.server_key} {{
    client_auth {{
      mode require_and_verify
      trusted_ca_cert_file {self.pki.root}
    }}
  }}
  handle /files/* {{
    root * {self.folder}
    file_server
  }}
  handle {{
    header Content-Type text/plain
    respond "{GREETING[:-1]}
"
  }}
}}
""")
        return ["caddy", "run", "--adapter", "caddyfile", "--config", self.folder / "Caddyfile"]


class Haproxy(Server):
    name = "haproxy"
    program = "haproxy"
    serves_files = False

    def version(self):
        return "HAProxy " + re.search(r"version (\S+?)[-+ ]", words_of(["haproxy", "-v"])).group(1)

    def command(self):
        both = self.folder / "server.pem"
        both.touch(mode=0o600)
        both.write_text(self.pki.server.read_text() + self.pki.server_key.read_text())
        (self.folder / "haproxy.cfg").write_text(f"""
global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend bench
  bind 127.0.0.1:{self.port} ssl crt {both} ca-file {self.pki.root} verify required alpn h2,http/1.1
  http-request return status 200 content-type text/plain string "{GREETING[:-1]}\\n"
""")
        return ["haproxy", "-db", "-f", self.folder / "haproxy.cfg"]


ALL = [Mutual, Nginx, Caddy, Haproxy]
