"""From a request's headers to its caller."""

from multidict import CIMultiDictProxy

from gateway.access.caller import Caller
from gateway.access.guard import Guard
from gateway.access.key_texts import LIVE, REFRESH, TEST, is_well_formed
from gateway.access.scopes import NOT_FOR_TEST_KEYS, SCOPES_OF_ROLE, granted
from gateway.access.standing import Standing
from gateway.access.tokens import AccessClaims, AccessTokens, TokenRefused
from gateway.errors import Refusal, unauthorized

SEND_ONE = "Send an access token as Authorization: Bearer …, or an API key as X-API-Key."
NOT_BOTH = "Send one credential, once."

Headers = CIMultiDictProxy[str]


class Gate:
    """Finds out who calls."""

    def __init__(self, tokens: AccessTokens, standing: Standing, guard: Guard) -> None:
        self._tokens = tokens
        self._standing = standing
        self._guard = guard

    async def caller_of(self, headers: Headers, address: str) -> Caller:
        """Who calls. Raises `Refusal`: 401, 403 for another tenant, 429."""
        credential = sent_credential(headers)
        if credential.startswith((LIVE, TEST)):
            caller = await self._with_key(credential, address)
        else:
            caller = await self._with_token(access_claims(credential, self._tokens))
        if any(tenant != caller.tenant for tenant in headers.getall("X-Tenant-Id", ())):
            raise Refusal(403, "tenant_differs", "X-Tenant-Id is not the tenant of the credential.")
        return caller

    def session_of(self, headers: Headers) -> str:
        """The session of the access token, open or not. Raises `Refusal` (401)."""
        return access_claims(sent_credential(headers), self._tokens).session

    async def _with_token(self, claims: AccessClaims) -> Caller:
        user = await self._standing.user(claims.user_id, claims.session)
        if user is None or (user.tenant, user.token_version) != (claims.tenant, claims.version):
            raise unauthorized("The token is no longer valid; log in again.", token_was_sent=True)
        return Caller(user.user_id, user.tenant, SCOPES_OF_ROLE[user.role])

    async def _with_key(self, text: str, address: str) -> Caller:
        if not is_well_formed(text):
            raise unauthorized("The API key is mistyped: its checksum is wrong.", token_was_sent=True)
        key = await self._standing.api_key(text)
        if key is None:
            await self._guard.key_was_wrong(address)
            raise unauthorized("The API key is unknown, revoked or has run out.", token_was_sent=True)
        scopes = granted(key.scopes, key.role)
        if key.test:
            scopes -= NOT_FOR_TEST_KEYS
        return Caller(key.created_by, key.tenant, scopes, test=key.test, api_key_id=key.api_key_id)


def sent_credential(headers: Headers) -> str:
    """The one credential of a request. Raises `Refusal` (401) for none, for several, for another scheme."""
    bearers, keys = headers.getall("Authorization", []), headers.getall("X-API-Key", [])
    if not bearers and not keys:
        raise unauthorized(SEND_ONE)
    if len(bearers) + len(keys) > 1:
        raise unauthorized(NOT_BOTH, token_was_sent=True)
    if keys:
        if not keys[0].startswith((LIVE, TEST)):
            message = f"X-API-Key takes an API key, which begins with {LIVE} or {TEST}."
            raise unauthorized(message, token_was_sent=True)
        return keys[0]
    scheme, _, token = bearers[0].partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise unauthorized(SEND_ONE)
    return token


def access_claims(token: str, tokens: AccessTokens) -> AccessClaims:
    """What an access token says. Raises `Refusal` (401)."""
    if token.startswith(REFRESH):
        raise unauthorized("This is a refresh token; send the access token.", token_was_sent=True)
    try:
        return tokens.check(token)
    except TokenRefused as error:
        raise unauthorized(str(error), token_was_sent=True) from None
