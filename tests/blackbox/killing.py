"""Processes that are killed somewhere in the midst of their work, counted when the kill came in time; and what the files
of a PKI say afterwards."""

import collections
import glob
import hashlib
import os
import random
import re
import signal
import ssl
import subprocess
import sys
import time

# How many processes of each kind are killed on each store. scripts/kill-tests kills hundreds.
WANTED = os.environ.get("TEST_KILLS")
KILLS = int(WANTED or "12")


class Kills:
    """How many processes of each kind died of SIGKILL, and how many were over before it came."""

    def __init__(self, case):
        self.case = case
        self.landed = collections.Counter()
        self.missed = collections.Counter()
        self.usual = {}

    def whole(self, kind, *arguments):
        """Lets it be done, as the measure of how long one of that kind takes; gives what it said."""
        began = time.monotonic()
        said = self.case.mutual(*arguments)
        self.usual[kind] = time.monotonic() - began
        return said

    def strike(self, kind, *arguments):
        """Starts it and kills it at some moment of the time that one of its kind takes. Gives its exit code and what it
        said; -9 if it was killed."""
        began = time.monotonic()
        process = self.case.start(*arguments)
        try:
            said, _ = process.communicate(timeout=random.uniform(0.1, 1) * self.usual[kind])
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            said, _ = process.communicate()
        # A machine is not as fast at one time as at another, and the end is to be struck as often as the beginning.
        if process.returncode == -signal.SIGKILL:
            self.landed[kind] += 1
            self.usual[kind] *= 1.05
        else:
            self.missed[kind] += 1
            self.usual[kind] = 1.2 * (time.monotonic() - began)
        return process.returncode, said

    def lacks(self, kind, wanted):
        """Whether more of that kind are to be killed; fails when far too many were over before it came."""
        landed, missed = self.landed[kind], self.missed[kind]
        self.case.assertLess(missed, 3 * wanted + 20, f"{kind}: {landed} of {landed + missed} kills came in time")
        return landed < wanted

    def tell(self, more=""):
        if WANTED:
            told = ", ".join(f"{kind} {count} (and {self.missed[kind]} too late)" for kind, count in sorted(self.landed.items()))
            print(f"\n  {self.case.id()}: killed {told}{more}", file=sys.stderr, flush=True)


def certificates_in(path):
    """The SHA-256 of each certificate in a PEM file."""
    with open(path, encoding="ascii") as file:
        blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", file.read(), re.DOTALL)
    return [hashlib.sha256(ssl.PEM_cert_to_DER_cert(block)).hexdigest() for block in blocks]


def certificate_files(pki):
    """Every file of a PKI with certificates in PEM."""
    found = [os.path.join(pki, name) for name in ("root.crt", "intermediate.crt", "trust.crt")]
    for pattern in ("issued/*.crt", "issued/replaced/*.crt", "retired/*.crt", "ocsp/*.pem"):
        found += glob.glob(os.path.join(pki, pattern))
    return found


class ListsSeen:
    """What revocation lists' files have said so far: of the lists of one key, numbers only grow, and none says two things."""

    def __init__(self, case):
        self.case = case
        self.read = {}
        self.said = {}
        self.highest = {}
        self.recorded = set()

    def facts(self, der):
        digest = hashlib.sha256(der).hexdigest()
        if digest not in self.read:
            path = self.case.at("seen.crl")
            with open(path, "wb") as file:
                file.write(der)
            text = self.case.run_tool("openssl", "crl", "-inform", "DER", "-in", path, "-noout", "-text", "-crlnumber", "-issuer",
                                      "-nameopt", "RFC2253")
            number = int(text.split("crlNumber=")[1].split()[0], 16)
            key = re.search(r"Authority Key Identifier: *\n\s*(?:keyid:)?([0-9A-F:]{59})", text).group(1)
            issuer = text.split("\nissuer=")[1].splitlines()[0].strip()
            before = self.said.setdefault((key, number), digest)
            self.case.assertEqual(before, digest, f"{issuer} has two lists of number {number}")
            self.read[digest] = (key, "Delta CRL Indicator" in text, number, issuer)
        return self.read[digest]

    def look(self, pki):
        """Looks at all lists that are there."""
        files = glob.glob(os.path.join(pki, "*.crl")) + glob.glob(os.path.join(pki, "retired", "*.crl"))
        lists = [("alone", self.read_file(path)) for path in files]
        together = os.path.join(pki, "crl.pem")
        if os.path.exists(together):
            blocks = re.findall(r"-----BEGIN X509 CRL-----(.*?)-----END X509 CRL-----", self.read_file(together).decode(), re.DOTALL)
            lists += [("together", ssl.PEM_cert_to_DER_cert(f"-----BEGIN CERTIFICATE-----{block}-----END CERTIFICATE-----"))
                      for block in blocks]
        now = collections.Counter()
        numbers = {(issuer, int(number)) for issuer, number in self.case.sql("SELECT issuer, number FROM revocation_lists")}
        self.case.assertLessEqual(self.recorded, numbers, "numbers were forgotten")
        self.recorded = numbers
        for place, der in lists:
            key, is_delta, number, issuer = self.facts(der)
            self.case.assertIn((issuer, number), numbers, "a list whose number is not in the inventory")
            now[place, key, is_delta] = max(now[place, key, is_delta], number)
        for which, number in now.items():
            self.case.assertGreaterEqual(number, self.highest.get(which, 0), f"the number of {which} went back")
            self.highest[which] = number

    def read_file(self, path):
        with open(path, "rb") as file:
            return file.read()
