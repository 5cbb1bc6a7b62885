"""Operations that every service has."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from gateway.operations.operation import Answer, Open, Operation, Tag


class Alive(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class Ready(TypedDict):
    """Whether the service can do its work, and what it needs for that."""

    ready: bool
    checks: Annotated[dict[str, bool], Field(examples=[{"database": True, "broker": True}])]


ALIVE = Operation(
    method="GET",
    path="/healthz",
    operation_id="isAlive",
    tag=Tag.HEALTH,
    scope=Open.TO_ALL,
    summary="The process answers",
    answers={200: Answer(description="It does.", kind=Alive)},
)

READY = Operation(
    method="GET",
    path="/readyz",
    operation_id="isReady",
    tag=Tag.HEALTH,
    scope=Open.TO_ALL,
    summary="The service can do its work",
    answers={
        200: Answer(description="It can.", kind=Ready),
        503: Answer(
            description="Something that it needs is away.",
            kind=Ready,
            example={"ready": False, "checks": {"database": True, "broker": False}},
        ),
    },
)

METRICS = Operation(
    method="GET",
    path="/metrics",
    operation_id="readMetrics",
    tag=Tag.HEALTH,
    scope=Open.TO_ALL,
    summary="Metrics in the form of Prometheus",
    answers={
        200: Answer(
            description="The metrics.",
            kind=str,
            example="# HELP python_info Python platform information\n",
            content_type="text/plain",
        )
    },
)

OF_EVERY_SERVICE = (ALIVE, READY, METRICS)
"""Their routes come with `common.service`."""
