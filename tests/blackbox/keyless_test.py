"""A public key with which everybody can sign proves nothing: nobody certifies it, and nobody lets it in."""

import unittest

import stores


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else bytes([0x82, size >> 8, size & 255])
    return bytes([tag]) + length + body


def bits(body):
    return der(0x03, b"\0" + body)


def number(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


COMMON_NAME = bytes.fromhex("0603550403")
ED25519 = der(0x30, bytes.fromhex("06032b6570"))
RSA = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
SHA256_WITH_RSA = der(0x30, bytes.fromhex("06092a864886f70d01010b0500"))
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def asked(name, key):
    subject = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0C, name.encode()))))
    return der(0x30, number(0), subject, key, der(0xA0))


def edwards_request(name):
    """For the point that stands for nothing; R is the same, and S is 0."""
    nothing = b"\1" + bytes(31)
    return der(0x30, asked(name, der(0x30, ED25519, bits(nothing))), ED25519, bits(nothing + bytes(32)))


def rsa_request(name):
    """With the public exponent 1: the signature is what it is compared with."""
    import hashlib

    modulus = (1 << 2047) | (0xC0FFEE << 512) | 1
    what = asked(name, der(0x30, RSA, bits(der(0x30, number(modulus), number(1)))))
    info = SHA256_INFO + hashlib.sha256(what).digest()
    return der(0x30, what, SHA256_WITH_RSA, bits(b"\0\1" + b"\xff" * (253 - len(info)) + b"\0" + info))


class OnSqlite(stores.OnSqlite):
    def test_a_key_that_needs_no_private_key_is_neither_certified_nor_believed(self):
        for name, request, why in (("edwards", edwards_request("edwards"), "small order"),
                                   ("rsa", rsa_request("rsa"), "public exponent 1,")):
            with open(self.at(f"{name}.csr"), "wb") as file:
                file.write(request)
            # Others believe that its sender holds the key, and certify it.
            self.run_tool("openssl", "x509", "-req", "-inform", "DER", "-in", f"{name}.csr", "-CA", "pki/intermediate.crt",
                          "-CAkey", "pki/intermediate.key", "-out", f"{name}.crt", "-days", "9")
            before = len(self.listed())
            self.assertIn(why, self.mutual("sign", f"{name}.csr", code=1))
            self.assertEqual(len(self.listed()), before)
            self.run_tool("sh", "-c", f"cat pki/intermediate.crt >> {name}.crt")
            told = self.mutual("check", f"{name}.crt", "--trust", "pki/trust.crt", code=1)
            self.assertIn("weak_key", told)
            self.assertIn(why, told)
            told = self.mutual("lint", f"{name}.crt", code=1)
            self.assertIn("weak_key", told)
            self.assertIn(why, told)


if __name__ == "__main__":
    unittest.main()
