"""Reads a partner's queue and keeps every event, once, in SQLite.

pip install aio-pika
AMQP_URL=amqps://partner.erp:…@broker.example.com:5671/ python subscriber.py
"""

import asyncio
import os
import signal
import sqlite3
from contextlib import closing

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from yarl import URL

AMQP_URL = os.environ["AMQP_URL"]
QUEUE = os.environ.get("QUEUE") or URL(AMQP_URL).user or ""  # the user is named like its queue
EVENTS_FILE = os.environ.get("EVENTS_FILE", "events.sqlite")
IN_HAND = 20  # events that the broker hands out before the first of them is acknowledged


async def main() -> None:
    """Read until SIGTERM or Ctrl-C; what is not acknowledged by then comes again."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with closing(sqlite3.connect(EVENTS_FILE, isolation_level=None)) as events:
        events.execute("create table if not exists events (id text primary key, type text, body text)")

        async def take(message: AbstractIncomingMessage) -> None:
            # Work and id in one transaction: an event that comes again changes nothing.
            row = (message.message_id, message.type, message.body.decode())
            events.execute("insert or ignore into events values (?, ?, ?)", row)
            await message.ack()  # only now: had we died before, it would come again

        async with await aio_pika.connect_robust(AMQP_URL) as connection:  # comes back after an outage
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=IN_HAND)
            queue = await channel.get_queue(QUEUE)
            consumer = await queue.consume(take)
            print(f"reading {QUEUE}", flush=True)
            await stopped.wait()
            await queue.cancel(consumer)


if __name__ == "__main__":
    asyncio.run(main())
