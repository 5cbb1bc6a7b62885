"""Operations on the users of a tenant."""

from gateway.access.forms import NewUser, UserChange
from gateway.access.scopes import Scope
from gateway.answers.access import ShownUser, Users
from gateway.answers.envelopes import SuccessV1
from gateway.operations.operation import Answer, Body, Operation, Parameter, Tag

USER_ID = Parameter(
    name="user_id", place="path", description="The `user_id` of an answer.", example="usr_4f8a0b6f0d1c2e3a"
)
TENANT = Parameter(
    name="tenant",
    place="query",
    description="The caller's own. Only the operator names another; without it the operator gets the users "
    "of all tenants.",
)
OF_THE_OPERATOR = "The operator's token, as `Authorization: Bearer`, opens this for the users of all tenants."
LAST_ADMIN = "This is the tenant's only admin."
SHOWN = Answer(description="The user.", kind=SuccessV1[ShownUser])

ALL = Operation(
    method="GET",
    path="/api/v1/users",
    operation_id="listUsers",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    operator_too=True,
    summary="The tenant's users",
    description=OF_THE_OPERATOR,
    parameters=[TENANT],
    answers={200: Answer(description="By e-mail address.", kind=SuccessV1[Users])},
)

ADD = Operation(
    method="POST",
    path="/api/v1/users",
    operation_id="addUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    operator_too=True,
    summary="Add a user",
    description="Of the caller's tenant. The operator, who shows its token as `Authorization: Bearer`, says "
    "`tenant` beside: that is how a tenant gets its first admin.",
    body=Body(
        kind=NewUser,
        examples={
            "Somebody who looks": {
                "email": "ada@example.com",
                "password": "a-long-Passphrase-42",
                "role": "viewer",
            }
        },
    ),
    answers={201: SHOWN},
    refusals={409: "The e-mail address is somebody's already."},
)

ONE = Operation(
    method="GET",
    path="/api/v1/users/{user_id}",
    operation_id="getUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    operator_too=True,
    summary="One user",
    description=OF_THE_OPERATOR,
    parameters=[USER_ID],
    answers={200: SHOWN},
)

CHANGE = Operation(
    method="PATCH",
    path="/api/v1/users/{user_id}",
    operation_id="changeUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    operator_too=True,
    summary="Change a user's role or password",
    description=f"A new password ends the user's sessions. {OF_THE_OPERATOR}",
    parameters=[USER_ID],
    body=Body(kind=UserChange, examples={"Another role": {"role": "manager"}}),
    answers={200: SHOWN},
    refusals={409: LAST_ADMIN},
)

REMOVE = Operation(
    method="DELETE",
    path="/api/v1/users/{user_id}",
    operation_id="removeUser",
    tag=Tag.USERS,
    scope=Scope.ADMIN,
    operator_too=True,
    summary="Remove a user, its sessions and the keys that it made",
    description=OF_THE_OPERATOR,
    parameters=[USER_ID],
    answers={204: Answer(description="Removed.")},
    refusals={409: LAST_ADMIN},
)
