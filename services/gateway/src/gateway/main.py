"""Wires the gateway."""

import aiohttp
import structlog

from common.messages import ChunkCompleted, ChunkValidated, ChunkWritten
from common.service import Runtime, run_service
from gateway import store
from gateway.accepting import Admission
from gateway.authentication import AccessTokens, Passwords
from gateway.body import BodyBudget
from gateway.media import Media
from gateway.progress import Progress
from gateway.routes.auth import AuthRoutes
from gateway.routes.bulk import BulkRoutes
from gateway.routes.media import MediaRoutes
from gateway.routes.sync import SyncRoutes
from gateway.routes.webhooks import WebhookRoutes
from gateway.settings import GatewaySettings
from gateway.surface import Surface
from gateway.waiting import Waiting

log = structlog.get_logger()


def main() -> None:
    """Run the gateway."""
    run_service("gateway", GatewaySettings, start)


async def start(runtime: Runtime[GatewaySettings]) -> None:
    """Take requests in, follow what becomes of them."""
    settings, database = runtime.settings, runtime.database
    surface = Surface(
        settings=settings,
        database=database,
        shops=runtime.shops,
        admission=Admission(database, runtime.broker),
        media=Media(database, runtime.blobs, settings.image_max_bytes),
        tokens=AccessTokens(
            settings.jwt_secret, settings.jwt_issuer, valid_seconds=settings.access_token_seconds
        ),
        passwords=Passwords(),
        waiting=Waiting(),
        bodies=BodyBudget(settings.bodies_in_memory_max_bytes, settings.body_turn_seconds),
    )
    await _prepare(surface)
    http = aiohttp.ClientSession(trust_env=False)
    runtime.on_stop.append(http.close)
    runtime.web_app = surface.application()
    runtime.routes(
        [
            *AuthRoutes(surface).routes(),
            *SyncRoutes(surface, runtime.stopping).routes(),
            *BulkRoutes(surface).routes(),
            *MediaRoutes(surface).routes(),
            *WebhookRoutes(http, settings.relay_url, settings.internal_token).routes(),
        ]
    )
    runtime.collect_dead_letters()
    progress = Progress(surface.waiting)
    runtime.consume(
        {
            ChunkValidated: progress.take_validated,
            ChunkWritten: progress.take_written,
            ChunkCompleted: progress.take_completed,
        }
    )


async def _prepare(surface: Surface) -> None:
    """The first product id and the first user, as the settings want them."""
    settings = surface.settings
    async with surface.database.transaction() as connection:
        await store.start_product_ids_at(connection, settings.first_product_id)
        if settings.bootstrap_email is None or settings.bootstrap_password is None:
            return
        email = settings.bootstrap_email.strip().lower()
        password = settings.bootstrap_password.get_secret_value()
        known = await store.password_hash_of(connection, email)
        of_tenant = known is not None and known[0] == settings.bootstrap_tenant
        if known and of_tenant and await surface.passwords.matches(password, known[1]):
            return
        hashed = await surface.passwords.hash(password)
        await store.save_user(connection, email, settings.bootstrap_tenant, hashed)
    log.info("user.bootstrapped", tenant=settings.bootstrap_tenant)
