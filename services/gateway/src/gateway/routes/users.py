"""`/api/v1/users`: who can log in, looked after by the admins of a tenant, and by the operator."""

from typing import TypeVar

import structlog
from aiohttp import web

from common.database import Database
from common.messages import Reason
from gateway.access import user_store
from gateway.access.forms import read_new_user, read_user_change
from gateway.access.passwords import Passwords
from gateway.access.scopes import Role
from gateway.access.standing import Standing
from gateway.access.times import in_seconds
from gateway.access.user_store import User
from gateway.answers.access import ShownUser, Users
from gateway.body import read_json
from gateway.envelopes import enveloped
from gateway.errors import Refusal, not_found, violated
from gateway.operations import users
from gateway.routing import Route
from gateway.store import Connection
from gateway.surface import BY_OPERATOR, CALLER, Surface

log = structlog.get_logger()

T = TypeVar("T")


class UserRoutes:
    """Users of the caller's tenant, others are not found; for the operator, those of all tenants."""

    def __init__(
        self, surface: Surface, database: Database, passwords: Passwords, standing: Standing
    ) -> None:
        self._surface = surface
        self._database = database
        self._passwords = passwords
        self._standing = standing

    def routes(self) -> list[Route]:
        return [
            Route(users.ALL, self.get_all),
            Route(users.ADD, self.post),
            Route(users.ONE, self.get),
            Route(users.CHANGE, self.patch),
            Route(users.REMOVE, self.delete),
        ]

    async def get_all(self, request: web.Request) -> web.Response:
        """200 with the users by e-mail address; 403 for another tenant's."""
        tenant = _tenant_meant(request, _without_nul(request.query.get("tenant", "")) or None)
        if tenant is None:
            async with self._database.transaction() as connection:
                found = await user_store.all_users(connection)
        else:
            async with self._surface.rows_of(tenant).transaction() as connection:
                found = await user_store.users_of_tenant(connection, tenant)
        return enveloped(request, Users(users=[_shown(user) for user in found]), "Users")

    async def post(self, request: web.Request) -> web.Response:
        """201 with the user; 403 for another tenant, 409 where the e-mail address is somebody's already."""
        wanted = read_new_user(await read_json(request))
        tenant = _tenant_meant(request, wanted.tenant)
        if tenant is None:
            message = "The operator says here whose user it is."
            raise violated([Reason(code="field_missing", field="tenant", message=message)])
        password_hash = await self._passwords.hash(wanted.password)
        async with self._surface.rows_of(tenant).transaction() as connection:
            user = await user_store.add_user(connection, wanted.email, tenant, wanted.role, password_hash)
        if user is None:
            raise Refusal(409, "email_taken", "This e-mail address cannot be used: it is somebody's already.")
        log.info("user.added", user_id=user.user_id, role=user.role, tenant=user.tenant, by=_who(request))
        return enveloped(request, _shown(user), "User added", status=201)

    async def get(self, request: web.Request) -> web.Response:
        """200 with the user; 404."""
        return enveloped(request, _shown(await self._found(request)), "User")

    async def patch(self, request: web.Request) -> web.Response:
        """200 with the user, whose role counts from now on and whose old password has ended its sessions."""
        before = await self._found(request)
        change = read_user_change(await read_json(request), before.email)
        password_hash = await self._passwords.hash(change.password) if change.password else None
        async with self._surface.rows_of(before.tenant).transaction() as connection:
            user = _there(await user_store.lock_user(connection, before.tenant, before.user_id))
            if change.role is not None and change.role is not user.role:
                await _keep_an_admin(connection, user)
                await user_store.set_role(connection, user.user_id, change.role)
            if password_hash is not None:
                await user_store.set_password(connection, user.user_id, password_hash)
        self._standing.changed()
        log.info(
            "user.changed",
            user_id=user.user_id,
            role=change.role,
            new_login=password_hash is not None,
            by=_who(request),
        )
        return enveloped(request, _shown(await self._found(request)), "User changed")

    async def delete(self, request: web.Request) -> web.Response:
        """204: its sessions and the keys that it made have ended. 409 for the last admin."""
        found = await self._found(request)
        async with self._surface.rows_of(found.tenant).transaction() as connection:
            user = _there(await user_store.lock_user(connection, found.tenant, found.user_id))
            await _keep_an_admin(connection, user)
            await user_store.remove_user(connection, user.user_id)
        self._standing.changed()
        log.info("user.removed", user_id=user.user_id, tenant=user.tenant, by=_who(request))
        return web.Response(status=204)

    async def _found(self, request: web.Request) -> User:
        user_id = _without_nul(request.match_info["user_id"])
        tenant = await self._tenant_of(user_id) if BY_OPERATOR in request else request[CALLER].tenant
        async with self._surface.rows_of(tenant).transaction() as connection:
            return _there(await user_store.user_by_id(connection, tenant, user_id))

    async def _tenant_of(self, user_id: str) -> str:
        async with self._database.transaction() as connection:
            return _there(await user_store.tenant_of_user(connection, user_id))


def _tenant_meant(request: web.Request, named: str | None) -> str | None:
    """The caller's own tenant. The operator's is the one that is named, None where none is."""
    if BY_OPERATOR in request:
        return named
    own = request[CALLER].tenant
    if named not in {None, own}:
        raise Refusal(403, "tenant_differs", "Only the operator looks after the users of another tenant.")
    return own


def _who(request: web.Request) -> str:
    return "operator" if BY_OPERATOR in request else request[CALLER].subject


async def _keep_an_admin(connection: Connection, user: User) -> None:
    if user.role is Role.ADMIN and await user_store.count_admins(connection, user.tenant) == 1:
        raise Refusal(409, "last_admin", "This is the tenant's only admin; make somebody else one first.")


def _without_nul(text: str) -> str:
    return text.replace("\0", "")  # which no text of the database can hold


def _there(found: T | None) -> T:
    if found is None:
        raise not_found("There is no such user.")
    return found


def _shown(user: User) -> ShownUser:
    return {
        "user_id": user.user_id,
        "email": user.email,
        "role": user.role,
        "tenant_id": user.tenant,
        "created_at": in_seconds(user.created_at),
    }
