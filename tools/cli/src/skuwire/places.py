"""Where things are: the data folders of stacks, and the gateway and broker that a command is meant for."""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from skuwire.gateway import Credentials
from skuwire.problems import SKUWIRE, ExitCode, Problem
from stack.servers import Command
from stack.stack import running_stack

ROOT = Path(".skuwire")
UP = ROOT / "up"
DEMO = ROOT / "demo"
SHOPS = ROOT / "shops"
PICTURES = ROOT / "catalogue"


@dataclass(frozen=True)
class ForeignShop:
    """A PrestaShop that is not ours to start."""

    url: str
    key: SecretStr

    @property
    def data_dir(self) -> Path:
        """One folder per shop: what is known of one shop's products must never be taken for another's."""
        parts = urlsplit(self.url)
        name = re.sub(r"[^a-z0-9]+", "-", f"{parts.netloc}{parts.path}".lower()).strip("-")
        return SHOPS / (name or "shop")


def foreign_shop(url: str | None, key: str | None) -> ForeignShop | None:
    """The shop of --shop-url and --shop-key; None when neither is given."""
    if not url and not key:
        return None
    if not url:
        raise Problem(
            "there is a shop's key and no address", "Set SKUWIRE_SHOP_URL, or unset SKUWIRE_SHOP_KEY."
        )
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise Problem(f"{parts.hostname or url!r} is no shop address", "Give it as https://shop.example.com.")
    if not key:
        raise Problem(
            f"the webservice key of {parts.netloc} is missing",
            "Set SKUWIRE_SHOP_KEY; keys are made in the shop's back office: Advanced Parameters, Webservice.",
        )
    return ForeignShop(url.rstrip("/"), SecretStr(key))


@dataclass(frozen=True)
class Login:
    """The options and environment variables that say which gateway and who."""

    gateway: str | None = None
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    data_dir: Path | None = None


def known_data_dirs() -> list[Path]:
    """The folders in which a stack may be running or have run."""
    shops = sorted(SHOPS.iterdir()) if SHOPS.is_dir() else []
    return [folder for folder in (UP, DEMO, *shops) if folder.is_dir()]


def find_credentials(login: Login) -> Credentials | None:
    """The gateway that is meant: the given one, else that of the stack that runs here or on `data_dir`.

    None when none is given and none runs. Raises Problem when a gateway is given without a login.
    """
    stacks = _running(login.data_dir)
    if login.gateway is None:
        return _credentials_of(stacks[0], login) if stacks else None
    if login.email and login.password:
        return Credentials(login.gateway, login.email, SecretStr(login.password))
    for stack in stacks:
        if str(stack["gateway"]).rstrip("/") == login.gateway.rstrip("/"):
            return _credentials_of(stack, login)
    raise Problem(
        f"there is no login for {login.gateway}",
        "Set SKUWIRE_EMAIL and SKUWIRE_PASSWORD.",
        code=ExitCode.GATEWAY_AWAY,
    )


def needed_credentials(login: Login) -> Credentials:
    """As `find_credentials`; Problem when there is no gateway at all."""
    found = find_credentials(login)
    if found is None:
        raise Problem(
            "no gateway is given and none is running here",
            f"Start one with: {SKUWIRE} up. Or name one with --gateway or SKUWIRE_GATEWAY_URL.",
            code=ExitCode.GATEWAY_AWAY,
        )
    return found


def operators_credentials(login: Login, token: str | None) -> Credentials:
    """The gateway that is meant, for its operator: `token`, else that of the stack that runs here.

    Raises Problem where there is no gateway or no token.
    """
    stacks = _running(login.data_dir)
    if login.gateway is None:
        stack: dict[str, Any] = stacks[0] if stacks else {}
        url = needed_credentials(login).url
    else:
        url = login.gateway
        stack = next((one for one in stacks if str(one["gateway"]).rstrip("/") == url.rstrip("/")), {})
    token = token or stack.get("operator_token")
    if not token:
        step = "Set SKUWIRE_OPERATOR_TOKEN to what the gateway has as SKUWIRE_GATEWAY_OPERATOR_TOKEN."
        raise Problem(f"the operator's token for {url} is missing", step)
    return Credentials(url, "", SecretStr(""), SecretStr(token))


def credentials_of(login: Login, *, operator: bool, token: str | None) -> Credentials:
    """Those of the user that is meant, or with `operator` the operator's."""
    return operators_credentials(login, token) if operator else needed_credentials(login)


def inbound_secret(gateway: str, data_dir: Path | None) -> str:
    """With which an ERP signs for the gateway that runs here; empty for one that runs elsewhere."""
    secrets = (
        stack.get("inbound_secret", "")
        for stack in _running(data_dir)
        if str(stack["gateway"]).rstrip("/") == gateway.rstrip("/")
    )
    return str(next(secrets, ""))


def _credentials_of(stack: dict[str, Any], login: Login) -> Credentials:
    return Credentials(
        stack["gateway"], login.email or stack["email"], SecretStr(login.password or stack["password"])
    )


@dataclass(frozen=True)
class BrokerAddress:
    """The options and environment variables that say which broker, and how it is administered."""

    amqp_url: str | None = field(default=None, repr=False)
    rabbitmqctl: str | None = None
    management_url: str | None = field(default=None, repr=False)
    data_dir: Path | None = None


def find_broker(address: BrokerAddress) -> tuple[SecretStr, Command | SecretStr]:
    """Its AMQP URL, and the command or the URL that administers it; of the stack that runs, if none is given.

    Raises Problem when one of the two is not known.
    """
    stack: dict[str, Any] = {} if address.amqp_url else next(iter(_running(address.data_dir)), {})
    amqp_url, command = address.amqp_url or stack.get("amqp"), stack.get("rabbitmqctl")
    if amqp_url is None:
        raise Problem(
            "no RabbitMQ is given and none is running here",
            f"Start one with: {SKUWIRE} up. Or name one: SKUWIRE_AMQP_URL=amqp://user:password@host:5672/.",
        )
    if address.management_url:
        return SecretStr(amqp_url), SecretStr(address.management_url)
    if address.rabbitmqctl:
        return SecretStr(amqp_url), Command(tuple(shlex.split(address.rabbitmqctl)))
    if command is not None:
        return SecretStr(amqp_url), Command(tuple(command["argv"]), command["environment"])
    raise Problem(
        "users of RabbitMQ are made by its operator, and it is not told how",
        "Set SKUWIRE_RABBITMQCTL, for example to: docker compose exec -T rabbitmq rabbitmqctl. "
        "Or set SKUWIRE_RABBITMQ_MANAGEMENT_URL where the management plugin runs.",
    )


def _running(data_dir: Path | None) -> list[dict[str, Any]]:
    folders = known_data_dirs() if data_dir is None else [data_dir]
    return [found for found in map(running_stack, folders) if found is not None]
