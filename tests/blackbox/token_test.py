"""The intermediate's key in a PKCS#11 token (SoftHSM): it signs there, and is in no file."""

import glob
import json
import os
import shutil
import time
import unittest

from serving import MUTUAL, ServingTest, clean_environment


def module():
    found = glob.glob("/usr/lib/softhsm/libsofthsm2.so") + glob.glob("/usr/lib/*/softhsm/libsofthsm2.so")
    if not found:
        raise AssertionError("SoftHSM is not installed: scripts/setup --tests installs it")
    return found[0]


class WithToken(ServingTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.at("tokens"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.at('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = clean_environment(SOFTHSM2_CONF=self.at("softhsm2.conf"))
        self.run_tool("softhsm2-util", "--init-token", "--free", "--label", "acme", "--pin", "1234", "--so-pin", "5678",
                      env=self.environment)
        self.write("pin", "1234\n")
        self.generate("first", "--generate-privkey=ecdsa", "--curve=secp256r1")
        self.uri = self.uri_of("first")

    def uri_of(self, label):
        return f"pkcs11:token=acme;object={label}?pin-source={self.at('pin')}&module-path={module()}"

    def generate(self, label, *kind):
        return self.run_tool("p11tool", f"--provider={module()}", "--login", *kind, f"--label={label}", "pkcs11:token=acme",
                             env={**self.environment, "GNUTLS_PIN": "1234"})

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.at(name), "r", encoding="utf-8") as file:
            return file.read()

    def mutual(self, *arguments, code=0, env=None):
        return self.run_tool(MUTUAL, *arguments, code=code, env=env or self.environment)

    def verify(self, name, code=0, lists=True):
        checked = ["-crl_check_all", "-CRLfile", "pki/crl.pem"] if lists else []
        return self.run_tool("openssl", "verify", "-x509_strict", *checked, "-CAfile", "pki/trust.crt", "-untrusted",
                             f"pki/issued/{name}.crt", f"pki/issued/{name}.crt", code=code)

    def goes_on(self):
        """Issuing, renewing, signing, revoking and listing, all by the token."""
        self.mutual("issue", "client", "bob")
        self.mutual("issue", "client", "carol")
        self.mutual("renew", "bob")
        self.mutual("revoke", "carol")
        self.mutual("crl")
        self.mutual("crl", "--delta")
        self.verify("bob")
        self.assertIn("certificate revoked", self.verify("carol", code=2))
        server = self.serve()
        self.assertIn("Hello, bob", self.run_tool("curl", "-sS", "--cacert", "pki/trust.crt", "--cert", "pki/issued/bob.p12",
                                                  "--cert-type", "p12", f"https://localhost:{server.port}/"))


class Token(WithToken):
    def test_a_new_authority_s_intermediate_signs_in_the_token(self):
        self.mutual("init", "--name", "Acme", "--client", "alice", "--intermediate-key", self.uri)
        self.assertEqual(self.read("pki/intermediate.key"), self.uri + "\n")
        public = self.run_tool("p11tool", f"--provider={module()}", "--login", "--export-pubkey", "pkcs11:token=acme;object=first",
                               env={**self.environment, "GNUTLS_PIN": "1234"})
        self.assertIn(self.run_tool("openssl", "x509", "-in", "pki/intermediate.crt", "-noout", "-pubkey").strip(), public)
        self.goes_on()
        for path in glob.glob(self.at("pki/**"), recursive=True):
            if os.path.isfile(path) and path.endswith(".key") and "issued" not in path and not path.endswith("root.key"):
                self.assertNotIn("PRIVATE KEY", self.read(path), path)

    def test_an_rsa_key_too_and_the_pin_from_the_environment_and_p11_kit_s_own_module(self):
        self.generate("rsa", "--generate-privkey=rsa", "--bits=2048")
        environment = {**self.environment, "MUTUAL_PIN": "1234"}
        self.mutual("init", "--client", "alice", "--intermediate-key", "pkcs11:token=acme;object=rsa", env=environment)
        self.mutual("issue", "client", "bob", env=environment)
        self.mutual("crl", env=environment)
        self.verify("bob")

    def test_what_goes_wrong_is_one_sentence_and_nothing_is_written(self):
        self.generate("weak", "--generate-privkey=rsa", "--bits=1024")
        self.write("wrong", "9999\n")
        for uri, words, code in ((self.uri_of("none"), "there is no such private key", 1),
                                 (self.uri.replace("/pin&", "/wrong&"), "the PIN is wrong or missing", 1),
                                 (self.uri.replace(module(), "/nowhere.so"), "cannot use the token", 1),
                                 (self.uri_of("weak"), "1024 bits", 1), ("pkcs11:token=acme?pin-value=1234", "holds no PIN", 2),
                                 ("intermediate.pem", "is no key in a token", 2)):
            said = self.mutual("init", "--intermediate-key", uri, code=code)
            self.assertIn(words, said)
            self.assertEqual(said.count("\n"), 1, said)
            self.assertFalse(os.path.exists(self.at("pki")))
        self.mutual("init", "--intermediate-key", self.uri)
        shutil.move(self.at("tokens"), self.at("away"))
        os.mkdir(self.at("tokens"))
        said = self.mutual("issue", "client", "bob", code=1)
        self.assertIn("cannot use the token of pkcs11:token=acme;object=first", said)
        self.assertEqual(glob.glob(self.at("pki/issued/bob.*")), [])
        os.rmdir(self.at("tokens"))
        shutil.move(self.at("away"), self.at("tokens"))
        self.mutual("issue", "client", "bob")

    def test_it_is_rotated_into_a_token_and_to_another_key_there(self):
        self.make_pki()
        self.mutual("crl")
        self.mutual("rotate", "intermediate", "--intermediate-key", self.uri)
        self.goes_on()
        self.verify("alice")
        self.generate("second", "--generate-privkey=ecdsa", "--curve=secp384r1")
        self.mutual("rotate", "root", "--intermediate-key", self.uri_of("second"))
        self.mutual("issue", "client", "dave")
        self.mutual("revoke", "bob")
        self.verify("dave")
        self.assertIn("certificate revoked", self.verify("bob", code=2))
        state = json.loads(self.mutual("rotate", "status", "--json"))
        self.assertEqual(len(state["old"]), 3)

    def test_an_old_ca_whose_token_is_gone_holds_up_no_other(self):
        self.mutual("init", "--name", "Acme", "--client", "alice", "--intermediate-key", self.uri)
        self.mutual("crl")
        self.mutual("rotate", "intermediate")
        shutil.rmtree(self.at("tokens"))
        self.mutual("issue", "client", "bob")
        self.mutual("issue", "client", "carol")
        said = self.mutual("revoke", "carol", code=1)
        self.assertIn("no new revocation list of an old CA could be made", said)
        for name in ("alice", "bob"):
            self.verify(name)
        self.assertIn("certificate revoked", self.verify("carol", code=2))
        self.assertIn("cannot sign any more", self.mutual("rotate", "status"))
        old = json.loads(self.mutual("rotate", "status", "--json"))["old"]
        self.assertEqual(len(old), 1)
        self.assertIn("cannot use the token", old[0]["cannot_sign"])

    def test_an_intermediate_of_others_is_imported_with_its_key_in_the_token(self):
        self.self_signed("ca", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.run_tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "middle.key", "-subj", "/O=Old/CN=middle",
                      "-out", "middle.csr")
        self.write("ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
        self.run_tool("openssl", "x509", "-req", "-in", "middle.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                      "-days", "300", "-extfile", "ext", "-out", "middle.crt")
        self.run_tool("softhsm2-util", "--import", "middle.key", "--token", "acme", "--label", "middle", "--id", "A1", "--pin", "1234",
                      env=self.environment)
        os.remove(self.at("middle.key"))
        line = ["import", "middle.crt", "--chain", "ca.crt", "--root-key", "ca.key", "--host", "localhost"]
        self.assertIn("does not belong", self.mutual(*line, "--key", self.uri, code=1))
        self.mutual(*line, "--key", self.uri_of("middle"))
        self.goes_on()


class ServedFromAToken(WithToken):
    def setUp(self):
        super().setUp()
        # The service inherits it.
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = self.at("softhsm2.conf")
        self.addCleanup(lambda: os.environ.pop("SOFTHSM2_CONF") if before is None else os.environ.update(SOFTHSM2_CONF=before))
        self.mutual("init", "--name", "Acme", "--host", "localhost", "--client", "alice", "--intermediate-key", self.uri)

    def health(self):
        return self.run_tool("curl", "-s", f"{self.plain}/healthz", "-o", "told", "-w", "%{http_code}")

    def comes_to(self, status, seconds=40):
        end = time.monotonic() + seconds
        while self.health() != status:
            self.assertLess(time.monotonic(), end, f"never {status}")
            time.sleep(0.1)

    def enroll(self, name):
        token = self.mutual("ca", "token", name, "--quiet").strip()
        self.run_tool("openssl", "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "new.key", "-subj", f"/CN={name}",
                      "-outform", "DER", "-out", "new.der")
        self.run_tool("openssl", "base64", "-in", "new.der", "-out", "new.b64")
        return self.run_tool("curl", "-s", "--cacert", "pki/root.crt", "-u", ":" + token, "-H", "Content-Type: application/pkcs10",
                             "--data-binary", "@new.b64", f"{self.url}/.well-known/est/simpleenroll", "-o", "answer", "-w", "%{http_code}")

    def take_away(self):
        shutil.move(self.at("tokens"), self.at("away"))
        os.mkdir(self.at("tokens"))

    def put_back(self):
        os.rmdir(self.at("tokens"))
        shutil.move(self.at("away"), self.at("tokens"))

    def start(self):
        server = self.serve("--plain-listen", "127.0.0.1:0", command=("ca", "serve"))
        self.url = f"https://localhost:{server.port}"
        self.plain = f"http://127.0.0.1:{server.wait_for(r'Plain: +http://127.0.0.1:([0-9]+)/')}"
        self.comes_to("200")
        return server

    def test_a_token_that_goes_away_under_the_service_is_told_by_its_health(self):
        server = self.start()
        self.assertEqual(self.enroll("bob"), "200")
        self.take_away()
        # Nobody asks for a certificate: it is found out all the same.
        self.comes_to("503")
        server.stop()
        self.put_back()
        server = self.start()
        # Somebody does, and it is told at once.
        self.take_away()
        self.assertEqual(self.enroll("carol"), "503")
        self.comes_to("503", seconds=8)
        server.stop()
        self.put_back()
        self.start()
        self.assertEqual(self.enroll("carol"), "200")


if __name__ == "__main__":
    unittest.main()
