"""The first user, as the settings want it: an admin, through whom all others are made."""

import structlog

from common.database import Database
from gateway.access import user_store
from gateway.access.passwords import Passwords
from gateway.settings import GatewaySettings

log = structlog.get_logger()

NOBODY_IS_MOVED = (
    "SKUWIRE_GATEWAY_BOOTSTRAP_EMAIL is a user of another tenant and was left as it is. Set "
    "SKUWIRE_GATEWAY_BOOTSTRAP_TENANT back; the first admin of a further tenant is made with: "
    "skuwire users add EMAIL --role admin --tenant TENANT --operator"
)


async def bootstrap(database: Database, passwords: Passwords, settings: GatewaySettings) -> None:
    """Make the user whenever the settings say something new, and only then.

    So a setting that stays brings back nobody who was removed, and no password that was changed;
    a new one helps whoever has lost the last admin's. A user of another tenant is left alone: with the
    address, all that the user may see would move.
    """
    if settings.bootstrap_email is None or settings.bootstrap_password is None:
        return
    email, tenant = settings.bootstrap_email.strip().lower(), settings.bootstrap_tenant
    password = settings.bootstrap_password.get_secret_value()
    async with database.transaction() as connection:
        await user_store.lock_bootstrapping(connection)
        known = await user_store.bootstrapped(connection, email)
        if known and known[0] == tenant and await passwords.matches(password, known[1]):
            return
        password_hash = await passwords.hash(password)
        is_admin = await user_store.bootstrap_user(connection, email, tenant, password_hash)
    if is_admin:
        log.info("user.bootstrapped", tenant=tenant)
    else:
        log.error("user.not_bootstrapped", wanted_tenant=tenant, what_next=NOBODY_IS_MOVED)
