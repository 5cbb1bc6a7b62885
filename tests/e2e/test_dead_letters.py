"""An operator repairs a message that no service could read, from the command line, and it arrives."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.conftest import Running, eventually

from common.messages import Chunk, ChunkSubmitted, Intent, ProductChange, ProductFields
from common.messaging.broker import connect
from common.messaging.envelope import outgoing_envelope
from common.messaging.topology import CHUNKS
from common.settings import ServiceSettings
from stack.wiring import TENANT

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFERENCE = "DEAD-1"


def price_change() -> ChunkSubmitted:
    chunk = Chunk(
        chunk_id="sync_dead1_0", submission_id="sync_dead1", partition=0, tenant=TENANT, shop="demo",
        submitted_at=datetime.now(UTC), total_items=1,
    )  # fmt: skip
    change = ProductChange(
        position=0, sequence=10**12, intent=Intent.UPDATE, reference=REFERENCE,
        fields=ProductFields(price=Decimal("99.90")),
    )  # fmt: skip
    return ChunkSubmitted(chunk=chunk, changes=(change,))


async def publish(running: Running, message: ChunkSubmitted, body: bytes) -> None:
    broker = await connect(
        ServiceSettings(database_url=SecretStr("-"), amqp_url=SecretStr(running.stack.rabbitmq.url)), "test"
    )
    await broker.publish(
        outgoing_envelope(message, "gateway"), exchange=CHUNKS, routing_key=message.routing_key(), body=body
    )
    await broker.close()


async def test_a_message_is_repaired_from_the_command_line(running: Running, tmp_path: Path) -> None:
    await running.send([{"sku": REFERENCE, "en": {"name": "A"}, "price": 10, "quantity": 1}])
    message = price_change()
    right = json.loads(message.to_json())
    broken = json.loads(message.to_json())
    broken["changes"][0]["fields"]["price"] = "cheap"
    await publish(running, message, json.dumps(broken).encode())

    async def found() -> list[dict[str, Any]]:
        answer = await running.gateway.ask("GET", "/api/v1/dead-letters?service=validator&state=waiting")
        letters: list[dict[str, Any]] = answer["dead_letters"]
        return letters

    [letter] = await eventually(found)
    listed = await running.skuwire("dead-letters", "list", "--service", "validator")
    assert letter["id"] in listed
    assert letter["id"] in await running.skuwire("dead-letters", "list", "--operator")
    shown = await running.skuwire("dead-letters", "show", letter["id"])
    assert "changes.0.fields.price" in shown
    assert "cheap" in shown
    (tmp_path / "repaired.json").write_text(json.dumps(right))
    await running.skuwire("dead-letters", "edit", letter["id"], "--body", str(tmp_path / "repaired.json"))

    async def has_the_price() -> bool:
        product = (await running.shop_state())[REFERENCE]
        return Decimal(product["price"]) == Decimal("99.90")

    await eventually(has_the_price)
    assert "edited by" in await running.skuwire("dead-letters", "show", letter["id"])
    assert letter["id"] not in await running.skuwire("dead-letters", "list")
    assert "finished: 0 sent" in await running.skuwire(
        "dead-letters", "replay", "--service", "validator", "--shop", "demo"
    )
    assert "rpl_" in await running.skuwire("dead-letters", "replays")
