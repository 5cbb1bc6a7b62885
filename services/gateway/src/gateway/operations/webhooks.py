"""Operations on the subscriptions of webhooks and their deliveries."""

from gateway.access.scopes import Scope
from gateway.operations.operation import Operation, Tag

ADD = Operation(
    method="POST",
    path="/api/v1/webhooks",
    operation_id="addWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Subscribe; the secret is shown this once",
)

ALL = Operation(
    method="GET",
    path="/api/v1/webhooks",
    operation_id="listWebhooks",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="The tenant's webhooks",
)

ONE = Operation(
    method="GET",
    path="/api/v1/webhooks/{id}",
    operation_id="getWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="One webhook",
)

CHANGE = Operation(
    method="PATCH",
    path="/api/v1/webhooks/{id}",
    operation_id="changeWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Change a webhook, pause it, go on with it",
)

REMOVE = Operation(
    method="DELETE",
    path="/api/v1/webhooks/{id}",
    operation_id="removeWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Remove a webhook",
)

ROTATE_SECRET = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/rotate-secret",
    operation_id="rotateWebhookSecret",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="A new secret, beside which the old one signs for 24 hours",
)

TEST = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/test",
    operation_id="testWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="What the endpoint says to a test webhook",
)

RECOVER = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/recover",
    operation_id="recoverWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Send again all that was not delivered since a time",
)

DELIVERIES = Operation(
    method="GET",
    path="/api/v1/webhooks/{id}/deliveries",
    operation_id="listDeliveries",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="What was delivered, the newest first",
)

REPLAY = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/deliveries/replay",
    operation_id="replayDeliveries",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Send a range of deliveries again",
)

DELIVERY = Operation(
    method="GET",
    path="/api/v1/webhooks/{id}/deliveries/{delivery_id}",
    operation_id="getDelivery",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="One delivery, attempt by attempt",
)

REPLAY_ONE = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay",
    operation_id="replayDelivery",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Send one delivery again",
)
