"""`/api/v1/users`: who can log in, looked after by the admins of a tenant."""

import structlog
from aiohttp import web

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
from gateway.errors import Refusal, not_found
from gateway.operations import users
from gateway.routing import Route
from gateway.store import Connection
from gateway.surface import CALLER, Surface

log = structlog.get_logger()


class UserRoutes:
    """Users of the caller's tenant; others are not found."""

    def __init__(self, surface: Surface, passwords: Passwords, standing: Standing) -> None:
        self._surface = surface
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
        """200 with the users by e-mail address."""
        async with self._surface.rows(request).transaction() as connection:
            users = await user_store.users_of_tenant(connection, request[CALLER].tenant)
        return enveloped(request, Users(users=[_shown(user) for user in users]), "Users")

    async def post(self, request: web.Request) -> web.Response:
        """201 with the user; 409 where the e-mail address is somebody's already."""
        caller, wanted = request[CALLER], read_new_user(await read_json(request))
        password_hash = await self._passwords.hash(wanted.password)
        async with self._surface.rows(request).transaction() as connection:
            user = await user_store.add_user(
                connection, wanted.email, caller.tenant, wanted.role, password_hash
            )
        if user is None:
            raise Refusal(409, "email_taken", "This e-mail address cannot be used: it is somebody's already.")
        log.info("user.added", user_id=user.user_id, role=user.role, tenant=user.tenant, by=caller.subject)
        return enveloped(request, _shown(user), "User added", status=201)

    async def get(self, request: web.Request) -> web.Response:
        """200 with the user; 404."""
        return enveloped(request, _shown(await self._found(request)), "User")

    async def patch(self, request: web.Request) -> web.Response:
        """200 with the user, whose role counts from now on and whose old password has ended its sessions."""
        caller, before = request[CALLER], await self._found(request)
        change = read_user_change(await read_json(request), before.email)
        password_hash = await self._passwords.hash(change.password) if change.password else None
        async with self._surface.rows(request).transaction() as connection:
            user = await self._locked(connection, request)
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
            by=caller.subject,
        )
        return enveloped(request, _shown(await self._found(request)), "User changed")

    async def delete(self, request: web.Request) -> web.Response:
        """204: its sessions and the keys that it made have ended. 409 for the last admin."""
        async with self._surface.rows(request).transaction() as connection:
            user = await self._locked(connection, request)
            await _keep_an_admin(connection, user)
            await user_store.remove_user(connection, user.user_id)
        self._standing.changed()
        log.info("user.removed", user_id=user.user_id, tenant=user.tenant, by=request[CALLER].subject)
        return web.Response(status=204)

    async def _found(self, request: web.Request) -> User:
        async with self._surface.rows(request).transaction() as connection:
            user = await user_store.user_by_id(connection, request[CALLER].tenant, _user_id(request))
        return _there(user)

    async def _locked(self, connection: Connection, request: web.Request) -> User:
        return _there(await user_store.lock_user(connection, request[CALLER].tenant, _user_id(request)))


async def _keep_an_admin(connection: Connection, user: User) -> None:
    if user.role is Role.ADMIN and await user_store.count_admins(connection, user.tenant) == 1:
        raise Refusal(409, "last_admin", "This is the tenant's only admin; make somebody else one first.")


def _user_id(request: web.Request) -> str:
    return request.match_info["user_id"].replace("\0", "")  # which no text of the database can hold


def _there(user: User | None) -> User:
    if user is None:
        raise not_found("There is no such user.")
    return user


def _shown(user: User) -> ShownUser:
    return {
        "user_id": user.user_id,
        "email": user.email,
        "role": user.role,
        "tenant_id": user.tenant,
        "created_at": in_seconds(user.created_at),
    }
