"""The body of an answer that went well, in the form of the API that was asked."""

from typing import Any

from aiohttp import web

NOT_KEPT = {"Cache-Control": "no-store"}


def enveloped(request: web.Request, data: object, message: str, *, status: int = 200) -> web.Response:
    """Seed 001's envelope below `/api/v1`, else seed 000's. Nobody on the way keeps it."""
    body: dict[str, Any] = {"success": True, "message": message, "data": data}
    if request.path.startswith("/api/v1/"):
        body = {"status": "success", "data": data}
    return web.json_response(body, status=status, headers=NOT_KEPT)
