"""`GET /openapi.json`, what is made of it, and `/asyncapi.json`: what is served, and what is told."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from common.public.asyncapi import asyncapi_document
from gateway.openapi.document import openapi_document
from gateway.operations import documents
from gateway.operations.operation import Operation
from gateway.postman.collection import postman_collection
from gateway.routing import OPERATIONS, Route
from gateway.unchanging import Unchanging

Document = dict[str, Any]


class DocumentRoutes:
    """Documents, each made when it is asked for the first time."""

    def __init__(self) -> None:
        self._made: dict[str, Unchanging] = {}

    def routes(self) -> list[Route]:
        return [
            Route(documents.OPENAPI, self.get_openapi),
            Route(documents.POSTMAN, self.get_postman_collection),
            Route(documents.ASYNCAPI, self.get_asyncapi),
        ]

    async def get_openapi(self, request: web.Request) -> web.Response:
        """200 with the document; 304 for whoever knows it."""
        return self._answer(request, documents.OPENAPI, lambda openapi: openapi)

    async def get_postman_collection(self, request: web.Request) -> web.Response:
        """200 with the collection; 304 for whoever knows it."""
        return self._answer(request, documents.POSTMAN, postman_collection)

    async def get_asyncapi(self, request: web.Request) -> web.Response:
        """200 with the document; 304 for whoever knows it."""
        return self._answer(request, documents.ASYNCAPI, lambda _openapi: asyncapi_document())

    def _answer(
        self, request: web.Request, operation: Operation, make: Callable[[Document], Document]
    ) -> web.Response:
        known = self._made.get(operation.path)
        if known is None:
            operations = request.app[OPERATIONS]
            text = json.dumps(make(openapi_document(operations)), ensure_ascii=False)
            known = self._made[operation.path] = Unchanging.of(text, "application/json")
        return known.answer(request)
