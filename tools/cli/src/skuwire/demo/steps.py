"""The steps of the demo: what an ERP does in its first hour with Skuwire."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.pretty import Pretty

from skuwire.demo.catalogue import Item
from skuwire.demo.receiver import Received
from skuwire.demo.report import Pass, SyncAnswer, Webhooks
from skuwire.demo.shop_figures import ShopFigures, traffic_of
from skuwire.gateway import AnswerLost, Gateway, GatewayRefused
from skuwire.problems import ExitCode, Problem
from skuwire.progress import FINISHED, refused_items
from skuwire.sending import send_pictures
from skuwire.showing import counting, follow_bulk

SYNC_SECONDS = 300.0
WEBHOOK_SECONDS = 180.0
POLL_SECONDS = 0.3
MOST_LOST_ANSWERS = 10


class Steps:
    """An ERP on one gateway. Whatever breaks on the way is repeated: all that it sends may be sent again."""

    def __init__(
        self, gateway: Gateway, shop: ShopFigures, received: Received, webhook_url: str, console: Console
    ) -> None:
        self.lost_answers = 0
        self._gateway = gateway
        self._shop = shop
        self._received = received
        self._webhook_url = webhook_url
        self._console = console
        self._chunks: dict[str, int] = {}  # of every submission that is known to exist

    async def subscribe(self) -> None:
        """Register the webhook; the secret is shown once, so a lost answer means to begin again."""
        while True:
            try:
                subscription = await self._gateway.post_webhook(self._webhook_url)
            except AnswerLost:
                self._note_lost_answer()
            except GatewayRefused as error:
                if error.status != 409 or not self.lost_answers:
                    raise
            else:
                self._received.secret = subscription["secret"]
                return
            for webhook in await self._gateway.webhooks():
                if webhook["url"] == self._webhook_url:
                    await self._gateway.delete_webhook(webhook["id"])

    async def send_pictures_ahead(self, pictures: Mapping[str, Path]) -> None:
        """Every picture's bytes, before the items that name them."""
        with counting(self._console, "pictures sent") as on_progress:
            await send_pictures(self._gateway, pictures, on_progress)

    async def send(self, name: str, items: Sequence[Item]) -> Pass:
        """Send items as one bulk, follow it to its end, and ask the shop what it was asked meanwhile."""
        clock = asyncio.get_running_loop().time
        await self._shop.new_requests()  # those of before are not this pass's
        started = clock()
        bulk_id = await self._submit(list(items))
        progress = await follow_bulk(self._gateway, bulk_id, self._console)
        seconds = clock() - started
        self._chunks[bulk_id] = progress.chunks
        settled = await self._gateway.bulk_items(bulk_id)
        return Pass(
            name=name,
            progress=progress,
            refused=refused_items(settled),
            traffic=traffic_of(await self._shop.new_requests()),
            seconds=seconds,
            items=settled,
        )

    async def synchronize(self, product: Item) -> SyncAnswer:
        """Send one product and wait for its result; 202 is followed to its end."""
        answer = await self._answer_of(product)
        if answer.first_status != 202:
            return answer
        sync_id = answer.body["data"]["syncId"]
        clock = asyncio.get_running_loop().time
        deadline = clock() + SYNC_SECONDS
        while (body := await self._gateway.sync(sync_id))["data"]["status"] not in FINISHED:
            if clock() > deadline:
                raise Problem(
                    f"{sync_id} is not finished after {SYNC_SECONDS:.0f} s", code=ExitCode.NOT_AS_PROMISED
                )
            await asyncio.sleep(POLL_SECONDS)
        status = 200 if body["data"]["status"] == "completed" else 422
        return SyncAnswer(status, 202, answer.trace_id, body)

    async def await_webhooks(self) -> Webhooks:
        """Wait until every chunk of every submission was told, or for three minutes."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + WEBHOOK_SECONDS
        while True:
            await self._adopt_unknown_submissions()
            expected = {f"{name}_{n}" for name, count in self._chunks.items() for n in range(count)}
            if expected <= self._received.chunks.keys() or clock() > deadline:
                break
            await asyncio.sleep(POLL_SECONDS)
        return Webhooks(
            expected=len(expected),
            received=len(self._received.delivery_ids),
            verified=len(self._received.verified_ids),
            chunks=len(expected & self._received.chunks.keys()),
            repeats=self._received.repeats,
        )

    async def _submit(self, items: list[Item]) -> str:
        """Submit until there is an answer. A bulk whose answer was lost may run too: that changes nothing."""
        while True:
            try:
                answer = await self._gateway.post_bulk(items)
            except AnswerLost:
                self._note_lost_answer()
            else:
                bulk_id: str = answer.body["data"]["bulkId"]
                return bulk_id

    async def _answer_of(self, product: Item) -> SyncAnswer:
        lost = False
        while True:
            try:
                answer = await self._gateway.post_sync(product)
            except AnswerLost:
                lost = True
                self._note_lost_answer()
            except GatewayRefused as error:
                if not (lost and error.status == 409):
                    return SyncAnswer(error.status, error.status, error.trace_id, error.body)
                product = product | {"operation": "update"}  # the one whose answer was lost has created it
            else:
                self._chunks[answer.body["data"]["syncId"]] = 1
                return SyncAnswer(answer.status, answer.status, answer.trace_id, answer.body)

    async def _adopt_unknown_submissions(self) -> None:
        """Webhooks also tell of submissions whose answer was lost: from then on they count like others."""
        told = {chunk_id.rpartition("_")[0] for chunk_id in self._received.chunks}
        for submission_id in told - self._chunks.keys():
            is_bulk = submission_id.startswith("bulk_")
            self._chunks[submission_id] = (
                len((await self._gateway.bulk(submission_id))["chunks"]) if is_bulk else 1
            )

    def _note_lost_answer(self) -> None:
        self.lost_answers += 1
        self._console.print("  [yellow]The connection broke before the answer; sending it again.[/]")
        if self.lost_answers > MOST_LOST_ANSWERS:
            raise Problem("the gateway keeps breaking connections", "Its log tells why.")


def show_answer(console: Console, answer: SyncAnswer) -> None:
    """Print how the synchronization was answered."""
    console.print(f"  {answer.status}", Pretty(answer.body), f"  X-Trace-Id: {answer.trace_id}", sep="\n")
