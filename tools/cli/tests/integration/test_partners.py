"""Partners at a real RabbitMQ, administered by its command and over HTTP: what each may do, and no more."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aio_pika
import pytest
import pytest_asyncio
from aio_pika.exceptions import AMQPError
from aiormq.exceptions import ChannelAccessRefused
from pydantic import SecretStr
from typer.testing import CliRunner

from common.messaging.partner_queues import NotAPartner, Partner
from common.messaging.topology import EVENTS, declare_exchanges
from skuwire.broker.control import BrokerControl
from skuwire.broker.management_api import ManagementApi
from skuwire.broker.partners import NoSuchPartner, PartnerExists, Partners
from skuwire.broker.rabbitmqctl import Rabbitmqctl
from skuwire.main import app
from stack.ports import free_port
from stack.rabbitmq_node import RabbitmqNode, find_installation, start_rabbitmq_node

pytestmark = pytest.mark.timeout(400)  # each of a dozen commands starts an Erlang machine
on_the_node = pytest.mark.asyncio(loop_scope="module")
run = CliRunner()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RabbitmqNode]:
    """A node of its own, with the management plugin, and the exchanges that the services declare."""
    installation = find_installation()
    if installation is None:
        pytest.skip("no RabbitMQ installed here")
    folder: Path = tmp_path_factory.mktemp("broker")
    node = await start_rabbitmq_node(folder, installation, management_port=free_port())
    async with await aio_pika.connect_robust(node.url) as connection:
        await declare_exchanges(await connection.channel())  # type: ignore[arg-type]  # a robust one
    yield node
    await node.kill()  # an orderly end takes seconds, and nobody wants its data
    await node.stop()


@pytest.fixture(params=["rabbitmqctl", "management"])
def kept(request: pytest.FixtureRequest, node: RabbitmqNode) -> Partners:
    control: BrokerControl
    if request.param == "rabbitmqctl":
        command = node.rabbitmqctl
        control = Rabbitmqctl(command.argv, "/", command.environment)
    else:
        assert node.management_url is not None
        control = ManagementApi(SecretStr(node.management_url), "/")
    return Partners(SecretStr(node.url), control)


@pytest.fixture
def by_http(node: RabbitmqNode) -> Partners:
    assert node.management_url is not None
    return Partners(SecretStr(node.url), ManagementApi(SecretStr(node.management_url), "/"))


async def tell(node: RabbitmqNode, *events: tuple[str, str]) -> None:
    """Publish these (tenant, routing key) as the relay does: with confirms, the tenant in a header."""
    async with await aio_pika.connect(node.url) as connection:
        exchange = await (await connection.channel()).get_exchange(EVENTS)
        for tenant, key in events:
            message = aio_pika.Message(key.encode(), headers={"tenant": tenant}, delivery_mode=2)
            await exchange.publish(message, key, mandatory=False)


async def taken(url: SecretStr, queue: str) -> list[str]:
    """What waits in the queue, read and acknowledged by the partner."""
    async with await aio_pika.connect(url.get_secret_value()) as connection:
        waiting = await (await connection.channel()).get_queue(queue, ensure=False)
        heard = []
        while (message := await waiting.get(fail=False)) is not None:
            heard.append(message.body.decode())
            await message.ack()
        return heard


@on_the_node
async def test_the_life_of_a_partner(node: RabbitmqNode, kept: Partners) -> None:
    url = await kept.add(Partner("erp", "acme", events=frozenset({"product.synced", "shop.*"})))
    await tell(node, ("acme", "product.synced.milano"), ("acme", "product.failed.milano"))
    await tell(node, ("acme", "shop.unreachable.roma"), ("other", "product.synced.paris"))
    assert await taken(url, "partner.erp") == ["product.synced.milano", "shop.unreachable.roma"]
    with pytest.raises(PartnerExists):
        await kept.add(Partner("erp", "other"))

    await tell(node, ("acme", "product.synced.roma"))
    await kept.change(Partner("erp", "acme", shops=frozenset({"milano"})))
    await tell(node, ("acme", "product.synced.roma"), ("acme", "product.deleted.milano"))
    [one] = await kept.all()
    assert one.partner == Partner("erp", "acme", shops=frozenset({"milano"}))
    assert await taken(url, "partner.erp") == ["product.synced.roma", "product.deleted.milano"]

    async with await aio_pika.connect(url.get_secret_value()) as connection:
        ended = asyncio.Event()
        connection.close_callbacks.add(lambda *_: ended.set())
        fresh = await kept.rotate("erp", close=True)
        await asyncio.wait_for(ended.wait(), 30)
    assert await taken(fresh, "partner.erp") == []
    with pytest.raises(AMQPError):
        await aio_pika.connect(url.get_secret_value())

    await kept.remove("erp")
    assert await kept.all() == []
    with pytest.raises(AMQPError):
        await aio_pika.connect(fresh.get_secret_value())
    with pytest.raises(NoSuchPartner):
        await kept.rotate("erp", close=False)


Asked = Callable[[Any], Awaitable[Any]]

REFUSED: dict[str, Asked] = {
    "read another's queue": lambda channel: _queue(channel, "partner.b", lambda queue: queue.get()),
    "consume another's queue": lambda channel: _queue(
        channel, "partner.b", lambda queue: queue.consume(print)
    ),
    "purge another's queue": lambda channel: _queue(channel, "partner.b", lambda queue: queue.purge()),
    "read the dead letters": lambda channel: _queue(channel, "skuwire.dead", lambda queue: queue.get()),
    "declare a queue": lambda channel: channel.declare_queue("partner.a.more", durable=True),
    "declare a queue without a name": lambda channel: channel.declare_queue(exclusive=True),
    "declare an exchange": lambda channel: channel.declare_exchange("mine", durable=True),
    "bind its queue": lambda channel: _queue(channel, "partner.a", lambda queue: queue.bind(EVENTS, "#")),
    "unbind its queue": lambda channel: _queue(
        channel, "partner.a", lambda queue: queue.unbind("skuwire.events.of.acme", "*.*.*")
    ),
    "delete its queue": lambda channel: _queue(
        channel, "partner.a", lambda queue: queue.delete(if_unused=False)
    ),
    "publish an event": lambda channel: _publish(channel, EVENTS),
    "publish a fact": lambda channel: _publish(channel, "skuwire.chunks"),
    "publish to a queue": lambda channel: channel.default_exchange.publish(
        aio_pika.Message(b""), "partner.a"
    ),
    "delete an exchange": lambda channel: channel.exchange_delete(EVENTS),
}


async def _queue(channel: Any, name: str, asked: Asked) -> Any:
    return await asked(await channel.get_queue(name, ensure=False))


async def _publish(channel: Any, exchange: str) -> Any:
    return await (await channel.get_exchange(exchange, ensure=False)).publish(aio_pika.Message(b""), "a.b.c")


async def _outcome(connection: Any, asked: Asked) -> Any:
    try:
        return await asked(await connection.channel())
    except AMQPError as error:
        return type(error)


@on_the_node
async def test_a_partner_may_read_its_own_queue_and_nothing_else(by_http: Partners) -> None:
    url, _ = await by_http.add(Partner("a", "acme")), await by_http.add(Partner("b", "acme"))
    async with await aio_pika.connect(url.get_secret_value()) as connection:
        outcomes = {what: await _outcome(connection, asked) for what, asked in REFUSED.items()}
    assert outcomes == dict.fromkeys(REFUSED, ChannelAccessRefused)
    for name in "ab":
        await by_http.remove(name)


@on_the_node
async def test_a_queue_stays_with_its_tenant_and_is_removed_but_once(by_http: Partners) -> None:
    await by_http.add(Partner("stays", "acme"))
    with pytest.raises(NotAPartner, match="tenant acme"):
        await by_http.change(Partner("stays", "other"))
    for _ in range(2):
        await by_http.remove("stays")
    with pytest.raises(NoSuchPartner):
        await by_http.change(Partner("stays", "acme"))


@on_the_node
async def test_a_partner_that_is_away_loses_its_oldest_events_and_holds_up_nobody(
    node: RabbitmqNode, by_http: Partners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.messaging.partner_queues.QUEUE_LENGTH", 5)
    url = await by_http.add(Partner("away", "acme"))
    other = await by_http.add(Partner("there", "other"))
    await tell(node, *[("acme", f"product.synced.shop-{number}") for number in range(20)])
    await tell(node, ("other", "product.synced.paris"))
    assert await taken(other, "partner.there") == ["product.synced.paris"]
    assert await taken(url, "partner.away") == [f"product.synced.shop-{number}" for number in range(15, 20)]
    for name in ("away", "there"):
        await by_http.remove(name)


@on_the_node
async def test_what_a_removed_user_left_waiting_is_not_given_to_the_next(
    node: RabbitmqNode, by_http: Partners
) -> None:
    await by_http.add(Partner("left", "acme"))
    await tell(node, ("acme", "product.synced.milano"))
    assert node.management_url is not None
    await ManagementApi(SecretStr(node.management_url), "/").remove_user("partner.left")
    with pytest.raises(PartnerExists):
        await by_http.add(Partner("left", "other"))
    await by_http.remove("left")


@on_the_node
async def test_a_partner_does_not_lose_a_message_that_it_gives_back_often(
    node: RabbitmqNode, by_http: Partners
) -> None:
    url = await by_http.add(Partner("often", "acme"))
    await tell(node, ("acme", "product.synced.milano"))
    async with await aio_pika.connect(url.get_secret_value()) as connection:
        queue = await (await connection.channel()).get_queue("partner.often", ensure=False)
        for _ in range(30):
            message = await queue.get(timeout=10)
            await message.reject(requeue=True)
    assert await taken(url, "partner.often") == ["product.synced.milano"]
    await by_http.remove("often")


def test_the_commands_say_what_there_is(node: RabbitmqNode) -> None:
    assert node.management_url is not None
    broker = [
        "--amqp-url",
        node.url,
        "--management-url",
        node.management_url,
        "--address",
        "amqps://b.example:5671",
    ]

    def skuwire(*arguments: str, status: int = 0) -> str:
        result = run.invoke(app, ["partners", *arguments, *broker], env={"COLUMNS": "200"})
        assert result.exit_code == status, result.output
        return result.output if status else result.stdout

    wanted = ["--tenant", "acme", "--shops", "milano, roma", "--events", "product.synced,shop.*"]
    url = skuwire("add", "window", *wanted).strip()
    assert re.fullmatch(r"amqps://partner\.window:[\w-]{43}@b\.example:5671/", url)
    assert "partners list" in skuwire("add", "window", *wanted, status=5)
    row = r"window\W+acme\W+milano roma\W+product\.synced shop\.\*\W+0\W+0"
    assert re.search(row, skuwire("list"))
    assert "milano" in skuwire("show", "window")
    assert "product.* events of all shops" in skuwire(
        "change", "window", "--tenant", "acme", "--events", "product.*"
    )
    assert skuwire("rotate", "window").strip() not in ("", url)
    assert "removed" in skuwire("remove", "window")
    for command in ("show", "rotate"):
        assert "there is no partner window" in skuwire(command, "window", status=5)
