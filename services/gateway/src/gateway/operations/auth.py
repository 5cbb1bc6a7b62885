"""Operations below `/api/auth`, and below `/api/v1/auth` in the envelope of that API."""

from typing import Any

from gateway.access.forms import Login, PasswordChange, SentRefreshToken
from gateway.answers.access import Tokens, WhoCalls
from gateway.answers.envelopes import Success, SuccessV1
from gateway.operations.operation import Answer, Body, Open, Operation, Tag

PREFIXES = ("/api/auth", "/api/v1/auth")


def version_of(prefix: str) -> str:
    """What ends the ids of operations that are there below both prefixes."""
    return "V1" if prefix.startswith("/api/v1/") else ""


def told(prefix: str, data: Any) -> Any:
    """The type of an answer: its data in the envelope of the prefix."""
    return SuccessV1[data] if prefix.startswith("/api/v1/") else Success[data]


GUESSED = "Too many wrong guesses; `Retry-After` says when the next one counts."

LOG_IN = {
    prefix: Operation(
        method="POST",
        path=f"{prefix}/login",
        operation_id=f"logIn{version_of(prefix)}",
        tag=Tag.LOGIN,
        scope=Open.TO_ALL,
        summary="Log in with e-mail address and password",
        body=Body(
            kind=Login,
            examples={"A login": {"email": "erp@example.com", "password": "SecurePassword123!"}},
        ),
        answers={200: Answer(description="Two tokens.", kind=told(prefix, Tokens))},
        refusals={401: "E-mail address and password do not belong together.", 429: GUESSED},
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
        description="A refresh token is used up by its use; one that comes again ends its session.",
        body=Body(
            kind=SentRefreshToken,
            examples={"A refresh token": {"refresh_token": "pm_refresh_…"}},
        ),
        answers={200: Answer(description="Two tokens.", kind=told(prefix, Tokens))},
        refusals={401: "The refresh token is not good, or no longer.", 429: GUESSED},
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
        description="That of the refresh token in the body; without a body, that of the access token.",
        body=Body(
            kind=SentRefreshToken,
            required=False,
            examples={"A refresh token": {"refresh_token": "pm_refresh_…"}},
        ),
        answers={200: Answer(description="The session is over.", kind=told(prefix, None))},
        refusals={401: "There is neither token.", 429: GUESSED},
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
        answers={
            200: Answer(description="The user, or the one who made the API key.", kind=told(prefix, WhoCalls))
        },
    )
    for prefix in PREFIXES
}

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
                description="The tokens of a session under the new password.", kind=told(prefix, Tokens)
            )
        },
        refusals={
            409: "It was asked with an API key, which has no password.",
            422: "`current` is not the present password, or `new` is too weak.",
        },
    )
    for prefix in PREFIXES
}
