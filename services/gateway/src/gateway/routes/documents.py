"""`GET /openapi.json`: what there is, made of what the router serves."""

import json

from aiohttp import web

from gateway.openapi.document import openapi_document
from gateway.operations import documents
from gateway.routing import OPERATIONS, Route
from gateway.unchanging import Unchanging


class DocumentRoutes:
    """Documents, each made when it is asked for the first time."""

    def __init__(self) -> None:
        self._openapi: Unchanging | None = None

    def routes(self) -> list[Route]:
        return [Route(documents.OPENAPI, self.get_openapi)]

    async def get_openapi(self, request: web.Request) -> web.Response:
        """200 with the document; 304 for whoever knows it."""
        if self._openapi is None:
            operations = request.app[OPERATIONS]
            text = json.dumps(openapi_document(operations), ensure_ascii=False)
            self._openapi = Unchanging.of(text, "application/json")
        return self._openapi.answer(request)
