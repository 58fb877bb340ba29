#!/usr/bin/env python3
"""An emulated JPKI application behind vsmartcard's vpcd. TEST ONLY: a fictitious person's card.

It shares no code with Techo and knows nothing of it but the file of a simulated card. Written after
the published behaviour of OpenSC (card-jpki.c), jpki/myna and the documentation of myna-card; a real
card may differ. It speaks vpcd's wire protocol itself: two bytes of length, then a command, or one
byte of control (0 off, 1 on, 2 reset, 4 ATR). Counters outlive the card in --state.
"""

import argparse
import base64
import json
import os
import socket
import struct
import sys

from cryptography.hazmat.primitives.serialization import load_der_private_key

AID = bytes.fromhex("D392F000260100000001")
ATR = bytes.fromhex("3BE000FF8131FE4514")
LINE = "techo-simulated-card-not-genuine-v1"
SIGN_CERT, SIGN_CA, TOKEN, PRESENT, AUTH_CERT, AUTH_CA = 0x0001, 0x0002, 0x0006, 0x0008, 0x000A, 0x000B
AUTH_KEY, AUTH_PIN, SIGN_KEY, SIGN_PIN = 0x0017, 0x0018, 0x001A, 0x001B
TRIES = {AUTH_PIN: 3, SIGN_PIN: 5}
UNLOCKS = {AUTH_KEY: AUTH_PIN, SIGN_KEY: SIGN_PIN}


def cbor(data):
    """Just what a card's file needs: arrays, small numbers and byte strings."""
    def item(at):
        kind, size = data[at] >> 5, data[at] & 31
        at += 1
        if size >= 24:
            width = 1 << (size - 24)
            size, at = int.from_bytes(data[at:at + width], "big"), at + width
        if kind == 0:
            return size, at
        if kind == 2:
            return data[at:at + size], at + size
        if kind == 4:
            out = []
            for _ in range(size):
                value, at = item(at)
                out.append(value)
            return out, at
        raise ValueError("not a card's file")
    return item(0)[0]


class Card:
    def __init__(self, options):
        text = open(options.file, encoding="ascii").read()
        assert text.startswith(LINE), "not a simulated card's file"
        version, cert, key, auth_cert, auth_key = cbor(base64.b64decode(text[len(LINE):]))
        assert version == 1
        load = lambda der: load_der_private_key(der, None).private_numbers()
        self.files = {AUTH_CERT: auth_cert}
        self.keys = {AUTH_KEY: load(auth_key)}
        if not options.child:
            self.files[SIGN_CERT] = cert
            self.keys[SIGN_KEY] = load(key)
        # OpenSC wants to see certificates of the authorities; nothing is trusted because of them.
        for place, name in ((SIGN_CA, options.sign_ca), (AUTH_CA, options.sign_ca)):
            if name:
                self.files[place] = open(name, "rb").read()
        info = options.token.encode().ljust(32) + b"EMULATED TEST CARD".ljust(32) + b"NOT GENUINE".ljust(16)
        info += b"0" * 8 + b" " * 8 + struct.pack(">11I", 0x40D, 0, 0, 0, 0, 16, 4, *[0xFFFFFFFF] * 4)
        self.files[TOKEN] = (info + b"0301").ljust(160)
        self.files[PRESENT] = bytes([0 if options.child else 0x8F, 0x8F, 0])
        self.secrets = {AUTH_PIN: options.pin.encode(), SIGN_PIN: options.password.encode()}
        self.other = options.other
        self.state, self.left = options.state, dict(TRIES)
        if options.state and os.path.exists(options.state):
            self.left.update({int(k): v for k, v in json.load(open(options.state)).items()})
        self.reset()

    def reset(self):
        self.here, self.file, self.ok = False, None, set()

    def spent(self, pin, left):
        self.left[pin] = left
        if self.state:
            with open(self.state + ".tmp", "w") as out:
                json.dump(self.left, out)
            os.replace(self.state + ".tmp", self.state)

    def answer(self, apdu):
        if len(apdu) < 4:
            return b"\x67\x00"
        (cla, ins, p1, p2), rest = apdu[:4], apdu[4:]
        data, le = b"", None
        if len(rest) == 1:
            le = rest[0] or 256
        elif rest and rest[0]:
            data, tail = rest[1:1 + rest[0]], rest[1 + rest[0]:]
            if len(data) != rest[0] or len(tail) > 1:
                return b"\x67\x00"
            le = (tail[0] or 256) if tail else None
        elif len(rest) >= 3:
            size = int.from_bytes(rest[1:3], "big")
            if len(rest) == 3:
                le = size or 65536
            else:
                data, tail = rest[3:3 + size], rest[3 + size:]
                if len(data) != size or len(tail) not in (0, 2):
                    return b"\x67\x00"
        return self.obey(cla, ins, p1, p2, data, le)

    def obey(self, cla, ins, p1, p2, data, le):
        if (cla, ins) == (0, 0xA4):
            return self.select(p1, data)
        if not self.here:
            return b"\x69\x85"
        if (cla, ins) == (0, 0xB0):
            return self.read(p1, p2, le)
        if (cla, ins, p1) == (0, 0x20, 0):
            return self.verify(self.meant(p2), data)
        if (cla, ins) == (0x80, 0x2A):
            return self.sign(self.meant(p2), p1, data)
        return b"\x6d\x00"

    def meant(self, p2):
        return self.file if p2 == 0x80 else p2 & 0x1F

    def select(self, p1, data):
        if p1 == 4:
            if data != AID or self.other:
                return b"\x6a\x82"
            self.reset()
            self.here = True
            return b"\x90\x00"
        if p1 == 2 and self.here and len(data) == 2:
            name = int.from_bytes(data, "big")
            if name in self.files or name in self.left or name in self.keys:
                self.file = name
                return b"\x90\x00"
            return b"\x6a\x82"
        if p1 == 0 and data in (b"\x3f\x00", b""):
            self.reset()
            return b"\x90\x00"
        return b"\x6a\x86"

    def read(self, p1, p2, le):
        name, offset = (p1 & 0x1F, p2) if p1 & 0x80 else (self.file, p1 << 8 | p2)
        if name not in self.files:
            return b"\x69\x81"
        if name == SIGN_CERT and SIGN_PIN not in self.ok:
            return b"\x69\x82"
        part = self.files[name][offset:offset + (le or 256)]
        return part + b"\x90\x00" if part else b"\x6b\x00"

    def verify(self, pin, data):
        if pin not in self.left:
            return b"\x69\x86"
        if not data:
            return bytes([0x63, 0xC0 | self.left[pin]])
        if not self.left[pin]:
            return b"\x69\x84"
        if data == self.secrets[pin]:
            self.spent(pin, TRIES[pin])
            self.ok.add(pin)
            return b"\x90\x00"
        self.ok.discard(pin)
        self.spent(pin, self.left[pin] - 1)
        return bytes([0x63, 0xC0 | self.left[pin]])

    def sign(self, key, p1, data):
        if key not in self.keys:
            return b"\x69\x86"
        if UNLOCKS[key] not in self.ok:
            return b"\x69\x82"
        if p1 != 0 or not 0 < len(data) <= 245:
            return b"\x6a\x86"
        numbers = self.keys[key]
        n = numbers.public_numbers.n
        block = b"\0\1" + b"\xff" * (253 - len(data)) + b"\0" + data
        return pow(int.from_bytes(block, "big"), numbers.d, n).to_bytes(256, "big") + b"\x90\x00"


def serve(link, card, log):
    def exactly(size):
        data = b""
        while len(data) < size:
            # vpcd writes length and body apart; without this each command waits 40 ms.
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = link.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    send = lambda data: link.sendall(struct.pack(">H", len(data)) + data)
    while True:
        data = exactly(struct.unpack(">H", exactly(2))[0])
        if data == b"\x04":
            send(ATR)
        elif len(data) == 1:
            card.reset()
        else:
            answer = card.answer(data)
            secret = data[1] in (0x20, 0x24) and len(data) > 5
            print("<", data[:5].hex() + "**" if secret else data[:40].hex(), ">", answer[-2:].hex(), file=log, flush=True)
            send(answer)


def main():
    words = argparse.ArgumentParser(description="TEST ONLY: an emulated card for vpcd")
    words.add_argument("file", help="a simulated card's file (techo city card)")
    words.add_argument("--connect", default="127.0.0.1:35963", help="where vpcd listens")
    words.add_argument("--state", help="keeps the counters")
    words.add_argument("--trace", help="writes commands and states here, without secrets")
    words.add_argument("--token", default="JPKIAPICCTOKEN2", help="JPKIAPGPSETOKEN: a phone")
    words.add_argument("--child", action="store_true", help="no signature certificate")
    words.add_argument("--other", action="store_true", help="some other card")
    words.add_argument("--sign-ca", help="a certificate of the authority, DER, for OpenSC")
    words.add_argument("--pin", default="1234")
    words.add_argument("--password", default="TEST1234")
    options = words.parse_args()
    host, port = options.connect.rsplit(":", 1)
    card = Card(options)
    log = open(options.trace, "a") if options.trace else open(os.devnull, "w")
    with socket.create_connection((host, int(port))) as link:
        print("a test card lies in vpcd at", options.connect, flush=True)
        serve(link, card, log)


if __name__ == "__main__":
    try:
        main()
    except (EOFError, ConnectionError, KeyboardInterrupt):
        sys.exit(0)
