"""Operations that every service has."""

from gateway.operations.operation import Open, Operation, Tag

ALIVE = Operation(
    method="GET",
    path="/healthz",
    operation_id="isAlive",
    tag=Tag.HEALTH,
    scope=Open.TO_ALL,
    summary="The process answers",
)

READY = Operation(
    method="GET",
    path="/readyz",
    operation_id="isReady",
    tag=Tag.HEALTH,
    scope=Open.TO_ALL,
    summary="The service can do its work",
)

METRICS = Operation(
    method="GET",
    path="/metrics",
    operation_id="readMetrics",
    tag=Tag.HEALTH,
    scope=Open.TO_ALL,
    summary="Metrics in the form of Prometheus",
)

OF_EVERY_SERVICE = (ALIVE, READY, METRICS)
"""Their routes come with `common.service`."""
