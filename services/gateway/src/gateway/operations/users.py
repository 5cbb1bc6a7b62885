"""Operations on the users of a tenant."""

from gateway.access.scopes import Scope
from gateway.operations.operation import Operation, Tag

ALL = Operation(
    method="GET",
    path="/api/v1/users",
    operation_id="listUsers",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    summary="The tenant's users",
)

ADD = Operation(
    method="POST",
    path="/api/v1/users",
    operation_id="addUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    summary="Add a user",
)

ONE = Operation(
    method="GET",
    path="/api/v1/users/{user_id}",
    operation_id="getUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    summary="One user",
)

CHANGE = Operation(
    method="PATCH",
    path="/api/v1/users/{user_id}",
    operation_id="changeUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    summary="Change a user's role or password",
)

REMOVE = Operation(
    method="DELETE",
    path="/api/v1/users/{user_id}",
    operation_id="removeUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    summary="Remove a user, its sessions and the keys that it made",
)
