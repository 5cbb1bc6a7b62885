"""How the parts of a stack are told of each other: secrets, the file of shops, environment variables."""

import json
import secrets
import string
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stack.files import write_secret
from stack.ports import LOOPBACK

SERVICES = ("gateway", "validator", "prestashop-writer", "image-processor", "webhook-relay")
TENANT = "default"
EMAIL = "erp@example.com"
_KEY_LETTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class SimulatedShop:
    """A shop that the stack runs itself. `categories` is a file of names or how many to invent.

    `version` is the PrestaShop that it plays, one of the simulator's; None is the simulator's own choice.
    The seconds are those of a shop's settings: how long a request may take, and how long after that the shop
    may still write it. A simulated one is quick, so that a run of minutes can wait them out.
    """

    id: str = "demo"
    name: str = "Demo shop"
    tenant: str = TENANT
    languages: tuple[str, ...] = ("en", "it")
    categories: Path | int | None = None
    version: str | None = None
    request_timeout_seconds: float = 20.0
    late_commit_seconds: float = 120.0


@dataclass(frozen=True)
class Secrets:
    """Random, made once per data folder."""

    password: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    credential_secret: str = field(repr=False)
    internal_token: str = field(repr=False)
    operator_token: str = field(repr=False)
    sealing_secret: str = field(repr=False)
    shops_sealing_secret: str = field(repr=False)
    inbound_secret: str = field(repr=False)
    shop_keys: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Wiring:
    """Where everything is."""

    database_url: str = field(repr=False)
    amqp_url: str = field(repr=False)
    blobs: Path
    shops_file: Path
    ports: dict[str, int]  # by service
    inbound_shop: str | None = None  # what an ERP tells by webhook is meant for this shop


def load_secrets(file: Path, shop_ids: Iterable[str]) -> Secrets:
    """The secrets of a data folder; what is missing is made up and written down."""
    known = json.loads(file.read_text()) if file.exists() else {}
    shop_keys = {shop_id: _shop_key() for shop_id in shop_ids} | known.get("shop_keys", {})
    made = Secrets(
        password=known.get("password") or secrets.token_urlsafe(12),
        jwt_secret=known.get("jwt_secret") or secrets.token_urlsafe(48),
        credential_secret=known.get("credential_secret") or secrets.token_urlsafe(48),
        internal_token=known.get("internal_token") or secrets.token_urlsafe(32),
        operator_token=known.get("operator_token") or secrets.token_urlsafe(32),
        sealing_secret=known.get("sealing_secret") or secrets.token_urlsafe(48),
        inbound_secret=known.get("inbound_secret") or secrets.token_urlsafe(32),
        shops_sealing_secret=known.get("shops_sealing_secret") or secrets.token_urlsafe(48),
        shop_keys=shop_keys,
    )
    write_secret(file, json.dumps(asdict(made), indent=2))
    return made


def _shop_key() -> str:
    """32 capital letters and digits, as the back office of PrestaShop 8.2.1 generates them."""
    return "".join(secrets.choice(_KEY_LETTERS) for _ in range(32))


def shops_toml(shops: Iterable[SimulatedShop], urls: dict[str, str], made: Secrets) -> str:
    """The `SKUWIRE_SHOPS_FILE` for simulated shops."""
    return "\n".join(
        "[[shop]]\n"
        f"id = {_toml(shop.id)}\n"
        f"tenant = {_toml(shop.tenant)}\n"
        f"name = {_toml(shop.name)}\n"
        f"url = {_toml(urls[shop.id])}\n"
        f"key = {_toml(made.shop_keys[shop.id])}\n"
        f"request_timeout_seconds = {shop.request_timeout_seconds}\n"
        f"late_commit_seconds = {shop.late_commit_seconds}\n"
        for shop in shops
    )


def _toml(text: str) -> str:
    return json.dumps(text)  # a JSON string is a TOML basic string


def _inbound(wiring: Wiring, made: Secrets) -> dict[str, str]:
    """The ERP whose webhooks are taken in, where it is known which shop they are for."""
    if wiring.inbound_shop is None:
        return {}
    source = {"name": "erp", "shop": wiring.inbound_shop, "secrets": [made.inbound_secret]}
    return {"SKUWIRE_GATEWAY_INBOUND_WEBHOOKS": json.dumps([source])}


def service_environment(service: str, wiring: Wiring, made: Secrets) -> dict[str, str]:
    """Everything that a service is told, shared settings first, then its own."""
    shared = {
        "PYTHONUNBUFFERED": "1",
        "SKUWIRE_DATABASE_URL": wiring.database_url,
        "SKUWIRE_AMQP_URL": wiring.amqp_url,
        "SKUWIRE_HTTP_HOST": LOOPBACK,
        "SKUWIRE_HTTP_PORT": str(wiring.ports[service]),
        "SKUWIRE_BLOB_URL": wiring.blobs.as_uri(),
        "SKUWIRE_SHOPS_FILE": str(wiring.shops_file),
    }
    shops = {
        "SKUWIRE_SHOPS_SEALING_SECRET": made.shops_sealing_secret,
        # The simulated shops of a demo are on this machine, and speak http.
        "SKUWIRE_SHOPS_ALLOW_HTTP": "true",
        "SKUWIRE_SHOPS_ALLOW_PRIVATE": "true",
    }
    own = {
        "gateway": {
            **shops,
            **_inbound(wiring, made),
            "SKUWIRE_GATEWAY_BOOTSTRAP_EMAIL": EMAIL,
            "SKUWIRE_GATEWAY_BOOTSTRAP_PASSWORD": made.password,
            "SKUWIRE_GATEWAY_BOOTSTRAP_TENANT": TENANT,
            "SKUWIRE_GATEWAY_JWT_SECRET": made.jwt_secret,
            "SKUWIRE_GATEWAY_CREDENTIAL_SECRET": made.credential_secret,
            "SKUWIRE_INTERNAL_TOKEN": made.internal_token,
            "SKUWIRE_GATEWAY_OPERATOR_TOKEN": made.operator_token,
            "SKUWIRE_GATEWAY_RELAY_URL": f"http://{LOOPBACK}:{wiring.ports['webhook-relay']}",
            "SKUWIRE_GATEWAY_WRITER_URL": f"http://{LOOPBACK}:{wiring.ports['prestashop-writer']}",
        },
        "prestashop-writer": {**shops, "SKUWIRE_INTERNAL_TOKEN": made.internal_token},
        "image-processor": shops,
        "webhook-relay": {
            "SKUWIRE_INTERNAL_TOKEN": made.internal_token,
            "SKUWIRE_RELAY_SEALING_SECRET": made.sealing_secret,
            # The receivers of a demo are on this machine, and speak http.
            "SKUWIRE_RELAY_ALLOW_HTTP_ENDPOINTS": "true",
            "SKUWIRE_RELAY_ALLOW_PRIVATE_ENDPOINTS": "true",
        },
    }
    return shared | own.get(service, {})
