"""webhook-relay, wired: intake, deliveries, the internal API."""

import structlog

from common.http.addresses import refuse_unless_public
from common.http.visiting import accept_any_address
from common.messages import ChunkCompleted, ShopReachability, SubmissionCompleted
from common.service import Runtime, run_service
from webhook_relay.deliverer import Deliverer
from webhook_relay.endpoint_figures import EndpointFigures
from webhook_relay.endpoints import Endpoint, read_endpoints_file
from webhook_relay.handlers import Intake
from webhook_relay.names import resolve_side_by_side
from webhook_relay.posting import Poster
from webhook_relay.retention import Retention
from webhook_relay.routes import internal_routes
from webhook_relay.settings import RelaySettings
from webhook_relay.signing import Secret
from webhook_relay.store.endpoints import keep_configured_endpoints
from webhook_relay.store.secrets import seal_all
from webhook_relay.trying import TRIALS_AT_ONCE

log = structlog.get_logger()


def main() -> None:
    """Run the service until it is asked to stop."""
    run_service("webhook-relay", RelaySettings, start)


async def start(runtime: Runtime[RelaySettings]) -> None:
    """Wire the service."""
    settings = runtime.settings
    sealer = settings.sealer()
    configured = configured_endpoints(settings)
    async with runtime.database.transaction() as connection:
        await keep_configured_endpoints(
            connection,
            [(endpoint, sealer.seal(secret, endpoint.id)) for endpoint, secret in configured],
        )
        sealed = await seal_all(connection, sealer)
    if sealed:
        log.info("endpoints.secrets_sealed", count=sealed)
    connections = settings.in_flight + TRIALS_AT_ONCE
    resolve_side_by_side(connections)
    poster = Poster(
        connect_timeout_seconds=settings.connect_timeout_seconds,
        total_timeout_seconds=settings.total_timeout_seconds,
        connections=connections,
        check=accept_any_address if settings.allow_private_endpoints else refuse_unless_public,
        check_url=settings.check_url,
    )
    runtime.on_stop.append(poster.close)
    deliverer = Deliverer(runtime.database, poster, settings)
    intake = Intake(deliverer.wake)
    runtime.consume(
        {
            ChunkCompleted: intake.take_completed_chunks,
            SubmissionCompleted: intake.take_completed_submissions,
            ShopReachability: intake.take_reachability,
        }
    )
    runtime.background("deliveries", deliverer.run)
    runtime.background("endpoint figures", EndpointFigures(runtime.database).run)
    runtime.background("retention", Retention(runtime.database, settings.keep_days).run)
    runtime.routes(internal_routes(runtime.database.of, settings, poster, deliverer.wake))


def configured_endpoints(settings: RelaySettings) -> list[tuple[Endpoint, Secret]]:
    """The endpoints of the settings, each with its secret.

    Raises `UnusableUrl` for one that no webhook may be sent to.
    """
    configured = list(settings.endpoints)
    if settings.endpoints_file is not None:
        configured += read_endpoints_file(settings.endpoints_file)
    for entry in configured:
        settings.check_url(entry.url)
    return [(entry.endpoint(), entry.signing_secret()) for entry in configured]
