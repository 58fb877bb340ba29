"""Makes the vectors of this folder from docs/format.md alone, without a line of Techo's code.

Needs Python's `cryptography` 48 (OpenSSL 3.5 or later, for ML-KEM). Run once per format version;
what is checked in is never made again. `tests/tests/vectors_vault.rs` reads the result.
"""

import hashlib
import hmac
import json
import math
import os
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

HERE = pathlib.Path(__file__).parent


# §1: conventions

def derive(key, label, context, size):
    info = label.encode() + b"\0" + context
    return HKDF(algorithm=hashes.SHA256(), length=size, salt=b"", info=info).derive(key)


def h(label, *parts):
    return hashlib.sha256(label.encode() + b"\0" + b"".join(parts)).digest()


def sha(data):
    return hashlib.sha256(data).digest()


def signer(seed):
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def public(seed):
    return signer(seed).public_key().public_bytes_raw()


def sign(seed, label, message):
    return signer(seed).sign(label.encode() + b"\0" + message)


def number(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * size):
            return bytes([major << 5 | code]) + value.to_bytes(size)
    raise ValueError(value)


def cbor(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, int):
        return number(0, value)
    if isinstance(value, bytes):
        return number(2, len(value)) + value
    if isinstance(value, str):
        return number(3, len(value.encode())) + value.encode()
    value = list(value)
    while value and value[-1] is None:
        value.pop()
    return number(4, len(value)) + b"".join(map(cbor, value))


class Raw:
    """Bytes that stand in CBOR as they are."""

    def __init__(self, data):
        self.data = data


# XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): HChaCha20, then ChaCha20-Poly1305

def hchacha20(key, nonce):
    counter = nonce  # The block's last 16 bytes: counter and nonce.
    stream = Cipher(algorithms.ChaCha20(key, counter), None).encryptor().update(bytes(64))
    words = [int.from_bytes(stream[i:i + 4], "little") for i in range(0, 64, 4)]
    first = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]
    last = [int.from_bytes(counter[i:i + 4], "little") for i in range(0, 16, 4)]
    # ChaCha20 adds its input at the end, HChaCha20 does not: take it off again.
    kept = [(w - s) % 2**32 for w, s in zip(words[:4], first)]
    kept += [(w - s) % 2**32 for w, s in zip(words[12:], last)]
    return b"".join(w.to_bytes(4, "little") for w in kept)


def xseal(key, nonce, aad, plain):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], plain, aad)


# X-Wing (draft-connolly-cfrg-xwing-kem) and HPKE base mode (RFC 9180)

def xwing_expand(seed):
    expanded = hashlib.shake_256(seed).digest(96)
    return (mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
            x25519.X25519PrivateKey.from_private_bytes(expanded[64:]))


def xwing_public(seed):
    m, x = xwing_expand(seed)
    return m.public_key().public_bytes_raw() + x.public_key().public_bytes_raw()


def xwing_encapsulate(public_key):
    ss_m, ct_m = mlkem.MLKEM768PublicKey.from_public_bytes(public_key[:1184]).encapsulate()
    eph = x25519.X25519PrivateKey.generate()
    ct_x = eph.public_key().public_bytes_raw()
    pk_x = public_key[1184:]
    ss_x = eph.exchange(x25519.X25519PublicKey.from_public_bytes(pk_x))
    label = bytes.fromhex("5c2e2f2f5e5c")
    return hashlib.sha3_256(ss_m + ss_x + ct_x + pk_x + label).digest(), ct_m + ct_x


def hpke_seal(public_key, info, aad, plain):
    secret, enc = xwing_encapsulate(public_key)
    suite = b"HPKE" + bytes([0x64, 0x7a, 0, 1, 0, 3])

    def extract(salt, label, ikm):
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")

    def expand(prk, label, info, size):
        labelled = size.to_bytes(2) + b"HPKE-v1" + suite + label + info
        return HKDFExpand(algorithm=hashes.SHA256(), length=size, info=labelled).derive(prk)

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    prk = extract(secret, b"secret", b"")
    key, nonce = expand(prk, b"key", context, 32), expand(prk, b"base_nonce", context, 12)
    return enc, ChaCha20Poly1305(key).encrypt(nonce, plain, aad)


# §2 and §3: envelopes and items

def padded(length, floor):
    length = max(length, floor)
    e = length.bit_length() - 1
    step = 1 << (e - (int(math.log2(e)) + 1))
    return -(-length // step) * step


def pad(content, around, floor, whole=None):
    size = (whole or padded(around + 4 + len(content), floor)) - around
    return (len(content).to_bytes(4) + content).ljust(size, b"\0")


def envelope_key(epoch, at, salt):
    both = derive(epoch, "techo/envelope-key/v1", at + salt, 64)
    return both[:32], both[32:]


def seal_envelope(epoch, book, feed, seq, previous, entry, plain=None, salt=None, tag=None,
                  commitment=None):
    at = book + public(feed) + seq.to_bytes(8)
    plain = plain or pad(entry, 141 + 16 + 64, 640)
    salt_key = derive(epoch, "techo/envelope-salt/v1", b"", 32)
    salt = salt or hmac.digest(salt_key, at + plain, "sha256")[:16]
    key, right = envelope_key(epoch, at, salt)
    tag = tag or derive(epoch, "techo/epoch-tag/v1", book, 16)
    visible = (b"\1" + public(feed) + seq.to_bytes(8) + previous + tag + salt
               + (commitment or right) + (len(plain) + 16).to_bytes(4))
    unsigned = visible + ChaCha20Poly1305(key).encrypt(bytes(12), plain, visible + book)
    return unsigned + sign(feed, "techo/envelope/v1", unsigned)


def seal_item(seed, inbox, payload, plain=None):
    plain = plain or pad(payload, 1126 + 16, 2048)
    head = b"\1\1" + (len(plain) + 16).to_bytes(4)
    enc, sealed = hpke_seal(xwing_public(seed), b"techo/item/v1", head + inbox, plain)
    return head + enc + sealed


# The family of the vectors

EPOCH, OTHER = b"\x01" * 32, b"\x11" * 32
FEED, DEVICE, SECOND, THIRD = b"\x03" * 32, b"\x04" * 32, b"\x05" * 32, b"\x06" * 32
INBOX = b"\x07" * 32
HASH = b"\x08" * 32
NOW = 1_790_000_000_000


def commitment(epoch):
    return derive(epoch, "techo/epoch-commitment/v1", b"", 32)


def device(seed, name="携帯"):
    return [1, public(seed), xwing_public(seed), public(INBOX), name]


GENESIS = [0, [1, b"\x09" * 32, device(DEVICE), commitment(EPOCH)]]
BOOK = h("techo/book/v1", cbor(GENESIS))
HOUSE = [0, [0, b"\x0a" * 32, device(DEVICE), commitment(EPOCH)]]
HOUSEHOLD = h("techo/book/v1", cbor(HOUSE))
RELAY = [1, "relay.example", 4433, public(b"\x0b" * 32)]


def new_epoch(key, joined, book=BOOK):
    wrap = derive(key, "techo/epoch-joins/v1", book, 32)
    nonce = b"\x0c" * 24
    return [commitment(key), nonce + xseal(wrap, nonce, book + commitment(key), cbor(joined))]


def head(seed, seq=4, name=HASH):
    return [public(seed), seq, name]


def heads(*seeds):
    return sorted(head(seed) for seed in seeds)


ADD = [1, device(SECOND), 0]
REMOVE = [2, public(SECOND), heads(FEED, THIRD), new_epoch(OTHER, [EPOCH])]
ENROL = [6, [b"\x0d" * 32, b"\x0e" * 32, b"\x0f" * 32, b"\x10" * 32, RELAY, b"\x12" * 32,
             public(DEVICE)]]


def write(name, cases):
    good = sum(case["outcome"] == "ok" for case in cases)
    assert len(cases) - good >= good, name
    assert len({case["name"] for case in cases}) == len(cases), name
    hexed = [{k: v.hex() if isinstance(v, bytes) else v for k, v in case.items()}
             for case in cases]
    text = json.dumps(hexed, ensure_ascii=False, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n")


def envelopes():
    cases = []

    def case(name, outcome, data, entry=None, epoch=EPOCH, book=BOOK, **more):
        cases.append(dict(name=name, outcome=outcome, epoch=epoch, book=book, feed_seed=FEED,
                          bytes=data, entry=entry, **more))

    def make(seq=0, previous=bytes(32), entry=b"entry", **more):
        return seal_envelope(EPOCH, BOOK, FEED, seq, previous, entry, **more)

    def resign(data, at, value):
        unsigned = bytearray(data[:-64])
        unsigned[at] ^= value
        return bytes(unsigned) + sign(FEED, "techo/envelope/v1", bytes(unsigned))

    first = make()
    later = make(7, HASH, b"a later entry")
    case("first of a feed", "ok", first, b"entry")
    case("later, naming the one before", "ok", later, b"a later entry")
    case("empty entry", "ok", make(entry=b""), b"")
    case("one byte above the floor's room", "ok", make(entry=b"x" * 416), b"x" * 416)
    case("the longest", "ok", make(1, HASH, b"y" * 61_215), b"y", entry_repeated=61_215)
    case("version 2", "Version", b"\2" + first[1:])
    case("no bytes", "Length", b"")
    case("cut short", "Length", first[:-1])
    case("longer than it tells", "Length", first + b"\0")
    case("61,441 bytes", "TooLong", later[:1], zeros_behind=61_440)
    unpadded = make(plain=pad(b"entry", 221, 640, whole=641))
    case("a length that padding does not yield", "Padding", unpadded)
    case("first with a previous", "Previous", make(0, HASH))
    case("later without a previous", "Previous", make(5))
    case("signature of another feed", "Signature", first[:-64] + sign(SECOND, "techo/envelope/v1", first[:-64]))
    case("signature under another label", "Signature", first[:-64] + sign(FEED, "techo/prove/v1", first[:-64]))
    case("signature without a label", "Signature", first[:-64] + signer(FEED).sign(first[:-64]))
    small = b"\1" + b"\1" + bytes(31) + first[33:-64]
    case("feed of small order", "Signature", small + b"\1" + bytes(63))
    case("wrong epoch", "Open", first, epoch=OTHER)
    case("wrong book", "Open", first, book=HASH)
    for name, at in (("sequence", 40), ("previous", 41), ("epoch tag", 73), ("salt", 89),
                     ("commitment", 105), ("length in the plaintext", 144), ("ciphertext", 300),
                     ("tag", -65 + 64)):
        case(f"{name} altered and signed again", "Open", resign(later, at, 1))
    case("salt of the sender's choice", "Open", make(salt=b"\x55" * 16))
    case("tag of another epoch, consistently", "Open", make(tag=b"\x66" * 16))
    case("commitment to another key, consistently", "Open", make(commitment=b"\x77" * 32))
    case("padding that is not zero", "Open", make(plain=pad(b"entry", 221, 640)[:-1] + b"\1"))
    case("more padding than Padmé says", "Open", make(plain=pad(b"entry", 221, 640, whole=672)))
    case("length beyond the plaintext", "Open",
         make(plain=b"\0\0\xff\xff" + pad(b"entry", 221, 640)[4:]))
    write("envelope", cases)


def controls():
    cases = []

    def case(name, outcome, data):
        cases.append(dict(name=name, outcome=outcome, bytes=data))

    good = {
        "genesis": GENESIS, "device added": ADD, "device removed": REMOVE,
        "role set": [3, public(SECOND), 2], "epoch started": [4, new_epoch(OTHER, [])],
        "issuer trusted": [5, b"issuer file"], "enrolment opened": ENROL,
        "binding accepted": [7, b"signed binding", b"signed key set"],
        "relay added": [8, RELAY], "member added": [9, b"\x13" * 16, BOOK],
        "device offered": [10, BOOK, device(THIRD)],
    }
    for name, op in good.items():
        case(name, "ok", cbor(op))
    role = cbor(good["role set"])
    case("unknown op", "Malformed", cbor([11, public(SECOND)]))
    case("unknown role", "Malformed", cbor([3, public(SECOND), 4]))
    case("unknown kind of book", "Malformed", cbor([0, [2] + GENESIS[1][1:]]))
    case("device in version 2", "Malformed", cbor([1, [2] + device(SECOND)[1:], 0]))
    case("key of 31 bytes", "Malformed", cbor([3, public(SECOND)[:31], 2]))
    broken = b"\xff" * 1184 + public(SECOND)
    case("X-Wing key beyond its modulus", "Malformed",
         cbor([1, [1, public(SECOND), broken, public(INBOX), ""], 0]))
    case("name of 257 bytes", "Malformed", cbor([1, device(SECOND, "n" * 257), 0]))
    case("name that is not UTF-8", "Malformed",
         cbor([1, device(SECOND)[:4] + [Raw(b"\x61\xff")], 0]))
    case("heads out of order", "Malformed",
         cbor(REMOVE[:2] + [heads(FEED, THIRD)[::-1]] + REMOVE[3:]))
    case("two heads of one feed", "Malformed",
         cbor(REMOVE[:2] + [[head(FEED), head(FEED, 5)]] + REMOVE[3:]))
    case("relay on port 0", "Malformed", cbor([8, [1, "relay.example", 0, RELAY[3]]]))
    case("member id of 32 bytes", "Malformed", cbor([9, b"\x13" * 32, BOOK]))
    case("seed of 33 bytes", "Malformed", cbor([6, ENROL[1][:2] + [b"\x0f" * 33] + ENROL[1][3:]]))
    case("a field missing", "Malformed", cbor([3, public(SECOND)]))
    case("a field too many", "NotCanonical", role.replace(b"\x83\x03", b"\x84\x03", 1) + b"\0")
    case("a null too many", "NotCanonical", role.replace(b"\x83\x03", b"\x84\x03", 1) + b"\xf6")
    case("bytes behind it", "NotCanonical", role + b"\0")
    case("a long integer", "NotCanonical", role[:-1] + b"\x18\x02")
    case("cut short", "Malformed", role[:-1])
    case("no bytes", "Malformed", b"")
    case("a map", "Malformed", b"\xa0")
    case("a tag", "Malformed", b"\xc0" + role)
    write("control", cases)


def folds():
    """Scenarios: each op is [hash, author seed, control bytes, outcome of this insertion]."""
    cases = []

    def name(n):
        return bytes([n]) * 32

    def case(title, outcome, book, *ops):
        rows = [[name(n).hex(), public(author).hex(),
                 cbor([sorted(name(p) for p in parents), op]).hex(), result]
                for n, author, parents, op, result in ops]
        cases.append(dict(name=title, outcome=outcome, book=book, ops=rows))

    genesis = (1, DEVICE, [], GENESIS, "Applied")
    house = (1, DEVICE, [], HOUSE, "Applied")
    added = (2, DEVICE, [1], ADD, "Applied")
    removed = (3, DEVICE, [2], REMOVE, "Applied")
    viewer = (2, DEVICE, [1], [1, device(SECOND), 2], "Applied")
    offer = [10, BOOK, device(THIRD)]
    relay = [8, RELAY]

    case("a guardian acts", "ok", BOOK, genesis, added, (3, SECOND, [2], relay, "Applied"))
    case("a viewer offers its device", "ok", HOUSEHOLD, house, viewer, (3, SECOND, [2], offer, "Applied"))
    case("what did not know the removal stands", "ok", BOOK, genesis, added, removed,
         (4, SECOND, [2], relay, "Applied"))

    def fails(title, refusal, book, *ops):
        *before, (n, author, parents, op) = ops
        case(title, refusal, book, *before, (n, author, parents, op, refusal))

    fails("parents not held", "Waiting", BOOK, genesis, (3, DEVICE, [2], relay))
    fails("no parents", "NoParents", BOOK, genesis, (3, DEVICE, [], relay))
    fails("genesis of another book", "WrongBook", BOOK, genesis, (3, DEVICE, [], HOUSE))
    fails("genesis again", "SecondGenesis", BOOK, genesis, (3, DEVICE, [1], GENESIS))
    fails("genesis by another", "NotFounder", BOOK, (1, SECOND, [], GENESIS))
    fails("author never added", "UnknownAuthor", BOOK, genesis, (3, SECOND, [1], relay))
    fails("author added only elsewhere", "UnknownAuthor", BOOK, genesis, added,
          (3, SECOND, [1], relay))
    fails("author removed", "RemovedAuthor", BOOK, genesis, added, removed, (4, SECOND, [3], relay))
    fails("a viewer acts", "NotGuardian", BOOK, genesis, viewer, (3, SECOND, [2], relay))
    fails("member in a handbook", "WrongKind", BOOK, genesis,
          (3, DEVICE, [1], [9, b"\x13" * 16, BOOK]))
    fails("offer in a handbook", "WrongKind", BOOK, genesis, (3, DEVICE, [1], offer))
    fails("issuer in a household", "WrongKind", HOUSEHOLD, house, (3, DEVICE, [1], [5, b"file"]))
    fails("enrolment in a household", "WrongKind", HOUSEHOLD, house, (3, DEVICE, [1], ENROL))
    fails("binding in a household", "WrongKind", HOUSEHOLD, house,
          (3, DEVICE, [1], [7, b"binding", b"set"]))
    fails("a device added twice", "DeviceKnown", BOOK, genesis, added, (3, DEVICE, [2], ADD))
    fails("a removed device added", "DeviceGone", BOOK, genesis, added, removed,
          (4, DEVICE, [3], ADD))
    fails("a role for a removed device", "DeviceGone", BOOK, genesis, added, removed,
          (4, DEVICE, [3], [3, public(SECOND), 2]))
    fails("a role for nobody", "NoSuchDevice", BOOK, genesis,
          (3, DEVICE, [1], [3, public(SECOND), 2]))
    fails("removal of nobody", "NoSuchDevice", BOOK, genesis, (3, DEVICE, [1], REMOVE))
    write("fold", cases)


def entries():
    cases = []
    feed = public(FEED)
    change = [0, "2026", b"change"]

    def certificate(by=DEVICE, feed=feed, book=BOOK, control=(HASH,), last=None,
                    label="techo/feed-cert/v1"):
        signed = cbor([feed, book, list(control), last])
        return [book, public(by), list(control), last, sign(by, label, signed)]

    def case(name, outcome, plain, seq=0, after=None):
        """`after`: sequence and hash of the entry held before it."""
        previous = bytes(32) if seq == 0 else HASH
        data = seal_envelope(EPOCH, BOOK, FEED, seq, previous, plain)
        cases.append(dict(name=name, outcome=outcome, epoch=EPOCH, book=BOOK, bytes=data,
                          after=None if after is None else [after[0], after[1].hex()]))

    def entry(cert=None, frontier=(), op=change):
        return cbor([1, NOW, cert, list(frontier), op])

    cert = certificate()
    case("change, first of its feed", "ok", entry(cert))
    case("change, with a frontier", "ok", entry(frontier=heads(SECOND, THIRD)), 5, (4, HASH))
    case("control op in a founder's first feed", "ok",
         entry(certificate(control=()), op=[1, [[], GENESIS]]))
    case("control op upon two others", "ok",
         entry(op=[1, [[b"\1" * 32, b"\2" * 32], [3, public(SECOND), 2]]]), 5, (4, HASH))
    case("certificate that names the feed before", "ok",
         entry(certificate(last=head(SECOND))))
    case("snapshot statement", "ok",
         entry(op=[2, "2026", [b"\1" * 32], heads(SECOND), HASH]), 5, (4, HASH))
    plain = entry()
    case("first one lacking", "OutOfOrder", plain, 5)
    case("one lacking", "OutOfOrder", plain, 5, (3, HASH))
    case("held already", "OutOfOrder", plain, 5, (5, HASH))
    case("behind another", "PreviousMismatch", plain, 5, (4, b"\1" * 32))
    case("no certificate", "CertificateMissing", plain)
    case("certificate in a later entry", "CertificateUnexpected", entry(cert), 5, (4, HASH))
    case("certificate for another book", "CertificateBook", entry(certificate(book=HASH)))
    case("certificate for another feed", "CertificateSignature",
         entry(certificate(feed=public(SECOND))))
    case("certificate under another label", "CertificateSignature",
         entry(certificate(label="techo/envelope/v1")))
    swapped = cert[:2] + [[b"\1" * 32]] + cert[3:]
    case("certificate with other control heads", "CertificateSignature", entry(swapped))
    weak = cert[:1] + [b"\1" + bytes(31)] + cert[2:4] + [b"\1" + bytes(63)]
    case("certificate by a key of small order", "CertificateSignature", entry(weak))
    case("certificate that names its own feed", "OwnFeed",
         entry(certificate(last=[feed, 1, HASH])))
    case("frontier that names its own feed", "OwnFeed", entry(frontier=[[feed, 1, HASH]]), 5, (4, HASH))
    case("frontier out of order", "Malformed", entry(frontier=heads(SECOND, THIRD)[::-1]), 5, (4, HASH))
    case("frontier with a feed twice", "Malformed",
         entry(frontier=[head(SECOND), head(SECOND, 5)]), 5, (4, HASH))
    case("parents out of order", "Malformed",
         entry(op=[1, [[b"\2" * 32, b"\1" * 32], [3, public(SECOND), 2]]]), 5, (4, HASH))
    case("version 2", "Malformed", b"\x85\2" + plain[2:], 5, (4, HASH))
    case("unknown op", "Malformed", entry(op=[3, "2026"]), 5, (4, HASH))
    case("a long integer", "Malformed", b"\x85\x18\1" + plain[2:], 5, (4, HASH))
    case("bytes behind it", "Malformed", plain + b"\0", 5, (4, HASH))
    case("cut short", "Malformed", plain[:-1], 5, (4, HASH))
    case("nothing", "Malformed", b"", 5, (4, HASH))
    write("entry", cases)


def items():
    cases = []
    inbox = public(INBOX)

    def case(name, outcome, data, payload=None, seed=EPOCH, inbox=inbox, **more):
        cases.append(dict(name=name, outcome=outcome, seal_seed=seed, inbox=inbox, bytes=data,
                          payload=payload, **more))

    def opened(name, payload, outcome="ok"):
        case(name, outcome, seal_item(EPOCH, inbox, payload), payload)

    def grant(version=1, epochs=(EPOCH, OTHER), frontier=None):
        frontier = heads(FEED, SECOND) if frontier is None else frontier
        return cbor([1, [version, BOOK, [RELAY], list(epochs), [HASH], frontier]])

    message = cbor([0, b"signed message"])
    good = seal_item(EPOCH, inbox, message)
    case("pairing message", "ok", good, message)
    opened("grant", grant())
    opened("grant of a book without a relay", cbor([1, [1, BOOK, [], [EPOCH], [HASH], []]]))
    case("version 2", "Version", b"\2" + good[1:])
    case("suite 2", "Suite", good[:1] + b"\2" + good[2:])
    case("cut short", "Length", good[:-1])
    case("no bytes", "Length", b"")
    case("61,441 bytes", "TooLong", good[:6], zeros_behind=61_435)
    case("a length that padding does not yield", "Padding",
         seal_item(EPOCH, inbox, message, pad(message, 1142, 0, whole=2049)))
    case("another receiver", "Open", good, seed=OTHER)
    case("another inbox", "Open", good, inbox=HASH)
    for name, at in (("ML-KEM part", 6), ("X25519 part", 1100), ("ciphertext", 1126), ("tag", 2047)):
        case(f"{name} altered", "Open", good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
    case("padding that is not zero", "Open",
         seal_item(EPOCH, inbox, message, pad(message, 1142, 2048)[:-1] + b"\1"))
    case("more padding than Padmé says", "Open",
         seal_item(EPOCH, inbox, message, pad(message, 1142, 0, whole=2176)))
    opened("unknown payload", cbor([4, b""]), "Malformed")
    opened("what issuers send", cbor([2, [b"", b""], [b"", b""]]), "Malformed")
    opened("grant in version 2", grant(2), "Malformed")
    opened("grant with a frontier out of order", grant(frontier=heads(FEED, SECOND)[::-1]), "Malformed")
    opened("grant with a key of 31 bytes", grant(epochs=[EPOCH[:31]]), "Malformed")
    opened("bytes behind the payload", message + b"\0", "Malformed")
    opened("no payload", b"", "Malformed")
    write("item", cases)


def slots():
    cases = []
    vault, salt, nonce, master = b"\x14" * 16, b"\x15" * 16, b"\x16" * 24, b"\x17" * 32
    phrase = "あさがお 七つ"

    def slot(kind=1, memory=65_536, passes=3, lanes=4, phrase=phrase, commit=None, aad=None):
        if memory >= 8 * lanes and 0 < passes < 9 and 0 < lanes and memory <= 65_536:
            stretched = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes,
                                 memory_cost=memory).derive(phrase.encode())
        else:
            stretched = bytes(32)
        both = derive(stretched, "techo/slot/v1", vault + salt, 64)
        wrapped = xseal(both[:32], nonce, aad or vault + bytes([kind]), master)
        return cbor([kind, salt, memory, passes, lanes, nonce, wrapped, commit or both[32:]])

    header = derive(master, "techo/vault-mac/v1", vault, 32)
    mac = hmac.digest(header, b"header", "sha256")
    blind = hmac.digest(derive(master, "techo/vault-blind/v1", vault, 32), b"name", "sha256")[:16]
    stored = {}
    for label in ("keys", "index", "manifest"):
        key = derive(master, f"techo/vault-{label}/v1", vault, 32)
        stored[label] = nonce + xseal(key, nonce, b"place", label.encode())

    def case(name, outcome, data, phrase=phrase):
        cases.append(dict(name=name, outcome=outcome, vault=vault, passphrase=phrase, bytes=data,
                          mac=mac, blind=blind, **stored))

    case("passphrase", "ok", slot())
    case("recovery kit", "ok", slot(kind=3, lanes=1))
    case("another passphrase", "Wrong", slot(), "あさがお 八つ")
    case("another commitment", "Wrong", slot(commit=b"\x18" * 32))
    case("wrapped for another kind", "Wrong", slot(aad=vault + b"\3"))
    case("too little memory", "TooCheap", slot(memory=65_535))
    case("too few passes", "TooCheap", slot(passes=2))
    case("no lanes", "TooCheap", slot(lanes=0))
    case("too much memory", "TooCostly", slot(memory=4_194_305))
    case("too many passes", "TooCostly", slot(passes=17))
    case("too many lanes", "TooCostly", slot(lanes=17))
    case("unknown kind", "Malformed", cbor([4]) + slot()[2:])
    write("slot", cases)


def derived():
    """Known answers: what each secret gives."""
    secret = derive(b"\x19" * 32, "techo/pair-newcomer/v1", b"", 96)
    other = derive(b"\x19" * 32, "techo/pair-inviter/v1", b"", 96)
    inbox = public(INBOX)
    joins = new_epoch(OTHER, [EPOCH, b"\x1a" * 32])
    answers = dict(
        epoch=EPOCH, book=BOOK, genesis=cbor(GENESIS), inbox=inbox,
        tag=derive(EPOCH, "techo/epoch-tag/v1", BOOK, 16),
        commitment=commitment(EPOCH),
        mailbox=public(derive(EPOCH, "techo/mailbox/v1", BOOK, 32)),
        append_key=public(derive(EPOCH, "techo/append-key/v1", inbox, 32)),
        seal_public=xwing_public(EPOCH),
        joining=OTHER, joins=cbor(joins), joined=EPOCH + b"\x1a" * 32,
        ticket=b"\x19" * 32,
        newcomer=public(secret[:32]) + public(secret[32:64]) + xwing_public(secret[64:]),
        inviter=public(other[:32]) + public(other[32:64]) + xwing_public(other[64:]),
    )
    text = json.dumps({k: v.hex() for k, v in answers.items()}, indent=1)
    (HERE / "derived.json").write_text(text + "\n")


if __name__ == "__main__":
    assert not os.environ.get("CI"), "vectors are made once"
    for make in (envelopes, controls, folds, entries, items, slots, derived):
        make()
