"""A root, an intermediate, a server and clients, made by the openssl command: nothing of ours is in it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

CA = "basicConstraints=critical,CA:TRUE{path}\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
LEAF = ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage={use}\n"
        "subjectAltName={names}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")


@dataclass
class Pki:
    root: Path
    server: Path  # the leaf, then the intermediate
    server_key: Path
    client: Path
    client_key: Path
    rsa_client: Path  # the same client with a key of RSA 2048
    rsa_client_key: Path
    issuer_key: Path  # of the intermediate, which has signed them


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"openssl {words[0]} failed: {done.stderr.strip()}")


def make(folder: Path, key_kind: str) -> Pki:
    """Makes them in `folder`; key_kind is 'p256' or 'rsa2048'. The client's name has six letters."""
    folder.mkdir(parents=True, exist_ok=True)

    def key(name):
        kind = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        if key_kind == "rsa2048" or name == "rsa_client":
            kind = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        openssl("genpkey", "-algorithm", *kind, "-out", folder / f"{name}.key")

    def certificate(name, subject, extensions, issuer=None):
        key(name)
        rules = folder / f"{name}.ext"
        rules.write_text(extensions)
        request = folder / f"{name}.csr"
        openssl("req", "-new", "-key", folder / f"{name}.key", "-subj", subject, "-out", request)
        signer = ["-signkey", folder / f"{name}.key"]
        if issuer:
            signer = ["-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial"]
        openssl("x509", "-req", "-in", request, "-days", 90, "-sha256", "-extfile", rules, *signer,
                "-out", folder / f"{name}.crt")

    certificate("root", "/O=Bench/CN=Bench Root", CA.format(path=""))
    certificate("intermediate", "/O=Bench/CN=Bench Intermediate", CA.format(path=",pathlen:0"), "root")
    certificate("server", "/O=Bench/CN=localhost",
                LEAF.format(use="serverAuth", names="DNS:localhost,IP:127.0.0.1"), "intermediate")
    certificate("client", "/O=Bench/CN=client",
                LEAF.format(use="clientAuth", names="URI:spiffe://bench/client"), "intermediate")
    certificate("rsa_client", "/O=Bench/CN=client",
                LEAF.format(use="clientAuth", names="URI:spiffe://bench/client"), "intermediate")
    intermediate = (folder / "intermediate.crt").read_text()
    for name in ("server", "client", "rsa_client"):
        (folder / f"{name}.pem").write_text((folder / f"{name}.crt").read_text() + intermediate)
    return Pki(folder / "root.crt", folder / "server.pem", folder / "server.key", folder / "client.pem",
               folder / "client.key", folder / "rsa_client.pem", folder / "rsa_client.key",
               folder / "intermediate.key")
