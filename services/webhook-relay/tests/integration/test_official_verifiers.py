"""The official libraries of Standard Webhooks, of Python and of Node, over bytes that the relay has sent."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stack.servers import Command
from webhook_relay.signing import LONGEST_SECRET_BYTES, SHORTEST_SECRET_BYTES, Secret, new_secret, sign

ROTATIONS = 10
CHUNKS = 100


class Sent(NamedTuple):
    """A webhook, and the secret that its receiver knows."""

    secret: str
    headers: dict[str, str]
    body: bytes


def verified_by_python(webhooks: Sequence[Sent]) -> list[bool]:
    def verifies(sent: Sent) -> bool:
        try:
            Webhook(sent.secret).verify(sent.body, sent.headers)
        except WebhookVerificationError:
            return False
        return True

    return [verifies(sent) for sent in webhooks]


@pytest.fixture
def verified_by_node(
    nodejs: Command, pytestconfig: pytest.Config
) -> Callable[[Sequence[Sent]], Awaitable[list[Any]]]:
    script: Path = pytestconfig.rootpath / "tests" / "node" / "verify_webhooks.js"

    async def verified(webhooks: Sequence[Sent]) -> list[Any]:
        lines = [
            json.dumps({**sent._asdict(), "body": base64.b64encode(sent.body).decode()}) for sent in webhooks
        ]
        process = await asyncio.create_subprocess_exec(
            *nodejs.argv, script, env=nodejs.environment, stdin=-1, stdout=-1, stderr=-1
        )
        output, errors = await process.communicate("\n".join(lines).encode())
        assert process.returncode == 0, errors.decode()
        return [json.loads(line) for line in output.splitlines()]

    return verified


async def test_all_that_is_sent_verifies_while_the_secret_is_rotated_ten_times(
    world: Any, receiver: Any, eventually: Any, verified_by_node: Any
) -> None:
    async with world.service() as service:
        made = await service.ask("", {"tenant": world.tenant, "url": receiver.url + "/hook"})
        secrets, rotate = [made["secret"]], f"/{made['id']}/rotate-secret?tenant={world.tenant}"

        for first in range(0, CHUNKS, CHUNKS // ROTATIONS):
            partitions = range(first, first + CHUNKS // ROTATIONS)
            await asyncio.gather(*(world.tell(world.chunk(partition)) for partition in partitions))
            await eventually(lambda wanted=first: len(receiver.taken) > wanted, 60)  # others are under way
            secrets.append((await service.ask(rotate))["secret"])
        await eventually(lambda: len({taken.webhook_id for taken in receiver.taken}) == CHUNKS, 60)
    # A webhook is signed with every secret that there was by then: whoever knows one of them verifies it.
    webhooks = [
        Sent(secret, taken.headers, taken.body)
        for taken in receiver.taken
        for secret in secrets[: len(taken.headers["webhook-signature"].split())]
    ]
    old_secrets = {taken.headers["webhook-signature"].count(" ") for taken in receiver.taken}
    assert old_secrets >= set(range(ROTATIONS))
    assert all(verified_by_python(webhooks))
    assert await verified_by_node(webhooks) == [True] * len(webhooks)

    changed = [one._replace(body=one.body.replace(b"675c", b"675d")) for one in webhooks]
    foreign = [one._replace(secret=new_secret().text()) for one in webhooks]
    renamed = [one._replace(headers={**one.headers, "webhook-id": "msg_0"}) for one in webhooks]
    refused = [*changed, *foreign, *renamed]
    assert not any(verified_by_python(refused))
    assert await verified_by_node(refused) == [False] * len(refused)


async def test_what_is_stale_or_from_the_future_is_refused_by_both(verified_by_node: Any) -> None:
    secret, now = new_secret(), int(time.time())
    webhooks = [
        Sent(secret.text(), sign("msg_1", now + age, b"{}", [secret]), b"{}")
        for age in (-330, 330, -270, 270)
    ]
    assert verified_by_python(webhooks) == [False, False, True, True]
    assert await verified_by_node(webhooks) == [False, False, True, True]


async def test_both_take_every_secret_that_we_take_and_every_text_in_a_body(verified_by_node: Any) -> None:
    body = json.dumps({"name": 'Caffè "✓" 😀 \u2028 \ufeff \x7f'}, ensure_ascii=False).encode()
    secrets = [Secret(bytes(range(size))) for size in range(SHORTEST_SECRET_BYTES, LONGEST_SECRET_BYTES + 1)]
    webhooks = [
        Sent(secret.text(), sign(f"msg_{number:032x}", int(time.time()), body, [new_secret(), secret]), body)
        for number, secret in enumerate(secrets)
    ]
    assert all(verified_by_python(webhooks))
    assert await verified_by_node(webhooks) == [True] * len(webhooks)
