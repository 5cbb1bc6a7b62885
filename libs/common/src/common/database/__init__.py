"""A service's own schema in PostgreSQL: pool, unit of work, migrations."""

from common.database.pool import Database, RowsOf, TenantDatabase, open_database
from common.database.shadow import ShadowDatabase, shadow_database
from common.database.unit_of_work import UnitOfWork

__all__ = [
    "Database",
    "RowsOf",
    "ShadowDatabase",
    "TenantDatabase",
    "UnitOfWork",
    "open_database",
    "shadow_database",
]
