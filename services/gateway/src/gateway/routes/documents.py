"""`GET /openapi.json`, what is made of it, and `/asyncapi.json`: what is served, and what is told."""

import json
from typing import Any

from aiohttp import web

from common.public.asyncapi import asyncapi_document
from gateway.openapi.document import openapi_document
from gateway.operations import documents
from gateway.postman.collection import postman_collection
from gateway.routing import OPERATIONS, Route
from gateway.unchanging import MadeOnce, Unchanging


class DocumentRoutes:
    """Documents, each made when it is asked for the first time."""

    def __init__(self) -> None:
        self._openapi = MadeOnce[Unchanging]()
        self._postman = MadeOnce[Unchanging]()
        self._asyncapi = MadeOnce[Unchanging]()

    def routes(self) -> list[Route]:
        return [
            Route(documents.OPENAPI, self.get_openapi),
            Route(documents.POSTMAN, self.get_postman_collection),
            Route(documents.ASYNCAPI, self.get_asyncapi),
        ]

    async def get_openapi(self, request: web.Request) -> web.Response:
        """200 with the document; 304 for whoever knows it."""
        operations = request.app[OPERATIONS]
        openapi = await self._openapi.get(lambda: _json(openapi_document(operations)))
        return openapi.answer(request)

    async def get_postman_collection(self, request: web.Request) -> web.Response:
        """200 with the collection; 304 for whoever knows it."""
        operations = request.app[OPERATIONS]
        postman = await self._postman.get(lambda: _json(postman_collection(openapi_document(operations))))
        return postman.answer(request)

    async def get_asyncapi(self, request: web.Request) -> web.Response:
        """200 with the document; 304 for whoever knows it."""
        asyncapi = await self._asyncapi.get(lambda: _json(asyncapi_document()))
        return asyncapi.answer(request)


def _json(document: dict[str, Any]) -> Unchanging:
    return Unchanging.of(json.dumps(document, ensure_ascii=False), "application/json")
