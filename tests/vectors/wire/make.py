#!/usr/bin/env python3
"""Makes the vectors of docs/format.md sections 1 to 4, from that page alone.

Needs Python 3.9 and the package `cryptography`. Everything is fixed, so running it again changes
nothing. Each vector has a name, its bytes in hex (or its text) and an outcome: "ok", or the name
of the refusal.
"""
import base64
import hashlib
import json
import pathlib
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent
ORDER = 2**252 + 27742317777372353535851937790883648493


class Key:
    def __init__(self, seed):
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, label, message):
        return self.secret.sign(label.encode() + b"\0" + message)


def be(n, size):
    return n.to_bytes(size, "big")


def sha(x):
    return hashlib.sha256(x).digest()


# CBOR, the subset of section 1.


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | extra]) + be(n, size)
    raise ValueError(n)


def cbor(x):
    if x is None:
        return b"\xf6"
    if isinstance(x, bool):
        return b"\xf5" if x else b"\xf4"
    if isinstance(x, int):
        return head(0, x)
    if isinstance(x, bytes):
        return head(2, len(x)) + x
    if isinstance(x, str):
        return head(3, len(x.encode())) + x.encode()
    return head(4, len(x)) + b"".join(map(cbor, x))


def padme(length, floor):
    length = max(length, floor)
    e = length.bit_length() - 1
    s = e.bit_length()
    step = 1 << (e - s)
    return -(-length // step) * step


FEED, OTHER, RELAY = Key(1), Key(2), Key(3)
E, P = "techo/envelope/v1", "techo/prove/v1"


def body(seq=0, previous=bytes(32), total=640, feed=FEED.public, version=1, n=None, fill=0x5A):
    n = total - 205 if n is None else n
    fields = [bytes([version]), feed, be(seq, 8), previous, b"\x44" * 16, b"\x55" * 16]
    return b"".join(fields) + b"\x66" * 32 + be(n, 4) + bytes([fill]) * (total - 205)


def envelope(key=FEED, label=E, **fields):
    message = body(**fields)
    return message + key.sign(label, message)


def flip(data, at, bit=0):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


FIRST = envelope()
SECOND = envelope(seq=1, previous=sha(FIRST))


def stretched_signature():
    """The same signature with S + L: equal in the group, and not canonical."""
    r, s = FIRST[-64:-32], int.from_bytes(FIRST[-32:], "little")
    return FIRST[:-64] + r + (s + ORDER).to_bytes(32, "little")


IDENTITY = b"\x01" + bytes(31)


def envelopes():
    ok = [
        ("first of a feed", FIRST),
        ("second of a feed", SECOND),
        ("the next padded length", envelope(total=672)),
        ("the longest", envelope(total=61_440)),
        ("the last sequence", envelope(seq=2**64 - 1, previous=b"\x01" * 32)),
    ]
    bad = [
        ("nothing", b"", "Length"),
        ("only a version", b"\x01", "Length"),
        ("the header alone", FIRST[:141], "Length"),
        ("without its last byte", FIRST[:-1], "Length"),
        ("with a byte behind it", FIRST + b"\0", "Length"),
        ("length one too small", envelope(n=434), "Length"),
        ("length one too large", envelope(n=436), "Length"),
        ("length of all ones", envelope(n=2**32 - 1), "Length"),
        ("version 0", envelope(version=0), "Version"),
        ("version 2", envelope(version=2), "Version"),
        ("below the floor", envelope(total=608), "Padding"),
        ("one byte over the floor", envelope(total=641), "Padding"),
        ("between two padded lengths", envelope(total=1_056), "Padding"),
        ("one step over the cap", envelope(total=63_488), "TooLong"),
        ("first with a previous", envelope(previous=b"\x01" * 32), "Previous"),
        ("second without a previous", envelope(seq=1), "Previous"),
        ("ciphertext changed", flip(FIRST, 300), "Signature"),
        ("salt changed", flip(FIRST, 90), "Signature"),
        ("commitment changed", flip(FIRST, 136, 7), "Signature"),
        ("epoch tag changed", flip(FIRST, 73), "Signature"),
        ("signature changed", flip(FIRST, 600), "Signature"),
        ("signed by another", envelope(key=OTHER), "Signature"),
        ("signed under another label", envelope(label=P), "Signature"),
        ("signed without a label", body() + FEED.secret.sign(body()), "Signature"),
        ("feed of small order, forged", body(feed=IDENTITY) + IDENTITY + bytes(32), "Signature"),
        ("feed that is no point", body(feed=b"\x02" + bytes(31)) + FIRST[-64:], "Signature"),
        ("signature with S + L", stretched_signature(), "Signature"),
    ]
    return ok, bad


def item(total=2_048, version=1, suite=1, n=None, fill=0x77):
    n = total - 1_126 if n is None else n
    return bytes([version, suite]) + be(n, 4) + b"\x88" * 1_120 + bytes([fill]) * (total - 1_126)


def items():
    ok = [("the shortest", item()), ("longer", item(2_176)), ("the longest", item(61_440))]
    bad = [
        ("nothing", b"", "Length"),
        ("the header alone", item()[:6], "Length"),
        ("without its last byte", item()[:-1], "Length"),
        ("with a byte behind it", item() + b"\0", "Length"),
        ("length of all ones", item(n=2**32 - 1), "Length"),
        ("version 0", item(version=0), "Version"),
        ("version 2", item(version=2), "Version"),
        ("suite 2", item(suite=2), "Suite"),
        ("below the floor", item(1_984), "Padding"),
        ("one byte over the floor", item(2_049), "Padding"),
        ("one step over the cap", item(63_488), "TooLong"),
    ]
    return ok, bad


MAILBOX, INBOX, APPEND = b"\x21" * 32, b"\x22" * 32, b"\x23" * 32
STORE = b"\x24" * 16
HEAD = [FEED.public, 1, sha(SECOND)]
SIGNED = [b"receipt", b"\x25" * 64]


def frame(content):
    return be(len(content), 4) + content


def frames():
    contents = [
        ("Hello", [1, [1]]),
        ("Hello with two versions", [1, [300, 1]]),
        ("Welcome", [2, 1, RELAY.public, STORE]),
        ("Prove, mailbox", [3, MAILBOX, 0, MAILBOX, b"\x26" * 64]),
        ("Prove, append", [3, INBOX, 2, APPEND, b"\x26" * 64]),
        ("AdmitFeed", [4, MAILBOX, FEED.public]),
        ("AdmitKey", [5, INBOX, APPEND, 1 << 32]),
        ("Append", [6, MAILBOX, [FIRST, SECOND]]),
        ("Append of nothing", [6, MAILBOX, []]),
        ("Put", [7, INBOX, APPEND, item()]),
        ("Fetch", [8, MAILBOX, [[FEED.public, 2]], True]),
        ("Fetch everything", [8, MAILBOX, [], False]),
        ("FetchInbox", [9, INBOX, [23, sha(item())], True]),
        ("FetchInbox from the beginning", [9, INBOX, None, False]),
        ("Prune", [10, INBOX, [sha(item())]]),
        ("Done", [20]),
        ("AppendReceipt", [21, SIGNED]),
        ("PutReceipt", [22, SIGNED]),
        ("Heads", [23, MAILBOX, [HEAD]]),
        ("Envelopes", [24, [FIRST, SECOND]]),
        ("Items", [25, [[24, item()], [256, item(2_176)]]]),
        ("CaughtUp", [26]),
        ("Error", [31, 8]),
        ("Error that expects", [31, 6, 65_536]),
    ]
    ok = [(name, frame(cbor(content))) for name, content in contents]

    def bad(name, content, outcome):
        return name, frame(content if isinstance(content, bytes) else cbor(content)), outcome

    done = cbor([20])
    over = be(262_145, 4) + b"\x82\x18\x18\x80"
    refused = [
        ("length over the cap", over, "TooLarge"),
        ("length of all ones", b"\xff" * 4 + done, "TooLarge"),
        bad("empty", b"", "Malformed"),
        bad("no array", cbor(20), "Malformed"),
        bad("empty array", cbor([]), "Malformed"),
        bad("number 0", [0], "Malformed"),
        bad("number 19", [19], "Malformed"),
        bad("number as text", ["20"], "Malformed"),
        bad("array cut short", b"\x82\x14", "Malformed"),
        bad("field missing", [4, MAILBOX], "Malformed"),
        bad("field too many", [4, MAILBOX, FEED.public, 0], "Malformed"),
        bad("null at the end", [31, 8, None], "Malformed"),
        bad("bytes behind it", done + b"\0", "Malformed"),
        bad("two frames in one", done + done, "Malformed"),
        bad("number in a long form", b"\x81\x18\x14", "Malformed"),
        bad("integer in a long form", b"\x82\x01\x81\x19\x00\x01", "Malformed"),
        bad("bytes with a long length", b"\x83\x04\x59\x00\x20" + MAILBOX + cbor(FEED.public), "Malformed"),
        bad("array without length", b"\x9f\x14\xff", "Malformed"),
        bad("inner array without length", b"\x82\x01\x9f\x01\xff", "Malformed"),
        bad("bytes in pieces", b"\x83\x04\x5f" + cbor(MAILBOX) + b"\xff" + cbor(FEED.public), "Malformed"),
        bad("tag", b"\xc0" + done, "Malformed"),
        bad("tagged field", b"\x82\x01\xc1\x81\x01", "Malformed"),
        bad("map", b"\xa1\x14\x00", "Malformed"),
        bad("float as version", b"\x82\x01\x81\xf9\x3c\x00", "Malformed"),
        bad("negative version", b"\x82\x01\x81\x20", "Malformed"),
        bad("undefined for null", b"\x84\x09" + cbor(INBOX) + b"\xf7\xf4", "Malformed"),
        bad("integer for boolean", [8, MAILBOX, [], 1], "Malformed"),
        bad("text for bytes", [4, "m" * 32, FEED.public], "Malformed"),
        bad("mailbox of 31 bytes", [4, MAILBOX[:31], FEED.public], "Malformed"),
        bad("mailbox of 33 bytes", [4, MAILBOX + b"\0", FEED.public], "Malformed"),
        bad("store id of 32 bytes", [2, 1, RELAY.public, STORE * 2], "Malformed"),
        bad("signature of 63 bytes", [3, MAILBOX, 0, MAILBOX, b"\x26" * 63], "Malformed"),
        bad("role 3", [3, MAILBOX, 3, MAILBOX, b"\x26" * 64], "Malformed"),
        bad("error code 0", [31, 0], "Malformed"),
        bad("error code 13", [31, 13], "Malformed"),
        bad("envelope that is not padded", [24, [envelope(total=641)]], "Malformed"),
        bad("envelope over its cap", [24, [envelope(total=63_488)]], "Malformed"),
        bad("item of another suite", [7, INBOX, APPEND, item(suite=2)], "Malformed"),
        bad("null for cursors", [8, MAILBOX, None, True], "Malformed"),
    ]
    return ok, refused


def receipts():
    def signed(content, label, key=RELAY):
        data = content if isinstance(content, bytes) else cbor(content)
        return cbor([data, key.sign(label, data)])

    append = [1, RELAY.public, STORE, MAILBOX, [HEAD]]
    put = [1, RELAY.public, STORE, INBOX, sha(item()), 9]
    a, p = "techo/append-receipt/v1", "techo/put-receipt/v1"
    ok = [
        ("append", signed(append, a), "append"),
        ("append without heads", signed(append[:4] + [[]], a), "append"),
        ("put", signed(put, p), "put"),
    ]
    bad = [
        ("append under the label of put", signed(append, p), "Signature", "append"),
        ("put under the label of append", signed(put, a), "Signature", "put"),
        ("signed by another", signed(append, a, OTHER), "Signature", "append"),
        ("about another relay", signed([1, OTHER.public] + append[2:], a), "Relay", "append"),
        ("version 2", signed([2] + append[1:], a), "Version", "append"),
        ("version 0 of put", signed([0] + put[1:], p), "Version", "put"),
        ("with bytes behind", signed(cbor(append) + b"\0", a), "Malformed", "append"),
        ("without position", signed(put[:5], p), "Malformed", "put"),
        ("with one field too many", signed(put + [1], p), "Malformed", "put"),
    ]
    return ok, bad


def proofs():
    exporter = b"\x31" * 32

    def case(name, outcome, role=0, key=FEED, box=None, exported=exporter, relay=RELAY, told=None):
        box = key.public if box is None else box
        message = exported + relay.public + box + bytes([role]) + key.public
        return {
            "name": name,
            "outcome": outcome,
            "exporter": exporter.hex(),
            "relay": RELAY.public.hex(),
            "box": box.hex(),
            "role": role if told is None else told,
            "key": key.public.hex(),
            "signature": key.sign(P, message).hex(),
        }

    return [
        case("mailbox", "ok"),
        case("inbox", "ok", role=1),
        case("append to somebody's inbox", "ok", role=2, key=OTHER, box=INBOX),
        case("mailbox of somebody", "refused", box=MAILBOX),
        case("inbox of somebody", "refused", role=1, box=INBOX),
        case("another connection", "refused", exported=b"\x32" * 32),
        case("another relay", "refused", relay=OTHER),
        case("signed in another role", "refused", role=0, told=1),
        case("append proof shown as owner's", "refused", role=2, key=OTHER, told=1),
    ]


def addresses():
    key = base64.b32encode(RELAY.public).decode().rstrip("=").lower()

    def ok(name, text, host, port):
        data = cbor([1, host, port, RELAY.public]).hex()
        return {"name": name, "outcome": "ok", "text": text + key, "bytes": data}

    def text(name, outcome, value):
        return {"name": name, "outcome": outcome, "text": value}

    def data(name, content):
        return {"name": name, "outcome": "refused", "bytes": cbor(content).hex()}

    return [
        ok("name", "relay.example.jp:4433#", "relay.example.jp", 4433),
        ok("IPv4", "192.0.2.1:1#", "192.0.2.1", 1),
        ok("IPv6", "[2001:db8::1]:65535#", "2001:db8::1", 65535),
        text("no key", "Key", "relay:4433"),
        text("key cut short", "Key", "relay:4433#" + key[:-1]),
        text("key in capitals", "Key", "relay:4433#" + key.upper()),
        text("key with padding", "Key", "relay:4433#" + key + "===="),
        text("key with stray bits", "Key", "relay:4433#" + key[:-1] + "7"),
        text("no port", "Port", "relay#" + key),
        text("port 0", "Port", "relay:0#" + key),
        text("port 65536", "Port", "relay:65536#" + key),
        text("port with a zero before", "Port", "relay:04433#" + key),
        text("no host", "Host", ":4433#" + key),
        text("IPv6 without brackets", "Host", "2001:db8::1:4433#" + key),
        text("name in brackets", "Host", "[relay]:4433#" + key),
        text("name with a blank", "Host", "re lay:4433#" + key),
        text("four numbers that are no address", "Host", "256.0.2.1:4433#" + key),
        data("version 2", [2, "relay", 4433, RELAY.public]),
        data("host in capitals", [1, "Relay", 4433, RELAY.public]),
        data("IPv6 in a long form", [1, "2001:db8:0::1", 4433, RELAY.public]),
        data("port 0", [1, "relay", 0, RELAY.public]),
        data("port 65536", [1, "relay", 65_536, RELAY.public]),
        data("key of 31 bytes", [1, "relay", 4433, RELAY.public[:31]]),
        data("field too many", [1, "relay", 4433, RELAY.public, 0]),
    ]


def shown(data):
    """Hex, with runs of 64 equal bytes and more told by their length."""
    parts, plain = [], 0
    for run in re.finditer(rb"(.)\1{63,}", data, flags=re.DOTALL):
        parts += [data[plain : run.start()].hex(), f"{run[1].hex()}*{len(run[0])}"]
        plain = run.end()
    return " ".join(part for part in parts + [data[plain:].hex()] if part)


def write(name, vectors):
    text = json.dumps(vectors, indent=1, ensure_ascii=False)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def simple(cases):
    ok, bad = cases
    return [{"name": n, "outcome": "ok", "bytes": shown(b)} for n, b in ok] + [
        {"name": n, "outcome": o, "bytes": shown(b)} for n, b, o in bad
    ]


def kinds(cases):
    ok, bad = cases
    return [{"name": n, "outcome": "ok", "kind": k, "bytes": shown(b)} for n, b, k in ok] + [
        {"name": n, "outcome": o, "kind": k, "bytes": shown(b)} for n, b, o, k in bad
    ]


write("envelope.json", simple(envelopes()))
write("item.json", simple(items()))
write("frame.json", simple(frames()))
write("receipt.json", kinds(receipts()))
write("prove.json", proofs())
write("address.json", addresses())
