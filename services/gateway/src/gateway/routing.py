"""A route: an operation, and what carries it out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.operations.operation import Operation, Operations

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPERATIONS = web.AppKey("operations", Operations)
"""All that the application offers; what is not among them is closed."""


@dataclass(frozen=True)
class Route:
    """Where an operation is carried out."""

    operation: Operation
    handler: Handler

    def definition(self) -> web.RouteDef:
        """The same for the router."""
        return web.route(self.operation.method, self.operation.path, self.handler)


def operation_of(request: web.Request) -> Operation | None:
    """The operation of the route that the request has reached; None where it has none."""
    resource = request.match_info.route.resource
    if request.match_info.http_exception is not None or resource is None:
        return None
    return request.app[OPERATIONS].find(request.method, resource.canonical)
