"""Operations below `/api/auth`, and below `/api/v1/auth` in the envelope of that API."""

from gateway.operations.operation import Open, Operation, Tag

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
