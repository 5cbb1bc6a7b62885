"""The SQL of registered shops in the gateway, whose word on them counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from common.messages import Chunk, ItemOutcome, Reason, Result
from common.registered_shops.findings import ShopFindings
from common.registered_shops.registration import Registration
from common.registered_shops.store import COLUMNS, registration_of_row
from gateway.store import Connection


@dataclass(frozen=True)
class KeptShop:
    """A registered shop of a tenant."""

    registration: Registration
    registered_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class KeptCheck:
    """What was found when a shop was looked at last."""

    checked_at: datetime
    findings: ShopFindings


# ── one tenant's shops ──


async def lock_shops(connection: Connection, tenant: str) -> None:
    """One change of a tenant's shops at a time, until the end of the transaction."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('shops ' || $1, 0))", tenant)


async def shops_of_tenant(connection: Connection, tenant: str) -> list[KeptShop]:
    """The oldest first, without the removed ones."""
    rows = await connection.fetch(
        f"""
        select {COLUMNS}, registered_at, changed_at from registered_shops
        where tenant = $1 and removed_at is null order by registered_at, shop
        """,  # noqa: S608 - a constant
        tenant,
    )
    return [KeptShop(registration_of_row(row), row["registered_at"], row["changed_at"]) for row in rows]


async def add_shop(connection: Connection, new: Registration) -> bool:
    """Keep a new shop; False where the id is taken, or was once, by whomever."""
    added = await connection.fetchval(
        """
        insert into registered_shops (tenant, shop, sequence, settings, sealed_key)
        values ($1, $2, $3, $4, $5) on conflict do nothing returning true
        """,
        new.tenant,
        new.shop,
        new.sequence,
        dict(new.settings),
        new.sealed_key,
    )
    return added is not None


async def change_shop(connection: Connection, changed: Registration) -> None:
    """Keep what holds now of a shop that is there; of a removed one nothing but its id."""
    await connection.execute(
        """
        update registered_shops set
            sequence = $3, settings = $4, sealed_key = $5, changed_at = now(),
            removed_at = case when $6 then now() end
        where tenant = $1 and shop = $2
        """,
        changed.tenant,
        changed.shop,
        changed.sequence,
        dict(changed.settings),
        changed.sealed_key,
        changed.removed,
    )


async def save_check(connection: Connection, tenant: str, shop: str, findings: ShopFindings) -> None:
    """Keep what was found now."""
    await connection.execute(
        """
        insert into shop_checks (shop, tenant, findings) values ($1, $2, $3)
        on conflict (shop) do update set checked_at = now(), findings = excluded.findings
        """,
        shop,
        tenant,
        findings.model_dump(mode="json"),
    )


async def forget_check(connection: Connection, tenant: str, shop: str) -> None:
    """What was found counts no more: the address or the key is another one."""
    await connection.execute("delete from shop_checks where tenant = $1 and shop = $2", tenant, shop)


async def checks_of_tenant(connection: Connection, tenant: str) -> Mapping[str, KeptCheck]:
    """What was found, by shop."""
    rows = await connection.fetch(
        "select shop, checked_at, findings from shop_checks where tenant = $1", tenant
    )
    return {
        row["shop"]: KeptCheck(row["checked_at"], ShopFindings.model_validate(row["findings"]))
        for row in rows
    }


async def count_open_items(connection: Connection, tenant: str, shop: str) -> int:
    """Items for the shop that are accepted and not settled."""
    count: int = await connection.fetchval(
        """
        select coalesce(sum(chunks.total_items - created - updated - unchanged - deleted - refused), 0)
            ::bigint
        from chunks join submissions using (submission_id)
        where submissions.tenant = $1 and shop = $2 and completed_at is null and cancelled_at is null
        """,
        tenant,
        shop,
    )
    return count


# ── all tenants' ──


async def every_registration(connection: Connection) -> list[Registration]:
    """All that was ever registered; removed ones too, which late services have to hear of."""
    rows = await connection.fetch(
        f"select {COLUMNS} from registered_shops order by shop"  # noqa: S608 - a constant
    )
    return [registration_of_row(row) for row in rows]


async def registered_among(connection: Connection, shops: Sequence[str]) -> set[str]:
    """Which of these shops were registered at any time, by whomever; removed ones too."""
    rows = await connection.fetch(
        "select shop from registered_shops where shop = any($1::text[])", list(shops)
    )
    return {row["shop"] for row in rows}


async def tenant_of_registered(connection: Connection, shop: str) -> str | None:
    """Who registered the shop, also where it was removed since."""
    tenant: str | None = await connection.fetchval(
        "select tenant from registered_shops where shop = $1", shop
    )
    return tenant


async def lock_registrations(connection: Connection, shops: Sequence[str]) -> list[Registration]:
    """These registered shops as they are now, locked until the end of the transaction."""
    rows = await connection.fetch(
        f"select {COLUMNS} from registered_shops where shop = any($1::text[]) order by shop for update",  # noqa: S608 - a constant
        list(shops),
    )
    return [registration_of_row(row) for row in rows]


async def open_chunks_of_removed_shops(connection: Connection, limit: int) -> list[Chunk]:
    """Chunks that nobody will ever complete."""
    rows = await connection.fetch(
        """
        select submission_id, partition, submissions.tenant, shop, submitted_at, chunks.total_items, dry_run
        from chunks join submissions using (submission_id)
        where completed_at is null and cancelled_at is null
            and shop in (select shop from registered_shops where removed_at is not null)
        order by submission_id, partition limit $1 for update of chunks skip locked
        """,
        limit,
    )
    return [Chunk(chunk_id=f"{row['submission_id']}_{row['partition']}", **dict(row)) for row in rows]


async def outcomes_of(connection: Connection, chunk: Chunk, refused: Reason) -> tuple[ItemOutcome, ...]:
    """The outcomes of a chunk's items; those that have none yet are refused."""
    rows = await connection.fetch(
        """
        select position, sequence, intent, reference, product_id, presta_id, result, reasons, warnings,
            images_processed, technical_data_processed, verified
        from items where submission_id = $1 and partition = $2 order by position
        """,
        chunk.submission_id,
        chunk.partition,
    )
    return tuple(_outcome(row, refused) for row in rows)


def _outcome(row: asyncpg.Record, refused: Reason) -> ItemOutcome:
    known = {name: value for name, value in row.items() if value is not None}
    if row["result"] is None:
        known |= {"result": Result.REFUSED, "reasons": [refused.model_dump()]}
    return ItemOutcome.model_validate(known)
