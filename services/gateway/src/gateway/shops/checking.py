"""Having a shop looked at by prestashop-writer, through its internal API."""

import aiohttp
from pydantic import SecretStr

from common.registered_shops.findings import CHECK_PATH, CheckWanted, ShopFindings
from gateway.errors import Refusal, unavailable

TIMEOUT_SECONDS = 20  # the writer gives the shop 15


class ShopChecks:
    """Asks the writer. `url` and `token` are None where the settings name none."""

    def __init__(self, http: aiohttp.ClientSession, url: str | None, token: SecretStr | None) -> None:
        self._http = http
        self._url = url.rstrip("/") if url else None
        self._token = token

    async def check(self, wanted: CheckWanted) -> ShopFindings:
        """What the shop can do. Raises `Refusal` (503, 504) where nobody could look."""
        if self._url is None or self._token is None:
            raise _not_now("Checks of shops are not set up here.")
        try:
            async with self._http.post(
                self._url + CHECK_PATH,
                json=wanted.model_dump(mode="json"),
                headers={"Authorization": f"Bearer {self._token.get_secret_value()}"},
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                allow_redirects=False,
            ) as answer:
                if answer.status != 200:
                    raise _not_now("The service that checks shops is busy.")
                return ShopFindings.model_validate(await answer.json())
        except (aiohttp.ClientError, TimeoutError):
            raise _not_now("The service that checks shops is away.") from None


def _not_now(why: str) -> Refusal:
    return unavailable(f"{why} Nothing was stored; send it again, or with ?check=later.")
