"""The operator: whoever runs the gateway, above tenants, known by a token of the machine."""

import hmac
from collections.abc import Mapping

from pydantic import SecretStr

from gateway.errors import unauthorized


def check_operator(headers: Mapping[str, str], token: SecretStr | None) -> None:
    """Let in who shows the operator's token. Raises `Refusal` (401), always where none is set."""
    if not is_operator(headers, token):
        raise unauthorized("This is for the operator: the token is missing or wrong.", token_was_sent=True)


def is_operator(headers: Mapping[str, str], token: SecretStr | None) -> bool:
    """Whether the operator's token is shown; nobody is the operator where none is set."""
    shown = headers.get("Authorization", "").encode(errors="replace")
    expected = f"Bearer {token.get_secret_value()}".encode() if token else b""
    return bool(expected) and hmac.compare_digest(shown, expected)
