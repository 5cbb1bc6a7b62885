"""Covers and links whose answer was lost: the shop may carry them out later, over what was set since.

A product is marked before such a request and the mark is taken away with the answer. One that stays, because
the answer was lost or the worker died, has cover and links set once more when the shop can no longer be at
work on the lost request.
"""

from datetime import timedelta

import asyncpg

from image_processor.plan import PictureProduct


async def expect_late_write(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, patience: timedelta
) -> None:
    """The cover or what variants show is about to be sent; the shop may be at it for `patience`."""
    await connection.execute(
        "update products set repeat_at = now() + $4::interval "
        "where shop = $1 and reference = $2 and presta_id = $3",
        shop,
        product.reference,
        product.presta_id,
        patience,
    )


async def record_answer(connection: asyncpg.Connection, shop: str, product: PictureProduct) -> None:
    """It was answered; what an earlier request left open stays so."""
    await connection.execute(
        "update products set repeat_at = $4 where shop = $1 and reference = $2 and presta_id = $3",
        shop,
        product.reference,
        product.presta_id,
        product.repeat_at,
    )


async def repeat_what_may_be_undone(connection: asyncpg.Connection, shop: str) -> None:
    """What products with an old mark show is not known: the pass sets it."""
    await connection.execute(
        """
        with repeated as (
            update products
            set repeat_at = null, cover_id = null, due = true,
                not_before = case when due then not_before else now() end
            where shop = $1 and repeat_at <= now() returning presta_id
        )
        update variants v set image_ids = null from repeated r
        where v.shop = $1 and v.presta_id = r.presta_id and v.refused is null
        """,
        shop,
    )


async def restart_waits(connection: asyncpg.Connection, shop: str, patience: timedelta) -> None:
    """The shop is or was away: it may still carry out what it had been sent before."""
    await connection.execute(
        "update products set repeat_at = now() + $2::interval where shop = $1 and repeat_at is not null",
        shop,
        patience,
    )
