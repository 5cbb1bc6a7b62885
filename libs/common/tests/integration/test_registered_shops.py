"""What the gateway tells of registered shops reaches every replica of a service; no key lies in clear."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from aio_pika import ExchangeType
from aio_pika.abc import AbstractIncomingMessage
from pydantic import SecretStr, ValidationError

from common.database import open_database
from common.messages import Message
from common.messaging.broker import connect
from common.messaging.envelope import outgoing_envelope
from common.messaging.topology import CHUNKS
from common.registered_shops.following import RegisteredShops
from common.registered_shops.registration import Registration
from common.registered_shops.settings import RegisteredShopsSettings
from common.registered_shops.store import removed_among
from common.service import Runtime
from common.shops import Shops, ShopSettings, TenantShop

Eventually = Callable[..., Awaitable[None]]

SECRET, FORMER = SecretStr("zR4mB8vQ1xK6tW3yN9pL5sD2fG7hJ0cV"), SecretStr("uT5nC9wR2yL7vX4zP0qM6aE3gH8jK1dB")
FOREIGN = SecretStr("Qx7Lw2Zn5Vb8Rk1Tm4Yp9Hd6Js3Fg0Ca")
KEY = "WEBSERVICEKEYOFROMA0000000000001"
FILED = ShopSettings(id="milano", tenant="acme", url="https://milano.example.com", key=SecretStr("K1"))


def with_secrets(settings: Any, current: SecretStr, previous: str = "") -> RegisteredShopsSettings:
    return RegisteredShopsSettings(
        database_url=settings.database_url,
        amqp_url=settings.amqp_url,
        shops_sealing_secret=current,
        shops_sealing_previous_secrets=SecretStr(previous),
    )


def registration(
    settings: RegisteredShopsSettings,
    shop: str = "roma",
    sequence: int = 1,
    *,
    tenant: str = "acme",
    **more: Any,
) -> Registration:
    keys = settings.shop_keys()
    assert keys is not None
    sealed = keys.seal(SecretStr(KEY), "acme", shop)
    return Registration("acme", shop, sequence, {"url": f"https://{shop}.example.com", **more}, sealed)


@asynccontextmanager
async def replica(
    station: Any, settings: RegisteredShopsSettings, left: list[str] | None = None
) -> AsyncIterator[Runtime[Any]]:
    """A service with a shop of the operator, following the registered ones."""

    async def leave(_connection: asyncpg.Connection, shops: Sequence[str]) -> None:
        if left is not None:
            left.extend(shops)

    database = await open_database(settings, station.name)
    broker = await connect(settings, station.name)
    runtime = Runtime(station.name, settings, database, broker)
    runtime.shops = Shops([FILED])
    following = RegisteredShops(database, runtime.shops, settings, leave)
    await following.refresh()
    runtime.consume(following.handlers())
    runtime.background("registered shops", following.run)
    running = asyncio.create_task(runtime.run())
    try:
        yield runtime
    finally:
        runtime.stopping.set()
        await running
        await runtime.close()


async def tell(station: Any, *told: Registration) -> None:
    for one in told:
        message: Message = one.message()
        envelope = outgoing_envelope(message, "gateway", step=one.step)
        await station.broker.publish(
            envelope, exchange=CHUNKS, routing_key=message.routing_key(), body=message.to_json()
        )


async def test_a_registration_reaches_every_replica_and_the_newest_word_counts(
    station: Any, settings: Any, eventually: Eventually
) -> None:
    own, left = with_secrets(settings, SECRET), list[str]()
    async with replica(station, own, left) as one, replica(station, own, left) as two:
        await eventually(station.is_consumed)

        async def both(key: str, **expected: object) -> bool:
            shops = [runtime.shops.by_id.get("roma") for runtime in (one, two)]
            return all(shop is not None and getattr(shop, key) == expected["value"] for shop in shops)

        await tell(station, registration(own, sequence=2, concurrency=3), registration(own, sequence=1))
        await eventually(lambda: both("concurrency", value=3))
        roma = two.shops.by_id["roma"]
        assert isinstance(roma, TenantShop)
        assert roma.key.get_secret_value() == KEY
        assert list(one.shops.by_id) == ["milano", "roma"]

        await tell(station, registration(own, sequence=3, concurrency=5, of_tomorrow=True))
        await eventually(lambda: both("concurrency", value=5))

        await tell(station, Registration("acme", "roma", 4, removed=True), registration(own, sequence=3))

        async def gone() -> bool:
            return all("roma" not in runtime.shops.by_id for runtime in (one, two))

        await eventually(gone)
        assert left == ["roma"]
        assert await removed_among(station.database.pool, ["roma", "milano"]) == {"roma"}
    row = await station.database.pool.fetchrow("select * from registered_shops where shop = 'roma'")
    assert (row["sealed_key"], row["settings"]) == ("", {})


async def test_no_key_lies_in_clear_in_messages_or_rows(
    station: Any, settings: Any, eventually: Eventually
) -> None:
    own = with_secrets(settings, SECRET)
    bodies: list[bytes] = []
    channel = await station.broker.connection.channel()
    exchange = await channel.declare_exchange(CHUNKS, ExchangeType.TOPIC, durable=True)
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(exchange, "shop.registered.#")

    async def note(delivery: AbstractIncomingMessage) -> None:
        bodies.append(delivery.body)

    await queue.consume(note, no_ack=True)
    async with replica(station, own) as one:
        await eventually(station.is_consumed)
        await tell(station, registration(own, "asti"))
        await eventually(lambda: _is("asti" in one.shops.by_id and bool(bodies)))
        rows = await station.database.pool.fetch("select r::text from registered_shops r")
        assert KEY not in str([row["r"] for row in rows])
        assert KEY.encode() not in b"".join(bodies)
        assert KEY not in repr(one.shops.by_id["asti"])
    await channel.close()


async def test_a_shop_that_cannot_be_worked_with_keeps_no_other_from_it(
    station: Any, settings: Any, eventually: Eventually
) -> None:
    own = with_secrets(settings, SECRET, FORMER.get_secret_value())
    former, foreign = (
        with_secrets(settings, FORMER),
        with_secrets(settings, SecretStr("Qx7Lw2Zn5Vb8Rk1Tm4Yp9Hd6Js3Fg0Ca")),
    )
    async with replica(station, own) as one:
        await eventually(station.is_consumed)
        await tell(
            station,
            registration(foreign, "bari"),
            registration(own, "como", concurrency=1000),
            registration(own, "milano"),
            registration(former, "lecce"),
        )
        await eventually(lambda: _is("lecce" in one.shops.by_id))
        assert list(one.shops.by_id) == ["milano", "lecce"]
        assert one.shops.by_id["milano"] is FILED


def test_a_weak_secret_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValidationError, match="SKUWIRE_SHOPS_SEALING_SECRET is too short") as refused:
        RegisteredShopsSettings(shops_sealing_secret=SecretStr("tooshort"))
    assert "tooshort" not in str(refused.value)
    assert RegisteredShopsSettings().shop_keys() is None


async def _is(value: bool) -> bool:
    return value
