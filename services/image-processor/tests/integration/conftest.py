"""A shop, the queue's other side and pictures that can be told apart, around a running image-processor."""

import asyncio
import hashlib
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import pytest
import pytest_asyncio
from aiohttp import web
from PIL import Image, ImageDraw
from pydantic import SecretStr

from common.blobs import Blobs
from common.database import open_database
from common.messages import (
    Chunk,
    ChunkCompleted,
    ChunkProgressed,
    ChunkWritten,
    ImageReference,
    Intent,
    ItemOutcome,
    Message,
    PictureWork,
    Result,
    VariantPictures,
    decode,
)
from common.messaging.broker import Broker, connect
from common.messaging.envelope import outgoing_envelope
from common.messaging.topology import CHUNKS, queue_of
from common.service import Runtime
from image_processor.main import start
from image_processor.settings import ImageSettings
from prestashop import Shop, Written, links_of
from simulator.faults import Faults
from simulator.server import FAULTS, SHOP, start_server
from simulator.settings import Key, ShopSettings
from simulator.shop_state import products
from stack.fixtures import migrated_template
from stack.servers import Server

KEY = "K" * 32
PATIENCE_SECONDS = 30.0
REQUEST_SECONDS = 10.0  # a busy machine is no shop that does not answer
IMPATIENT_SECONDS = 1.0
# Far apart in colour, so that a shop's copy can be recognised whatever it was encoded with.
COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 180, 60),
    "blue": (40, 60, 210),
    "yellow": (230, 210, 40),
    "grey": (120, 120, 120),
    "white": (250, 250, 250),
}


def a_picture(name: str) -> bytes:
    """A small JPEG in the colour of that name, always the same bytes."""
    image = Image.new("RGB", (90, 60), COLOURS[name])
    ImageDraw.Draw(image).rectangle((5, 5, 12, 12), fill=(0, 0, 0))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def name_of(data: bytes) -> str:
    """Whose colour a picture is."""
    pixel = Image.open(io.BytesIO(data)).convert("RGB").getpixel((60, 40))
    assert isinstance(pixel, tuple)
    return min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(COLOURS[name], pixel, strict=True)))


async def eventually(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it holds; fail when it does not within the time."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is awaited lies in other processes and tasks
            await asyncio.sleep(0.01)


@dataclass
class Asked:
    """What the shop was asked, by kind."""

    uploads: int = 0
    deletes: int = 0
    patches: int = 0
    lists: int = 0
    reads: int = 0
    puts: int = 0

    @property
    def everything(self) -> int:
        return self.uploads + self.deletes + self.patches + self.lists + self.reads + self.puts


@dataclass
class World:
    """What surrounds the service."""

    settings: ImageSettings
    runner: web.AppRunner
    client: Shop
    broker: Broker
    blobs: Blobs
    folder: Path
    told: list[Message] = field(default_factory=list)
    sequence: int = 0
    mark: int = 0

    @property
    def faults(self) -> Faults:
        return self.runner.app[FAULTS]

    # ── the writer's side ──

    async def products(self, count: int) -> list[int]:
        """Products of the shop, as the writer makes them."""
        nodes = [
            {"reference": f"P{uuid4().hex[:8]}", "name": {1: "P", 2: "P"}, "price": 1, "state": 1}
            for _ in range(count)
        ]
        outcomes = await self.client.create("products", nodes, identity="reference")
        self.forget_requests()
        return [outcome.id for outcome in outcomes if isinstance(outcome, Written)]

    async def combinations(self, product: int, *references: str) -> list[VariantPictures]:
        """Variants of a product, as the writer makes them, that are to show nothing."""
        nodes = [
            {"id_product": product, "reference": reference, "minimal_quantity": 1} for reference in references
        ]
        outcomes = await self.client.create("combinations", nodes)
        self.forget_requests()
        ids = [outcome.id for outcome in outcomes if isinstance(outcome, Written)]
        return [
            VariantPictures(reference=reference, presta_id=combination, file_names=())
            for reference, combination in zip(references, ids, strict=True)
        ]

    async def store(self, data: bytes) -> str:
        """Keep bytes in blob storage and return their sha-256."""
        sha256 = hashlib.sha256(data).hexdigest()

        async def stream() -> AsyncIterator[bytes]:
            yield data

        await self.blobs.put(sha256, stream(), max_bytes=20_000_000)
        return sha256

    async def pictures(self, *names: str) -> tuple[ImageReference, ...]:
        """References to stored pictures in these colours."""
        return tuple([await self.picture(a_picture(name), f"{name}.jpg") for name in names])

    def bytes_of(self, name: str) -> bytes:
        return a_picture(name)

    async def picture(self, data: bytes, file_name: str) -> ImageReference:
        return ImageReference(file_name=file_name, sha256=await self.store(data))

    def written(
        self, lists: Iterable[tuple[int, Sequence[ImageReference]]], result: Result = Result.CREATED
    ) -> ChunkWritten:
        """The writer has written products; their pictures are open."""
        work = []
        for presta_id, images in lists:
            self.sequence += 1
            outcome = ItemOutcome(
                position=len(work),
                sequence=self.sequence,
                intent=Intent.UPSERT,
                result=result,
                reference=f"R-{presta_id}",
                presta_id=presta_id,
            )
            work.append(PictureWork(outcome=outcome, images=tuple(images)))
        submission = f"bulk_{uuid4().hex[:12]}"
        chunk = Chunk(
            chunk_id=f"{submission}_0",
            submission_id=submission,
            partition=0,
            tenant="acme",
            shop="shop",
            submitted_at=datetime.now(UTC),
            total_items=len(work),
        )
        return ChunkWritten(chunk=chunk, pictures=tuple(work))

    async def send(self, message: Message) -> None:
        await self.broker.publish(
            outgoing_envelope(message, "prestashop-writer"),
            exchange=CHUNKS,
            routing_key=message.routing_key(),
            body=message.to_json(),
        )

    async def bring(
        self, presta_id: int, *images: ImageReference, result: Result = Result.UPDATED, **more: Any
    ) -> ItemOutcome:
        """Ask for the pictures of one product, with `more` fields of its work, and wait for the outcome."""
        message = self.written([(presta_id, images)], result)
        work = message.pictures[0].model_copy(update=more)
        message = message.model_copy(update={"pictures": (work,)})
        await self.send(message)
        (outcome,) = (await self.completed(message)).outcomes
        return outcome

    # ── the other listeners' side ──

    async def listen(self) -> None:
        channel = await self.broker.connection.channel()
        self._queue = await channel.declare_queue(exclusive=True)
        for key in ("chunk.completed.#", "chunk.progressed.#", "shop.reachability.#"):
            await self._queue.bind(CHUNKS, key)
        await self._queue.consume(self._remember, no_ack=True)

    async def _remember(self, delivery: aio_pika.abc.AbstractIncomingMessage) -> None:
        self.told.append(decode(delivery.type or "", delivery.body))

    def completions(self, written: ChunkWritten) -> list[ChunkCompleted]:
        wanted = written.chunk.chunk_id
        return [m for m in self.told if isinstance(m, ChunkCompleted) and m.chunk.chunk_id == wanted]

    def progress(self, written: ChunkWritten) -> list[ChunkProgressed]:
        wanted = written.chunk.chunk_id
        return [m for m in self.told if isinstance(m, ChunkProgressed) and m.chunk.chunk_id == wanted]

    async def completed(self, written: ChunkWritten, seconds: float = PATIENCE_SECONDS) -> ChunkCompleted:
        await eventually(lambda: bool(self.completions(written)), seconds)
        return self.completions(written)[0]

    # ── the shop's side ──

    def state(self, presta_id: int) -> dict[str, Any]:
        (state,) = products(self.runner.app[SHOP], [presta_id])
        return state

    def ids(self, presta_id: int) -> list[int]:
        return list(self.state(presta_id)["image_ids"])

    async def shown(self, presta_id: int) -> list[str]:
        """The product's pictures by their colours, in the shop's order."""
        return [name_of(await self.client.image(presta_id, one)) for one in self.ids(presta_id)]

    async def shown_by(self, variant: VariantPictures) -> list[str]:
        """The pictures of a variant by their colours, in the shop's order."""
        node = await self.client.get("combinations", variant.presta_id)
        assert node is not None
        ids = [int(str(link["id"])) for link in links_of(node, "images")]
        product = int(str(node["id_product"]))
        return [name_of(await self.client.image(product, one)) for one in ids]

    def linked(self, variant: VariantPictures) -> list[int]:
        """The ids of the pictures that a variant shows."""
        rows = self.runner.app[SHOP].connection.execute(
            "select place from link where owner = 'combinations' and name = 'images' and owner_id = ?",
            (variant.presta_id,),
        )
        return sorted(place for (place,) in rows)

    async def cover(self, presta_id: int) -> str:
        return name_of(await self.client.image(presta_id, self.state(presta_id)["cover_id"]))

    def forget_requests(self) -> None:
        connection = self.runner.app[SHOP].connection
        self.mark = connection.execute("select coalesce(max(id), 0) from requests").fetchone()[0]

    @property
    def version(self) -> str:
        return str(self.runner.app[SHOP].settings.version)

    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of each request since `forget_requests`."""
        connection = self.runner.app[SHOP].connection
        rows = connection.execute(
            "select method, path, status from requests where id > ? order by id", (self.mark,)
        )
        return [(method, path, status) for method, path, status in rows]

    def queries(self, method: str, path: str) -> list[str]:
        """The query strings of the requests to a path since `forget_requests`."""
        connection = self.runner.app[SHOP].connection
        rows = connection.execute(
            "select query from requests where id > ? and method = ? and path = ? order by id",
            (self.mark, method, path),
        )
        return [query for (query,) in rows]

    def asked(self) -> Asked:
        """What the shop was asked since `forget_requests`."""
        asked = Asked()
        for method, path, _ in self.requests():
            asked.uploads += method == "POST" and path.startswith("/api/images/products/")
            asked.deletes += method == "DELETE"
            asked.patches += method == "PATCH"
            asked.puts += method == "PUT"
            asked.lists += method == "GET" and path.count("/") == 4
            asked.reads += method == "GET" and path.count("/") == 5
        return asked

    # ── the service ──

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Runtime[ImageSettings]]:
        """The service within the test."""
        database, broker = await asyncio.gather(
            open_database(self.settings, "image-processor"), connect(self.settings, "image-processor")
        )
        runtime: Runtime[ImageSettings] = Runtime("image-processor", self.settings, database, broker)
        await start(runtime)
        running = asyncio.create_task(runtime.run())
        try:
            await self.until_consuming()
            yield runtime
        finally:
            runtime.stopping.set()
            await running
            await asyncio.gather(broker.close(), database.pool.close())
        assert not runtime.failed

    @asynccontextmanager
    async def process(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The service as a process of its own, which may be killed."""
        log = self.folder / f"image-processor-{uuid4().hex[:6]}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "image_processor",
                env={**os.environ, **environment_of(self.settings)},
                stdout=output,
                stderr=output,
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
        for line in log.read_text().splitlines():
            if line.startswith("{") and json.loads(line).get("level") == "critical":
                raise AssertionError(line)

    async def until_consuming(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    async with self.broker.connection.channel() as channel:
                        queue = await channel.declare_queue(queue_of("image-processor"), passive=True)
                        if queue.declaration_result.consumer_count:
                            return
                except aio_pika.exceptions.ChannelNotFoundEntity:
                    pass
                await asyncio.sleep(0.02)


def environment_of(settings: ImageSettings) -> dict[str, str]:
    assert settings.shops_file is not None
    return {
        "SKUWIRE_DATABASE_URL": settings.database_url.get_secret_value(),
        "SKUWIRE_AMQP_URL": settings.amqp_url.get_secret_value(),
        "SKUWIRE_BLOB_URL": settings.blob_url,
        "SKUWIRE_SHOPS_FILE": str(settings.shops_file),
        "SKUWIRE_IMAGES_LEASE_SECONDS": str(settings.lease_seconds),
        "SKUWIRE_IMAGES_IDLE_SECONDS": str(settings.idle_seconds),
    }


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_template(postgres_server: Server) -> AsyncIterator[str]:
    async with migrated_template(postgres_server.url, "image-processor") as name:
        yield name


@pytest.fixture
async def world(
    database: str, rabbitmq_server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    """A shop of the newest edition, or of the one that the test asks for by an indirect parameter."""
    edition = getattr(request, "param", "8.2.1")
    runner, port = await start_server(
        ShopSettings(data_dir=tmp_path / "shop", keys=(Key(KEY),), version=edition), "127.0.0.1", 0
    )
    url = f"http://127.0.0.1:{port}"
    shops_file = tmp_path / "shops.toml"
    shops_file.write_text(
        f'[[shop]]\nid = "shop"\ntenant = "acme"\nurl = "{url}"\nkey = "{KEY}"\n'
        f"request_timeout_seconds = {REQUEST_SECONDS}\nlate_commit_seconds = 0.2\n"
    )
    settings = ImageSettings(
        database_url=SecretStr(database),
        amqp_url=SecretStr(rabbitmq_server.url),
        blob_url=(tmp_path / "blobs").as_uri(),
        shops_file=shops_file,
        lease_seconds=1,  # raised by the service to what an upload may take
        idle_seconds=0.1,
        progress_seconds=0.1,
    )
    broker = await connect(settings, "neighbours")
    async with broker.connection.channel() as channel:
        await channel.queue_delete(queue_of("image-processor"))  # what an earlier test may have left
    async with Shop(url, KEY) as client:
        world = World(settings, runner, client, broker, Blobs(settings.blob_url), tmp_path)
        await world.listen()
        yield world
    await broker.close()
    await runner.cleanup()


@pytest.fixture
def impatient(world: World) -> None:
    """The service, which starts after this, soon gives a request up, and what was lost with it."""
    shops_file = world.settings.shops_file
    assert shops_file is not None
    told = shops_file.read_text()
    wanted = told.replace(f"= {REQUEST_SECONDS}\n", f"= {IMPATIENT_SECONDS}\n")
    assert wanted != told
    shops_file.write_text(wanted)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[None]]:
    return eventually
