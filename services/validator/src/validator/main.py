"""Wires the validator."""

from common.messages import ChunkSubmitted, ShopRegistered, ShopRemoved, ShopSnapshot
from common.registered_shops.following import keep_told
from common.service import Runtime, run_service
from validator.handlers import Handlers
from validator.settings import ValidatorSettings
from validator.waiting import WaitingRoom


def main() -> None:
    """Run until SIGTERM."""
    run_service("validator", ValidatorSettings, start)


async def start(runtime: Runtime[ValidatorSettings]) -> None:
    """Judge what the gateway submits; wait where a newer snapshot must decide."""
    waiting_room = WaitingRoom(runtime.name, runtime.database, runtime.settings)
    handlers = Handlers(check_digits=runtime.settings.check_digits, wake=waiting_room.wake)
    runtime.consume(
        {
            ChunkSubmitted: handlers.take_chunks,
            ShopSnapshot: handlers.take_snapshots,
            ShopRegistered: keep_told,
            ShopRemoved: handlers.take_removed_shops,
        }
    )
    runtime.background("waiting chunks", waiting_room.serve)
    runtime.background("claims", waiting_room.forget)
