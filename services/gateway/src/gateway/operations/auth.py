"""Operations below `/api/auth`, and below `/api/v1/auth` in the envelope of that API."""

from typing_extensions import TypedDict

from gateway.answers.access import Tokens
from gateway.answers.envelopes import Success, SuccessV1
from gateway.operations.operation import Answer, Body, Open, Operation, Tag

PREFIXES = ("/api/auth", "/api/v1/auth")


def version_of(prefix: str) -> str:
    """What ends the ids of operations that are there below both prefixes."""
    return "V1" if prefix.startswith("/api/v1/") else ""


LOG_IN = {
    prefix: Operation(
        method="POST",
        path=f"{prefix}/login",
        operation_id=f"logIn{version_of(prefix)}",
        tag=Tag.LOGIN,
        scope=Open.TO_ALL,
        summary="Log in with e-mail address and password",
    )
    for prefix in PREFIXES
}

REFRESH = {
    prefix: Operation(
        method="POST",
        path=f"{prefix}/refresh",
        operation_id=f"refresh{version_of(prefix)}",
        tag=Tag.LOGIN,
        scope=Open.TO_ALL,
        summary="Change a refresh token for the next two tokens",
    )
    for prefix in PREFIXES
}

LOG_OUT = {
    prefix: Operation(
        method="POST",
        path=f"{prefix}/logout",
        operation_id=f"logOut{version_of(prefix)}",
        tag=Tag.LOGIN,
        scope=Open.TO_ALL,  # the refresh or access token in it is what is ended
        summary="End a session",
    )
    for prefix in PREFIXES
}

WHO_CALLS = {
    prefix: Operation(
        method="GET",
        path=f"{prefix}/me",
        operation_id=f"whoAmI{version_of(prefix)}",
        tag=Tag.LOGIN,
        scope=Open.TO_CALLERS,
        summary="Who calls, and what it may do",
    )
    for prefix in PREFIXES
}


class PasswordChange(TypedDict):
    """The present password, and the one that takes its place."""

    current: str
    new: str


CHANGE_PASSWORD = {
    prefix: Operation(
        method="POST",
        path=f"{prefix}/password",
        operation_id=f"changePassword{version_of(prefix)}",
        tag=Tag.LOGIN,
        scope=Open.TO_CALLERS,
        summary="Change one's own password, which ends all other sessions",
        description="This session goes on with the tokens in the answer. A wrong present password counts as "
        "a wrong login.",
        body=Body(
            kind=PasswordChange,
            examples={"Another password": {"current": "SecurePassword123!", "new": "another-Long1-password"}},
        ),
        answers={
            200: Answer(
                description="The tokens of a session under the new password.",
                kind=(SuccessV1 if version_of(prefix) else Success)[Tokens],
            )
        },
        refusals={
            409: "It was asked with an API key, which has no password.",
            422: "`current` is not the present password, or `new` is too weak.",
        },
    )
    for prefix in PREFIXES
}
