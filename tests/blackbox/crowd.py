#!/usr/bin/env python3
"""A crowd at a TLS port that is not there to be served: connections that say nothing, and connections that say what no
client says. It is kept up: whoever is closed comes again, after a rest.

  crowd.py PORT --silent 2000 --garbage 2000 --rest 2

It prints "ready" once as many have come, keeps them up until its standard input ends, closes them, and prints how many
there were as JSON. `Crowd` runs it as a process of its own, so that it takes no time from those that are measured.
"""

import argparse
import collections
import errno
import json
import os
import random
import selectors
import socket
import subprocess
import sys
import time

HALF_A_CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(range(32)) + b"\x20" + bytes(20)


def plain_http(dice):
    return b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def noise(dice):
    return dice.randbytes(dice.randrange(1, 600))


def noise_in_a_record(dice):
    return b"\x16\x03\x01\x01\x00" + dice.randbytes(256)


def half_a_client_hello(dice):
    return HALF_A_CLIENT_HELLO


def alert(dice):
    return b"\x15\x03\x01\x00\x02\x02\x28"


GARBAGE = [plain_http, noise, noise_in_a_record, half_a_client_hello, alert]


class Crowds:
    def __init__(self, port, silent, garbage, rest, hold=0):
        self.port, self.wanted, self.rest = port, {"silent": silent, "garbage": garbage}, rest
        self.there = {"silent": 0, "garbage": 0}  # those who rest as well
        self.resting = collections.deque()  # until when, and who
        self.hold = hold
        self.held = collections.deque()  # told to go, and not gone: until when, who, and the socket
        self.made = {"silent": 0, "garbage": 0}
        self.selector = selectors.DefaultSelector()
        self.dice = random.Random(7)

    def come(self, kind):
        one = socket.socket()
        one.setblocking(False)
        code = one.connect_ex(("127.0.0.1", self.port))
        if code not in (0, errno.EINPROGRESS):
            one.close()
            return False
        self.there[kind] += 1
        self.made[kind] += 1
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if kind == "garbage" else 0)
        self.selector.register(one, events, kind)
        return True

    def fill(self, at_once=200):
        """Brings some of those that are missing."""
        while self.held and self.held[0][0] <= time.monotonic():
            _, kind, one = self.held.popleft()
            one.close()
            self.resting.append((time.monotonic() + self.rest, kind))
        while self.resting and self.resting[0][0] <= time.monotonic():
            self.there[self.resting.popleft()[1]] -= 1
        for kind, wanted in self.wanted.items():
            for _ in range(min(wanted - self.there[kind], at_once)):
                if not self.come(kind):
                    return

    def all_have_come(self):
        return all(self.made[kind] >= wanted for kind, wanted in self.wanted.items())

    def go(self, key):
        self.resting.append((time.monotonic() + self.rest, key.data))
        key.fileobj.close()

    def is_told_to_go(self, key):
        """By the server's end of the connection."""
        self.selector.unregister(key.fileobj)
        if self.hold:
            self.held.append((time.monotonic() + self.hold, key.data, key.fileobj))
        else:
            self.go(key)

    def look(self, seconds):
        for key, events in self.selector.select(seconds):
            if key.data == "input":
                return False
            try:
                if events & selectors.EVENT_WRITE:
                    self.selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                    key.fileobj.send(self.dice.choice(GARBAGE)(self.dice))
                elif not key.fileobj.recv(4096):
                    self.is_told_to_go(key)
            except BlockingIOError:
                pass
            except OSError:
                self.selector.unregister(key.fileobj)
                self.go(key)
        return True

    def run(self):
        self.selector.register(sys.stdin, selectors.EVENT_READ, "input")
        ready = False
        while self.look(0.02):
            self.fill()
            if not ready and self.all_have_come():
                ready = True
                print("ready", flush=True)
        print(json.dumps(self.made), flush=True)


class Crowd:
    """The crowd as a process, from the moment when all of it has come until `end`, which tells how many came."""

    def __init__(self, port, silent, garbage, seconds=120, before=(), rest=2, hold=0):
        words = [*before, sys.executable, os.path.abspath(__file__), str(port), "--silent", str(silent), "--garbage", str(garbage),
                 "--rest", str(rest), "--hold", str(hold)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        if self.process.stdout.readline() != "ready\n" or time.monotonic() - began > seconds:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the crowd did not come together")

    def end(self):
        said, _ = self.process.communicate("", timeout=60)
        return json.loads(said)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--silent", type=int, default=2000)
    parser.add_argument("--garbage", type=int, default=2000)
    parser.add_argument("--rest", type=float, default=2, help="seconds, after which whoever was closed comes again")
    parser.add_argument("--hold", type=float, default=0, help="seconds for which whoever is told to go does not")
    asked = parser.parse_args()
    Crowds(asked.port, asked.silent, asked.garbage, asked.rest, asked.hold).run()


if __name__ == "__main__":
    main()
