"""`PUT` and `HEAD /api/v1/media/{sha256}`: picture bytes sent ahead, so that items only name them."""

from aiohttp import web

from common.blobs import SHA256
from gateway.body import check_length
from gateway.errors import not_found
from gateway.operations import media
from gateway.routing import Route
from gateway.surface import CALLER, Surface


class MediaRoutes:
    """Pictures by the sha-256 of their bytes."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._media = surface.media

    def routes(self) -> list[Route]:
        return [
            Route(media.SEND, self.put),
            Route(media.KNOWN, self.head),
        ]

    async def put(self, request: web.Request) -> web.Response:
        """201 stored, 200 known before; 413 too large, 422 no picture or not the bytes of that sha-256."""
        sha256, tenant = _sha256(request), request[CALLER].tenant
        check_length(request, self._media.max_bytes)
        known = await self._media.is_known(tenant, sha256)
        if not known:
            length = request.content_length or self._media.max_bytes
            async with self._surface.bodies.hold(length):  # until it is whole it is in memory
                parts = self._surface.body_of(request, self._media.max_bytes)
                await self._media.put(tenant, sha256, parts)
        body = {"status": "success", "data": {"sha256": sha256}}
        return web.json_response(body, status=200 if known else 201)

    async def head(self, request: web.Request) -> web.Response:
        """200 where the tenant has sent it, 404 where not."""
        if not await self._media.is_known(request[CALLER].tenant, _sha256(request)):
            raise not_found("No picture with this sha-256 was sent.")
        return web.Response()


def _sha256(request: web.Request) -> str:
    value = request.match_info["sha256"]
    if not SHA256.match(value) or len(value) != 64:
        raise not_found("A picture is named by its sha-256 in 64 lower-case hexadecimal digits.")
    return value
