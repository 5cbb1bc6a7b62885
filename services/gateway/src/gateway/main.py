"""Wires the gateway."""

import time
from collections.abc import Mapping
from functools import partial

import aiohttp

from common.messages import ChunkCompleted, ChunkValidated, ChunkWritten, ShopReachability
from common.service import Runtime, run_service
from gateway import forgetting, idempotency_store, retry_store, store
from gateway.accepting import Admission
from gateway.access.addresses import networks_of
from gateway.access.first_user import bootstrap
from gateway.access.forgetting import keep_forgetting
from gateway.access.wiring import open_access
from gateway.body import BodyBudget
from gateway.dead_letters import store as letter_store
from gateway.dead_letters.replaying import Replaying
from gateway.inbound import store as inbound_store
from gateway.inbound.deliveries import Deliveries
from gateway.inbound.sources import known_sources
from gateway.limits.backpressure import Backpressure
from gateway.limits.quotas import Quotas
from gateway.media import Media
from gateway.operations.dead_letters import OF_OPERATOR, OF_TENANT
from gateway.progress import Progress
from gateway.remembering import Remembering
from gateway.routes.api_keys import ApiKeyRoutes
from gateway.routes.auth import AuthRoutes
from gateway.routes.bulk import BulkRoutes
from gateway.routes.dead_letters import DeadLetterRoutes
from gateway.routes.documents import DocumentRoutes
from gateway.routes.inbound_webhooks import InboundWebhookRoutes
from gateway.routes.media import MediaRoutes
from gateway.routes.pages import PageRoutes
from gateway.routes.shops import ShopRoutes
from gateway.routes.submissions import SubmissionRoutes
from gateway.routes.sync import SyncRoutes
from gateway.routes.users import UserRoutes
from gateway.routes.webhooks import WebhookRoutes
from gateway.settings import GatewaySettings
from gateway.shops.reachability import take_reachability
from gateway.shops.store import registered_among
from gateway.shops.wiring import open_registry
from gateway.surface import Surface
from gateway.waiting import Waiting

ANSWER_MARGIN_SECONDS = 5.0  # to load and send an answer, after the longest wait for a result


def main() -> None:
    """Run the gateway."""
    run_service("gateway", GatewaySettings, start)


async def start(runtime: Runtime[GatewaySettings]) -> None:
    """Take requests in, follow what becomes of them."""
    settings, database = runtime.settings, runtime.database
    access = open_access(settings, database)
    backpressure = Backpressure(database, settings.backlog_bounds())
    admission = Admission(database.of, runtime.broker, backpressure)
    surface = Surface(
        settings=settings,
        rows_of=database.of,
        shops=runtime.shops,
        admission=admission,
        media=Media(database.of, runtime.blobs, settings.image_max_bytes),
        gate=access.gate,
        proxies=networks_of(settings.trusted_proxies),
        waiting=Waiting(),
        quotas=Quotas(settings, time.monotonic),
        bodies=BodyBudget(settings.bodies_in_memory_max_bytes, settings.body_turn_seconds),
        remembering=Remembering(
            database.of,
            admission,
            keep_seconds=settings.idempotency_keep_seconds,
            answer_seconds=settings.wait_seconds + ANSWER_MARGIN_SECONDS,
        ),
    )
    http = aiohttp.ClientSession(trust_env=False)
    runtime.on_stop.append(http.close)
    registry = await open_registry(runtime, surface.waiting, http)
    named = [source.shop for source in settings.inbound_webhooks]
    registered = await registered_among(database.pool, named)
    sources = known_sources(settings.inbound_webhooks, runtime.shops, registered)
    async with database.transaction() as connection:
        await store.start_product_ids_at(connection, settings.first_product_id)
    await bootstrap(database, access.passwords, settings)
    replaying = Replaying(database, runtime.broker)
    routes = [
        *AuthRoutes(surface, access.logins).routes(),
        *ApiKeyRoutes(surface, access.standing).routes(),
        *UserRoutes(surface, database, access.passwords, access.standing).routes(),
        *SyncRoutes(surface, runtime.stopping).routes(),
        *BulkRoutes(surface).routes(),
        *SubmissionRoutes(surface).routes(),
        *MediaRoutes(surface).routes(),
        *InboundWebhookRoutes(surface, Deliveries(surface, sources, database, access.guard)).routes(),
        *DocumentRoutes().routes(),
        *PageRoutes().routes(),
        *ShopRoutes(surface, registry).routes(),
        *WebhookRoutes(http, settings.relay_url, settings.internal_token, runtime.shops).routes(),
        *DeadLetterRoutes(replaying, OF_TENANT).routes(),
    ]
    if settings.operator_token is not None:
        routes += DeadLetterRoutes(replaying, OF_OPERATOR).routes()
    runtime.web_app = surface.application(routes)
    runtime.routes(route.definition() for route in routes)
    runtime.background("backlog", backpressure.keep_measuring)
    runtime.collect_dead_letters(replaying.keep)
    runtime.background("replays of dead letters", replaying.keep_replaying)
    runtime.background("count of dead letters", replaying.keep_measuring)
    runtime.background("access", partial(keep_forgetting, database, settings.refresh_token_seconds))
    forgotten: Mapping[str, forgetting.Forget] = {
        "idempotency keys": partial(idempotency_store.forget, keep_seconds=settings.idempotency_keep_seconds),
        "inbound webhooks": inbound_store.forget,
        "submitted changes": retry_store.forget_old_changes,
        "settled dead letters": letter_store.forget,
    }
    for what, forget in forgotten.items():
        runtime.background(what, partial(forgetting.keep_forgetting, database, what, forget))
    progress = Progress(surface.waiting)
    runtime.consume(
        {
            ChunkValidated: progress.take_validated,
            ChunkWritten: progress.take_written,
            ChunkCompleted: progress.take_completed,
            ShopReachability: take_reachability,
        }
    )
