"""Hand-made hostile requests, each with a name. Pure: what is sent, and what may be answered.

None may be answered with 500 or more, or keep the gateway busy; most have to be refused with a sentence.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOKEN = b"{TOKEN}"
"""Stands for the access token in what is sent."""

SYNC, BATCH, BULK = "/api/products/sync", "/api/products/sync/batch", "/api/products/bulk"
LOGIN, MEDIA, WEBHOOKS = "/api/auth/login", "/api/v1/media/" + "a" * 64, "/api/v1/webhooks"

REFUSED = frozenset(range(400, 500))
READ = REFUSED | {200, 201, 202}
"""For what may be read: a harmless oddity, or one that is the validator's to judge."""


@dataclass(frozen=True)
class HostileRequest:
    """What goes over the wire. `ends`: the sender closes its side then, and may get no answer at all."""

    name: str
    sent: bytes = field(repr=False)
    statuses: frozenset[int] = REFUSED
    ends: bool = False


def request(
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str | bytes | None] | None = None,
) -> bytes:
    """A request as it goes over the wire, logged in unless a header says otherwise; None leaves one out."""
    wanted: dict[str, str | bytes | None] = {
        "Host": "gateway",
        "Authorization": b"Bearer " + TOKEN,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Prefer": "respond-async",
        "Connection": "close",
        **(headers or {}),
    }
    lines = [f"{method} {path} HTTP/1.1".encode("utf-8", "surrogateescape")]
    for name, value in wanted.items():
        if value is not None:
            text = value if isinstance(value, bytes) else value.encode()
            lines.append(name.encode() + b": " + text)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def hostile_requests() -> list[HostileRequest]:
    """All of them."""
    made = [*_json(), *_fields(), *_shapes(), *_headers(), *_lengths(), *_paths(), *_framing(), *_pictures()]
    names = [one.name for one in made]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two requests have the same name: {sorted(doubled)}")
    return made


# ── JSON ──

_JSON: Mapping[str, bytes] = {
    "nothing": b"",
    "white space": b" \r\n\t ",
    "not JSON": b"{reference: 1}",
    "a word": b"undefined",
    "single quotes": b"{'items': []}",
    "a comment": b'{"items": []} // no',
    "a trailing comma": b'{"items": [],}',
    "two values": b"{} {}",
    "a value and rubbish": b'{"items": []}]',
    "half an object": b'{"items": [{"reference": "A"',
    "half a string": b'{"items": [{"reference": "A',
    "half an escape": b'{"items": [{"reference": "\\',
    "half a unicode escape": b'{"items": [{"reference": "\\u00',
    "an escape that is none": b'{"a": "\\x41"}',
    "a unicode escape that is none": b'{"a": "\\uZZZZ"}',
    "100,000 lists": b"[" * 100_000,
    "100,000 lists, closed": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "33 levels": b"[" * 33 + b"]" * 33,
    "300,000 lists inside": b'{"items": [' + b"[]," * 300_000 + b"[]]}",
    "three million objects": b'{"items": [' + b"{}," * 3_000_000 + b"{}]}",
    "300,000 numbers": b'{"items": [' + b"0.1," * 300_000 + b"0]}",
    "300,000 keys": b"{" + b",".join(b'"%d":0' % number for number in range(300_000)) + b"}",
    "a megabyte of a key": b'{"' + b"k" * 1_000_000 + b'": 1}',
    "a megabyte of a string": b'{"items": "' + b"s" * 1_000_000 + b'"}',
    "a key twice": b'{"items": [], "items": []}',
    "a key twice, written otherwise": b'{"items": [], "\\u0069tems": []}',
    "an empty key": b'{"": 1}',
    "__proto__": b'{"__proto__": {"items": []}}',
    "NaN": b'{"items": [{"reference": "A", "price": NaN}]}',
    "Infinity": b'{"items": [{"reference": "A", "price": Infinity}]}',
    "-Infinity": b'{"items": [{"reference": "A", "price": -Infinity}]}',
    "1e400": b'{"items": [{"reference": "A", "price": 1e400}]}',
    "1e-400": b'{"items": [{"reference": "A", "price": 1e-400}]}',
    "a huge exponent": b'{"a": 1e999999999999999999999}',
    "a huge negative exponent": b'{"a": 1e-999999999999999999999}',
    "5,000 digits": b'{"items": [{"reference": "A", "quantity": ' + b"9" * 5000 + b"}]}",
    "5,000 decimals": b'{"items": [{"reference": "A", "price": 0.' + b"1" * 5000 + b"}]}",
    "a megabyte of digits": b"9" * 1_000_000,
    "a number with a leading zero": b'{"a": 01}',
    "a number with a plus": b'{"a": +1}',
    "a hexadecimal number": b'{"a": 0x1F}',
    "a number with underscores": b'{"a": 1_000}',
    "Arabic digits": '{"a": ١٢}'.encode(),
    "a lone surrogate": b'{"items": [{"name": "\\ud800"}]}',
    "surrogates in the wrong order": b'{"items": [{"name": "\\udc00\\ud800"}]}',
    "a lone surrogate as a key": b'{"\\udfff": 1}',
    "a surrogate in UTF-8": b'{"items": [{"name": "\xed\xa0\x80"}]}',
    "NUL, escaped": b'{"items": [{"name": "\\u0000"}]}',
    "NUL": b'{"items": [{"name": "\x00"}]}',
    "NUL in a key": b'{"\\u0000": 1}',
    "a bell": b'{"items": [{"name": "\x07"}]}',
    "a vertical tab, escaped": b'{"items": [{"name": "\\u000b"}]}',
    "a form feed, escaped short": b'{"items": [{"name": "\\f"}]}',
    "a line end in a string": b'{"items": [{"name": "a\nb"}]}',
    "a byte order mark": b'\xef\xbb\xbf{"items": []}',
    "UTF-16": '{"items": []}'.encode("utf-16"),
    "UTF-16 without a mark": '{"items": []}'.encode("utf-16-le"),
    "UTF-32": '{"items": []}'.encode("utf-32"),
    "Latin-1": '{"items": [{"name": "è"}]}'.encode("latin-1"),
    "an overlong encoding": b'{"a": "\xc0\x80"}',
    "half a character": b'{"a": "\xc3"}',
    "beyond Unicode": b'{"a": "\xf5\x80\x80\x80"}',
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "a form": b"items=1&items=2",
    "a pickle": b"\x80\x04\x95",
    "a gzip": gzip.compress(b'{"items": []}'),
}


def _json() -> Iterator[HostileRequest]:
    for name, body in _JSON.items():
        yield HostileRequest(f"bulk: {name}", request("POST", BULK, body))
    for name in ("nothing", "NaN", "a key twice", "100,000 lists", "NUL, escaped", "UTF-16"):
        for path in (SYNC, BATCH, LOGIN, WEBHOOKS):
            yield HostileRequest(f"{path}: {name}", request("POST", path, _JSON[name][:60_000]))


# ── shapes of bodies, fields of products ──

_SHAPES: Mapping[str, Any] = {
    "null": None,
    "a boolean": True,
    "a number": 7,
    "a string": "items",
    "a list": [],
    "an empty object": {},
    "a list in a list": [[[]]],
    "an unknown key": {"drop_tables": True},
    "items null": {"items": None, "products": None},
    "items an object": {"items": {}, "products": {}},
    "items a string": {"items": "A", "products": "A"},
    "no items": {"items": [], "products": []},
    "items of numbers": {"items": [1, 2, 3], "products": [1, 2, 3]},
    "items of null": {"items": [None], "products": [None]},
}


def _shapes() -> Iterator[HostileRequest]:
    for name, value in _SHAPES.items():
        body = json.dumps(value).encode()
        for path in (SYNC, BATCH, BULK):
            yield HostileRequest(f"{path}: {name}", request("POST", path, body), READ)
    for number in (201, 5000):
        products = {"products": [{**_PRODUCT, "reference": f"R{at}"} for at in range(number)]}
        yield HostileRequest(f"a batch of {number}", request("POST", BATCH, json.dumps(products).encode()))
    items = {"items": [{"reference": "A"}] * 100_001}
    yield HostileRequest("a bulk of 100,001", request("POST", BULK, json.dumps(items).encode()))


_PRODUCT: Mapping[str, Any] = {
    "operation": "create",
    "reference": "HOSTILE",
    "name": "Hostile",
    "price": 1,
    "quantity": 1,
}

_FIELDS: Mapping[str, Sequence[Any]] = {
    "quantity": [2**31, 2**63, 2**64, -(2**63), 10**39, "12", 1.5, True, [], {}, "9" * 400, 1e30],
    "price": ["0,10", -0.01, 1e-9, 12345678901234567890, "NaN", "1e999", "१२", [], {"a": 1}, True, "0x10"],
    "reference": ["", " ", "a" * 65, "a" * 100_000, " A", "../../etc", "%5B1%5D", "[1|2]", "😀", "a\u202eb"],
    "name": ["", "n" * 256, "n" * 100_000, 5, [], {"xx": "a"}, {"it": 5}, {"": ""}, {"it" * 500: "a"}],
    "description": ["d" * 10_001, "<script>alert(1)</script>", "]]>", "<!DOCTYPE a>", "{{7*7}}", "\u200b", 1],
    "ean13": ["4006381333932", "400638133393", "40063813339310", "٤٠٠٦٣٨١٣٣٣٩٣١", 4006381333931, "a" * 13],
    "categories": [[0], [-1], [2**63], ["2"], [[2]], 2, [2] * 100_000, [None], {"2": 2}],
    "brand": [5, [], {"name": None}, {"name": {"a": "b"}}, "b" * 100_000, {"id": 2**70}],
    "technical_data": [5, [5], [{}], [{"Gruppo": 5}], [{"Gruppo": "a", "Descrizione": "b"}] * 101, {"a": 1}],
    "images": [5, [5], [{}], [{"fileName": "a.jpg"}] * 11, [{"fileName": 1, "base64": 1}], {"base64": ""}],
    "variants": [5, [5], [{}], [{"reference": "V", "options": {"a": []}}], [{"reference": "V"}] * 2000],
    "operation": ["drop", "", 5, None, ["create"], "CREATE"],
    "active": ["yes", 2, "true", [], None],
    "dry_run": ["true", 1, None, []],
    "presta_id": [0, -1, 2**63, 10**39, "1", 1.5],
    "product_id": [0, -1, 2**63, 10**39, "1", 1.5],
    "discounts": [5, [5], [{"quantity": 2**63, "discount": 101}], [{"quantity": -1, "amount": "x"}]],
    "weight": [-1, 10**30, "heavy", [], 1e-30],
}


def _fields() -> Iterator[HostileRequest]:
    for name, values in _FIELDS.items():
        for number, value in enumerate(values):
            product = dict(_PRODUCT) | {name: value}
            single, items = json.dumps(product).encode(), json.dumps({"items": [product]}).encode()
            yield HostileRequest(f"sync: {name} no. {number}", request("POST", SYNC, single), READ)
            yield HostileRequest(f"bulk: {name} no. {number}", request("POST", BULK, items), READ)


# ── headers ──

_SENT = b'{"items": [{"reference": "A"}]}'

_HEADERS: Mapping[str, Mapping[str, str | bytes | None]] = {
    "no content type": {"Content-Type": None},
    "an empty content type": {"Content-Type": ""},
    "a form's content type": {"Content-Type": "application/x-www-form-urlencoded"},
    "multipart without a boundary": {"Content-Type": "multipart/form-data"},
    "a content type that is none": {"Content-Type": "///;;;=="},
    "a bogus charset": {"Content-Type": "application/json; charset=bogus"},
    "UTF-16 announced": {"Content-Type": "application/json; charset=utf-16"},
    "UTF-7 announced": {"Content-Type": "application/json; charset=utf-7"},
    "gzip announced": {"Content-Encoding": "gzip"},
    "gzip twice announced": {"Content-Encoding": "gzip, gzip"},
    "brotli announced": {"Content-Encoding": "br"},
    "zstd announced": {"Content-Encoding": "zstd"},
    "an unknown encoding": {"Content-Encoding": "x-rot13"},
    "no credential": {"Authorization": None},
    "an empty credential": {"Authorization": ""},
    "a bearer of nothing": {"Authorization": "Bearer"},
    "basic": {"Authorization": "Basic YTpi"},
    "a token that is none": {"Authorization": "Bearer x.y.z"},
    "alg none": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."},
    "a token with bytes beyond ASCII": {"Authorization": b"Bearer \xff\xfe\xc3"},
    "a token of 7 KB": {"Authorization": "Bearer " + "a" * 7000},
    "a token with deep JSON": {"Authorization": "Bearer " + "W1tb" * 1700 + ".e30.e30"},
    "a key that is none": {"Authorization": None, "X-API-Key": "pm_live_" + "a" * 36},
    "a key beyond ASCII": {"Authorization": None, "X-API-Key": b"pm_live_\xff\xc3\xa9"},
    "two credentials": {"X-API-Key": "pm_live_" + "a" * 36},
    "another tenant": {"X-Tenant-Id": "other"},
    "a tenant beyond ASCII": {"X-Tenant-Id": b"\xff\xfe"},
    "a shop that is none": {"X-Shop-Id": "'; drop table users; --"},
    "a shop beyond ASCII": {"X-Shop-Id": b"\xed\xa0\x80\xff"},
    "an expectation that nobody meets": {"Expect": "the-unexpected"},
}

_HARMLESS_HEADERS: Mapping[str, Mapping[str, str | bytes | None]] = {
    "two charsets": {"Content-Type": "application/json; charset=utf-8; charset=utf-16"},
    "an empty charset": {"Content-Type": "application/json; charset="},
    "a content type of 6 KB": {"Content-Type": "application/json; a=" + "b" * 6000},
    "a wait of years": {"Prefer": "wait=99999999999999999999, respond-async"},
    "a wait below nothing": {"Prefer": "wait=-1; respond-async"},
    "a preference that is none": {"Prefer": ";;;===,,,wait=1e5, respond-async"},
    "a preference beyond ASCII": {"Prefer": b"wait=\xd9\xa1, respond-async"},
    "a traceparent that is none": {"traceparent": "00-zz-zz-zz"},
    "a traceparent of zeros": {"traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-00"},
    "a traceparent beyond ASCII": {"traceparent": b"\xff" * 55},
    "an accept that is none": {"Accept": "\t;q=zz,,,"},
    "an accept of 7 KB": {"Accept": "a/b," * 1700},
    "a forwarded address that is none": {"X-Forwarded-For": "::ffff:1.2.3.4.5, %00, " + "9" * 500},
    "a host of another": {"Host": "evil.example.com:99999"},
    "a host beyond ASCII": {"Host": b"\xff"},
    "a cookie of 7 KB": {"Cookie": "a=b;" * 1700},
    "a range": {"Range": "bytes=0-18446744073709551616"},
    "a condition that is none": {"If-Modified-Since": "yesterday", "If-None-Match": '"'},
    "a method to override": {"X-HTTP-Method-Override": "DELETE"},
    "an idempotency key beyond ASCII": {"Idempotency-Key": b"\xff\xed\xa0\x80"},
    "an idempotency key of 7 KB": {"Idempotency-Key": "k" * 7000},
    "an empty idempotency key": {"Idempotency-Key": ""},
    "HTTP/2 by upgrade": {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AA"},
    "a websocket": {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x"},
}


def _headers() -> Iterator[HostileRequest]:
    for name, headers in _HEADERS.items():
        yield HostileRequest(f"header: {name}", request("POST", BULK, _SENT, headers))
    for name, headers in _HARMLESS_HEADERS.items():
        yield HostileRequest(f"header: {name}", request("POST", BULK, _SENT, headers), READ)
        yield HostileRequest(
            f"header, asking: {name}",
            request("GET", f"{BULK}/bulk_1", b"", headers),
            frozenset({404}) | REFUSED,
        )


# ── lengths ──

_BOMB = gzip.compress(bytes(100_000_000))


def _lengths() -> Iterator[HostileRequest]:
    announced = {"a negative length": "-1", "a length in words": "many", "a length beyond counting": "9" * 30}
    announced |= {"a length with a plus": "+5", "a length in hexadecimal": "0x10", "a length twice": "5, 6"}
    for name, length in announced.items():
        yield HostileRequest(name, request("POST", BULK, b"{}", {"Content-Length": length}))
    for name, size in {"a length of 1 TB": 10**12, "a length of 1 GB": 10**9}.items():
        yield HostileRequest(name, request("POST", BULK, b"{}", {"Content-Length": str(size)}))
    yield HostileRequest(
        "less than announced", request("POST", BULK, b"{}", {"Content-Length": "1000"}), ends=True
    )
    yield HostileRequest(
        "more than announced", request("POST", BULK, b"{}" + b"x" * 1000, {"Content-Length": "2"}), READ
    )
    yield HostileRequest("no length", request("POST", BULK, b"", {"Content-Length": None}))
    yield HostileRequest("a login of a megabyte", request("POST", LOGIN, b" " * 1_000_000))
    yield HostileRequest("a webhook of a megabyte", request("POST", WEBHOOKS, b" " * 1_000_000))
    yield HostileRequest("60 MB of white space", request("POST", BULK, b" " * 60_000_000))
    yield HostileRequest("60 MB of small objects", request("POST", BULK, b"[" + b"{}," * 20_000_000 + b"0]"))
    yield HostileRequest("a bomb of gzip", request("POST", BULK, _BOMB, {"Content-Encoding": "gzip"}))
    yield HostileRequest("a picture of 11 MB", request("PUT", MEDIA, b"\xff\xd8\xff" + bytes(11_000_000)))
    yield HostileRequest("a body to a GET", request("GET", f"{BULK}/bulk_1", b"x" * 100_000))
    yield HostileRequest("a body to a DELETE", request("DELETE", f"{SYNC}/A?mode=drop", b"x" * 100_000))


def _chunked(path: str, body: bytes) -> bytes:
    return request("POST", path, body, {"Content-Length": None, "Transfer-Encoding": "chunked"})


def _framing() -> Iterator[HostileRequest]:
    one_byte_chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in b'{"items": []}') + b"0\r\n\r\n"
    yield HostileRequest("chunks of one byte", _chunked(BULK, one_byte_chunks), READ)
    yield HostileRequest("50,000 chunks of one byte", _chunked(BULK, b"1\r\n \r\n" * 50_000 + b"0\r\n\r\n"))
    yield HostileRequest("a chunk's length in words", _chunked(BULK, b"ten\r\n{}\r\n0\r\n\r\n"))
    yield HostileRequest(
        "a chunk's length beyond counting", _chunked(BULK, b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n")
    )
    yield HostileRequest("a negative chunk", _chunked(BULK, b"-2\r\n{}\r\n0\r\n\r\n"))
    yield HostileRequest("a chunk longer than said", _chunked(BULK, b"1\r\n{}\r\n0\r\n\r\n"))
    yield HostileRequest(
        "a chunk's extension of 100 KB", _chunked(BULK, b"2;" + b"a" * 100_000 + b"\r\n{}\r\n0\r\n\r\n")
    )
    yield HostileRequest(
        "trailers of 1 MB", _chunked(BULK, b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * 150_000), ends=True
    )
    yield HostileRequest("chunks that end early", _chunked(BULK, b"ff\r\n{}"), ends=True)
    yield HostileRequest(
        "chunks without end, endless", _chunked(LOGIN, b"2710\r\n" + b" " * 10_000 + b"\r\n") * 1, ends=True
    )
    both = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
    yield HostileRequest("length and chunks", request("POST", BULK, b"0\r\n\r\n", both))
    for coding in ("gzip, chunked", "chunked, chunked", "identity", "xchunked", "chunked, gzip", " chunked"):
        headers = {"Content-Length": None, "Transfer-Encoding": coding}
        yield HostileRequest(
            f"transfer encoding {coding!r}",
            request("POST", BULK, b"2\r\n{}\r\n0\r\n\r\n", headers),
            ends=True,
        )
    bare = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    raw = {
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/0.9": b"GET /healthz\r\n\r\n",
        "HTTP/9.9": b"GET /healthz HTTP/9.9\r\n\r\n",
        "bytes": bytes(range(256)) * 20,
        "a method that is none": b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
        "a method of 100 KB": b"G" * 100_000 + b" / HTTP/1.1\r\n\r\n",
        "a path of 100 KB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "a header of 100 KB": bare + b"A: " + b"a" * 100_000 + b"\r\n\r\n",
        "10,000 headers": bare + b"".join(b"A%d: a\r\n" % n for n in range(10_000)) + b"\r\n",
        "a header without a name": bare + b": a\r\n\r\n",
        "a header with a space": bare + b"A b: a\r\n\r\n",
        "a header without a colon": bare + b"Abc\r\n\r\n",
        "a folded header": bare + b"A: a\r\n b\r\n\r\n",
        "NUL in a header": bare + b"A: a\x00b\r\n\r\n",
        "a bare CR in a header": bare + b"A: a\rb\r\n\r\n",
        "two hosts": bare + b"Host: y\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "two lengths": bare + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "a request in a request": bare
        + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1",
    }
    for name, sent in raw.items():
        yield HostileRequest(name, sent, REFUSED | {200}, ends=True)
    pipelined = request("GET", f"{BULK}/bulk_1", b"", {"Connection": "keep-alive"})
    yield HostileRequest("1,000 requests at once", pipelined * 1000, ends=True)


# ── paths ──

_PATHS: Mapping[str, str] = {
    "a NUL": f"{SYNC}/sync_%00",
    "bytes that are no UTF-8": f"{SYNC}/sync_%ff%fe",
    "half an escape": f"{SYNC}/sync_%",
    "an escape that is none": f"{SYNC}/sync_%zz",
    "SQL": f"{SYNC}/sync_'%20or%201=1--",
    "a slash, escaped": f"{SYNC}/sync_%2f..%2f..%2fetc%2fpasswd",
    "the folder above": f"{SYNC}/../../../etc/passwd",
    "an id of 3,000 letters": f"{SYNC}/sync_" + "a" * 3000,
    "an id in other letters": f"{SYNC}/sync_%D9%A1%D9%A2",
    "a page below nothing": f"{BULK}/bulk_1?page=-1",
    "a page beyond counting": f"{BULK}/bulk_1?page=" + "9" * 400,
    "a page in other digits": f"{BULK}/bulk_1?page=%D9%A1",
    "a page that is none": f"{BULK}/bulk_1?page[]=1",
    "a query of 6 KB": f"{BULK}/bulk_1?" + "a=b&" * 1500,
    "a query that is no UTF-8": f"{BULK}/bulk_1?shop=%ff&page=%c3",
    "another's address": "http://evil.example.com/api/products/bulk/bulk_1",
    "an address that is none": "http://[::1/api",
    "a star": "*",
    "nothing": "/",
    "a template": "/api/{{7*7}}",
    "a fragment": f"{BULK}/bulk_1#fragment",
    "bytes beyond ASCII": f"{SYNC}/sync_\udcff\udcfe",
}


def _paths() -> Iterator[HostileRequest]:
    for name, path in _PATHS.items():
        yield HostileRequest(f"path: {name}", request("GET", path))
    for method in ("PUT", "PATCH", "TRACE", "CONNECT", "OPTIONS", "PROPFIND"):
        yield HostileRequest(f"method {method}", request(method, BULK, b"{}"))
    for name, path in {
        "a reference that is no UTF-8": f"{SYNC}/%ff%fe",
        "a reference with NUL": f"{SYNC}/a%00b",
        "a reference of 3,000 letters": f"{SYNC}/" + "a" * 3000,
        "a deletion in an unknown mode": f"{SYNC}/A?mode=%00",
        "a deletion that may be dry": f"{SYNC}/A?dry_run=maybe",
        "a deletion in a shop that is none": f"{SYNC}/A?shop=%ff%00",
    }.items():
        yield HostileRequest(name, request("DELETE", path), READ)


# ── pictures ──


def _pictures() -> Iterator[HostileRequest]:
    texts: Mapping[str, bytes] = {
        "empty": b'""',
        "no base64": b'"!!!!"',
        "half a quartet": b'"/9j/4"',
        "padding in the middle": b'"/9j=/9j/"',
        "URL-safe": b'"_9j_4AAQ"',
        "a data URL without end": b'"data:image/png;base64"',
        "a data URL of 100 KB": b'"data:' + b"a" * 100_000 + b'"',
        "a number": b"5",
        "null": b"null",
        "an object": b'{"base64": "/9j/4AAQ"}',
        "an escape that is none": b'"\\x41"',
        "a lone surrogate": b'"\\ud800"',
        "a control character": b'"\x01"',
        "text": b'"' + b"QUJD" * 1000 + b'"',
        "11 MB": b'"/9j/' + b"AAAA" * 2_900_000 + b'"',
    }
    for name, text in texts.items():
        image = b'{"fileName": "a.jpg", "base64": ' + text + b"}"
        body = b'{"items": [{"reference": "A", "images": [' + image + b"]}]}"
        yield HostileRequest(f"picture: {name}", request("POST", BULK, body), READ)
    for name, file_name in {
        "a path": "../../x.php.jpg",
        "NUL": "a\u0000.jpg",
        "300 letters": "a" * 300,
    }.items():
        entry = {"reference": "A", "images": [{"fileName": file_name, "base64": "/9j/4AAQ"}]}
        yield HostileRequest(
            f"picture named {name}", request("POST", BULK, json.dumps({"items": [entry]}).encode()), READ
        )
    for name, digest in {
        "upper case": "A" * 64,
        "too short": "a" * 63,
        "no digits": "g" * 64,
        "a path": "..",
    }.items():
        yield HostileRequest(
            f"media: {name}", request("PUT", f"/api/v1/media/{digest}", b"\xff\xd8\xff" + bytes(99))
        )
    yield HostileRequest("media: other bytes", request("PUT", MEDIA, b"\xff\xd8\xff" + bytes(100)))
    yield HostileRequest("media: no picture", request("PUT", MEDIA, b"<?php system($_GET[1]); ?>" * 10))
    yield HostileRequest("media: nothing", request("PUT", MEDIA, b""))
