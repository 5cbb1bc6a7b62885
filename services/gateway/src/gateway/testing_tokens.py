"""For tests: what somebody makes of a genuine access token. Each is to be refused with 401."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from gateway.access.key_texts import BASE62

Header = tuple[str, str]

HEADER: Mapping[str, Any] = {"alg": "HS256", "typ": "at+jwt"}
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PUBLIC_KEY = (
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
    "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n-----END PUBLIC KEY-----\n"
)
OTHER_ALGORITHMS = ("HS384", "HS512", "RS256", "RS512", "ES256", "PS256", "EdDSA", "dir")
HASHES = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}


def claims_of(token: str) -> dict[str, Any]:
    """The payload, whether the token is valid or not."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def signed(payload: Any, secret: str, header: Any = HEADER) -> str:
    """A token of any header and payload, with a right signature; texts are taken as they are."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, payload)]
    text = ".".join(_base64url(part.encode()) for part in parts)
    algorithm = header.get("alg") if isinstance(header, dict) else None
    hashed = HASHES.get(algorithm, hashlib.sha256) if isinstance(algorithm, str) else hashlib.sha256
    return f"{text}.{_base64url(hmac.digest(secret.encode(), text.encode(), hashed))}"


def _without_signature(token: str) -> str:
    return token.rpartition(".")[0] + "."


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bearer(token: str) -> list[Header]:
    return [("Authorization", f"Bearer {token}")]


def forged_headers(genuine: str, secret: str) -> dict[str, list[Header]]:
    """Requests that are refused by what is in them alone, by name."""
    tokens = (
        _other_spellings(genuine)
        | _other_algorithms(genuine, secret)
        | _other_headers(genuine, secret)
        | _other_claims(genuine, secret)
        | _other_signatures(genuine, secret)
    )
    return {name: _bearer(token) for name, token in tokens.items()} | _other_ways_to_send(genuine)


def forged_standing(genuine: str, secret: str) -> dict[str, list[Header]]:
    """Requests that only the database can refuse, rightly signed: of other users, sessions, passwords."""
    claims = claims_of(genuine)
    changed = {
        "an unknown user": {"sub": "user_0"},
        "another tenant": {"tenant": "other"},
        "an unknown session": {"sid": "ses_0"},
        "an earlier password": {"ver": claims["ver"] - 1},
        "a later password": {"ver": claims["ver"] + 1},
    }
    return {name: _bearer(signed(claims | change, secret)) for name, change in changed.items()} | {
        "another tenant, told twice": _bearer(
            signed(json.dumps(claims)[:-1] + ', "tenant": "other"}', secret)
        ),
    }


def _other_spellings(genuine: str) -> dict[str, str]:
    header, payload, signature = genuine.split(".")
    last = BASE64URL[BASE64URL.index(signature[-1]) ^ 1]
    return {
        "no token": "abc",
        "dots alone": "..",
        "three dots": "...",
        "the header alone": header,
        "no signature": f"{header}.{payload}",
        "an empty signature": f"{header}.{payload}.",
        "no payload": f"{header}..{signature}",
        "no header": f".{payload}.{signature}",
        "four parts": f"{genuine}.{signature}",
        "five parts, as an encrypted token": f"{header}..{payload}.{payload}.{signature}",
        "parts in another order": f"{payload}.{header}.{signature}",
        "its JSON form": json.dumps({"protected": header, "payload": payload, "signature": signature}),
        "padding after the signature": f"{genuine}=",
        "padding after the header": f"{header}=.{payload}.{signature}",
        "another last character of the same signature": genuine[:-1] + last,
        "a character that decoders pass over": f"{header}.{payload}.{signature[:9]}!{signature[9:]}",
        "a space in the signature": f"{header}.{payload}.{signature[:9]} {signature[9:]}",
        "a tab at the front": f"\t{genuine}",
        "a second space": f" {genuine}",
        "in quotes": f'"{genuine}"',
        "dots as percent escapes": genuine.replace(".", "%2E"),
        "full-width dots": genuine.replace(".", "\uff0e"),
        "twice, with a comma": f"{genuine}, {genuine}",
        "the scheme twice": f"Bearer {genuine}",
        "cut by one": genuine[:-1],
        "cut by four": genuine[:-4],
        "cut in half": genuine[: len(genuine) // 2],
        "one character more": f"{genuine}A",
        "in upper case": genuine.upper(),
        "backwards": genuine[::-1],
        "far too long": f"{header}.{payload}{'A' * 5000}.{signature}",
    }


def _other_algorithms(genuine: str, secret: str) -> dict[str, str]:
    claims = claims_of(genuine)
    signature = genuine.rpartition(".")[2]
    unsigned = {
        f"alg {alg} without a signature": _without_signature(signed(claims, secret, {**HEADER, "alg": alg}))
        for alg in ("none", "None", "NONE", "nOnE")
    }
    ours = {
        f"alg {alg} signed with our secret": signed(claims, secret, {"alg": alg, "typ": "at+jwt"})
        for alg in (
            "HS384",
            "HS512",
            "hs256",
            "RS256",
            "ES256",
            "PS256",
            "EdDSA",
            "dir",
            "",
            None,
            256,
            ["HS256"],
        )
    }
    return (
        unsigned
        | ours
        | {
            "alg none with the genuine signature": _without_signature(
                signed(claims, secret, {**HEADER, "alg": "none"})
            )
            + signature,
            "no alg": signed(claims, secret, {"typ": "at+jwt"}),
            "HS256 signed with a public key": signed(claims, PUBLIC_KEY),
            "RS256 signed with a public key": signed(claims, PUBLIC_KEY, {"alg": "RS256", "typ": "at+jwt"}),
        }
    )


def _other_headers(genuine: str, secret: str) -> dict[str, str]:
    claims = claims_of(genuine)
    added: Mapping[str, Any] = {
        "kid, a path": {"kid": "../../dev/null"},
        "kid, a statement": {"kid": "x' union select 'key'--"},
        "kid, an address": {"kid": "http://127.0.0.1:1/key"},
        "kid, a number": {"kid": 0},
        "jku": {"jku": "http://127.0.0.1:1/keys"},
        "jwk, its own key": {"jwk": {"kty": "oct", "k": _base64url(b"x" * 32)}},
        "x5u": {"x5u": "http://127.0.0.1:1/chain.pem"},
        "x5c": {"x5c": ["MIIB"]},
        "x5t": {"x5t": "AAAA"},
        "an unknown crit": {"crit": ["never-heard-of"], "never-heard-of": 1},
        "an empty crit": {"crit": []},
        "crit, no list": {"crit": "exp"},
        "b64 false": {"b64": False, "crit": ["b64"]},
        "zip": {"zip": "DEF"},
        "a nested token": {"cty": "JWT"},
        "the header of an encrypted token": {"enc": "A256GCM"},
        "typ JWT": {"typ": "JWT"},
        "typ of a refresh token": {"typ": "refresh+jwt"},
        "typ in capitals": {"typ": "AT+JWT"},
        "typ, a media type": {"typ": "application/at+jwt"},
        "typ, a list": {"typ": ["at+jwt"]},
        "typ null": {"typ": None},
    }
    whole: Mapping[str, Any] = {
        "no typ": {"alg": "HS256"},
        "an empty header": {},
        "a header that is a list": [dict(HEADER)],
        "a header that is a text": '"HS256"',
        "a header that is not JSON": "{alg: HS256}",
        "alg twice": '{"alg": "HS256", "typ": "at+jwt", "alg": "none"}',
    }
    return {name: signed(claims, secret, {**HEADER, **more}) for name, more in added.items()} | {
        name: signed(claims, secret, header) for name, header in whole.items()
    }


def _other_claims(genuine: str, secret: str) -> dict[str, str]:
    claims = claims_of(genuine)
    issuer, issued, expires = claims["iss"], claims["iat"], claims["exp"]
    changed: Mapping[str, Mapping[str, Any]] = {
        "iss": {
            "another": "evil", "with a slash": f"{issuer}/", "a list": [issuer], "null": None, "a number": 1,
        },
        "aud": {
            "another": "evil", "a list with ours": [issuer], "a list of others": ["evil", "worse"],
            "empty": "", "null": None,
        },
        "exp": {
            "past": issued - 3600, "a text": str(expires), "a fraction": expires + 0.5, "null": None,
            "below zero": -1, "beyond all years": 10**30, "true": True, "a list": [expires],
            "in the year 9999": 253402300799, "one second longer than we give": expires + 1,
        },
        "iat": {
            "in the future": issued + 7200, "a text": str(issued), "a fraction": issued + 0.5, "null": None,
            "long ago": 0,
        },
        "nbf": {"in the future": issued + 7200, "a text": "soon", "a list": [issued]},
        "sub": {"a number": 1, "a list": [claims["sub"]], "an object": {}, "null": None},
        "tenant": {"a list": [claims["tenant"]], "true": True, "null": None},
        "sid": {"a number": 1, "null": None},
        "ver": {"a text": str(claims["ver"]), "true": True, "a fraction": 1.0, "null": None},
    }  # fmt: skip
    tokens = {
        f"{claim} {how}": signed(claims | {claim: value}, secret)
        for claim, values in changed.items()
        for how, value in values.items()
    }
    for claim in claims:
        without = {name: value for name, value in claims.items() if name != claim}
        tokens[f"no {claim}"] = signed(without, secret)
    whole: Mapping[str, Any] = {
        "an empty payload": {}, "a payload that is a list": [claims], "a payload that is a text": '"acme"',
        "a payload that is not JSON": "{sub: 1}", "a payload that is null": "null",
        "exp that is no number of JSON": json.dumps(claims).replace(f'"exp": {expires}', '"exp": NaN'),
        "exp without an end": json.dumps(claims).replace(f'"exp": {expires}', '"exp": Infinity'),
    }  # fmt: skip
    return tokens | {name: signed(payload, secret) for name, payload in whole.items()}


def _other_signatures(genuine: str, secret: str) -> dict[str, str]:
    claims = claims_of(genuine)
    header, payload, signature = genuine.split(".")
    other = signed(claims | {"tenant": "other"}, secret)
    keys = {
        "another key": "x" * 48, "an empty key": "", "our key and a new line": f"{secret}\n",
        "our key backwards": secret[::-1], "our key twice": secret * 2,
    }  # fmt: skip
    flipped = {
        f"a bit of the {name}, flipped": genuine[:place] + _flipped(genuine[place]) + genuine[place + 1 :]
        for name, place in {
            "header": 5,
            "payload's beginning": len(header) + 9,
            "payload's end": len(header) + len(payload) - 1,
            "signature's beginning": len(header) + len(payload) + 2,
            "signature's middle": len(genuine) - 20,
        }.items()
    }
    return (
        {f"signed with {name}": signed(claims, key) for name, key in keys.items()}
        | flipped
        | {
            "the signature of another token": f"{header}.{payload}.{other.rpartition('.')[2]}",
            "another payload under the signature": f"{header}.{other.split('.')[1]}.{signature}",
            "a signature of zeros": f"{header}.{payload}.{'A' * 43}",
            "the signature backwards": f"{header}.{payload}.{signature[::-1]}",
        }
    )


def _flipped(character: str) -> str:
    return BASE64URL[BASE64URL.index(character) ^ 4]


def _other_ways_to_send(genuine: str) -> dict[str, list[Header]]:
    key = "pm_live_" + BASE62[:26]
    return {
        "nothing": [],
        "an empty header": [("Authorization", "")],
        "the scheme alone": [("Authorization", "Bearer")],
        "the token alone": [("Authorization", genuine)],
        "scheme Basic": [("Authorization", f"Basic {genuine}")],
        "scheme Token": [("Authorization", f"Token {genuine}")],
        "scheme JWT": [("Authorization", f"JWT {genuine}")],
        "a tab after the scheme": [("Authorization", f"Bearer\t{genuine}")],
        "a colon after the scheme": [("Authorization", f"Bearer: {genuine}")],
        "two headers, the same": _bearer(genuine) * 2,
        "two headers, one of them wrong": [*_bearer("x.y.z"), *_bearer(genuine)],
        "a token and a key": [*_bearer(genuine), ("X-API-Key", f"{key}000000")],
        "the token as X-API-Key": [("X-API-Key", genuine)],
        "the token for the proxy": [("Proxy-Authorization", f"Bearer {genuine}")],
        "the token in a cookie": [("Cookie", f"access_token={genuine}")],
        "a key with a wrong checksum": [("X-API-Key", f"{key}000000")],
        "a key without a checksum": _bearer(key),
        "the beginning of a key": [("X-API-Key", "pm_live_")],
    }
