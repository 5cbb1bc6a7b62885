"""`GET /openapi.json`: what there is, made of what the router serves."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gateway.openapi.document import openapi_document
from gateway.operations import documents
from gateway.routing import OPERATIONS, Route


@dataclass(frozen=True)
class Document:
    """A document as it is sent, and the name of this version of it."""

    text: bytes
    etag: str

    @classmethod
    def of(cls, content: Any) -> "Document":
        """The document behind a value."""
        text = json.dumps(content, ensure_ascii=False).encode()
        return cls(text, hashlib.sha256(text).hexdigest()[:32])


class DocumentRoutes:
    """Documents, each made when it is asked for the first time."""

    def __init__(self) -> None:
        self._openapi: Document | None = None

    def routes(self) -> list[Route]:
        return [Route(documents.OPENAPI, self.get_openapi)]

    async def get_openapi(self, request: web.Request) -> web.Response:
        """200 with the document; 304 for whoever knows it."""
        if self._openapi is None:
            operations = request.app[OPERATIONS]
            self._openapi = Document.of(openapi_document(operations))
        return _sent(request, self._openapi)


def _sent(request: web.Request, document: Document) -> web.Response:
    known = {tag.value for tag in request.if_none_match or ()}
    is_known = bool(known & {document.etag, "*"})
    response = web.Response(status=304) if is_known else web.Response(body=document.text)
    response.etag = document.etag
    response.headers["Cache-Control"] = "no-cache"  # asked for each time: it changes with the service
    if not is_known:
        response.content_type = "application/json"
    return response
