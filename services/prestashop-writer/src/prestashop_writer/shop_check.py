"""A first look at a shop that a tenant registers: is it there, does it take the key, what may that do?"""

import asyncio

import aiohttp
import structlog
from pydantic import SecretStr

from common.http.addresses import refuse_unless_public
from common.http.visiting import accept_any_address, refused_address_behind, visiting_session
from common.registered_shops.findings import ShopFindings, ShopProblem
from prestashop import Capabilities, ClientSettings, Shop, ShopError, advice_on
from prestashop_writer.needed_rights import can, missing

log = structlog.get_logger()

CHECK_SECONDS = 15.0
REQUEST_SECONDS = 10.0
LONGEST_ANSWER_BYTES = 4 * 1024 * 1024

TOO_SLOW = "The shop takes too long to answer. Try again in a while."
NOT_PUBLIC = "The address leads into a private network, where no shop can be reached from here."


async def check_shop(url: str, key: SecretStr, *, allow_private: bool) -> ShopFindings:
    """Ask the shop, in bounded time; what goes wrong is a finding too."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    check = accept_any_address if allow_private else refuse_unless_public
    settings = ClientSettings(
        read_timeout_seconds=REQUEST_SECONDS,
        longest_pause_seconds=0,
        max_concurrency=1,
        max_answer_bytes=LONGEST_ANSWER_BYTES,
    )
    try:
        async with (
            asyncio.timeout(CHECK_SECONDS),
            visiting_session(check=check, connections=1, timeout=timeout) as session,
            Shop(url, key.get_secret_value(), settings=settings, session=session) as client,
        ):
            return await _ask(client)
    except TimeoutError:
        return ShopFindings(problem=ShopProblem(field="url", message=TOO_SLOW))
    except ShopError as error:
        log.info("shop.check_failed", cause=type(error).__name__)
        return ShopFindings(problem=_problem(error))


async def _ask(client: Shop) -> ShopFindings:
    capabilities = await client.capabilities()
    return ShopFindings(
        version=capabilities.version,
        languages=await _languages(client, capabilities),
        can=can(capabilities),
        missing=missing(capabilities),
    )


async def _languages(client: Shop, capabilities: Capabilities) -> tuple[str, ...]:
    if not capabilities.allows("GET", "languages"):
        return ()
    return tuple(language.iso_code for language in await client.languages())


def _problem(error: ShopError) -> ShopProblem:
    """The class of the error, in words: its details may repeat what only our network can see."""
    if refused_address_behind(error):
        return ShopProblem(field="url", message=NOT_PUBLIC)
    advice = advice_on(error)
    sentence = (type(error).__doc__ or "").partition("\n")[0]
    return ShopProblem(
        field="url" if advice.about == "address" else "key", message=f"{sentence} {advice.next_step}"
    )
