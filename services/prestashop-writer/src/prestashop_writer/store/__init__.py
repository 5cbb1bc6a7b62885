"""All SQL of prestashop-writer, many rows per statement. Functions named for what they keep or find."""

from prestashop_writer.store.chunks import (
    FinishedChunk,
    add_open_items,
    add_outcomes,
    lock_intake,
    new_chunks,
    open_items_of,
    settle_items,
    take_finished,
    traces_of,
)
from prestashop_writer.store.names import (
    forget_names,
    known_names,
    record_names,
)
from prestashop_writer.store.products import (
    drop_changes,
    due_products,
    load_products,
    references_of,
    save_desired,
)
from prestashop_writer.store.snapshots import (
    load_snapshot,
    save_snapshot,
)
from prestashop_writer.store.writes import (
    WrittenProduct,
    doubt,
    forget_shop_product,
    forget_stock_rows,
    record_failures,
    record_posts,
    record_written,
    restart_waits,
    rewritten,
    set_back,
    wait_for_posts,
    wait_until,
    withdraw_posts,
)

__all__ = [
    "FinishedChunk",
    "WrittenProduct",
    "add_open_items",
    "add_outcomes",
    "doubt",
    "drop_changes",
    "due_products",
    "forget_names",
    "forget_shop_product",
    "forget_stock_rows",
    "known_names",
    "load_products",
    "load_snapshot",
    "lock_intake",
    "new_chunks",
    "open_items_of",
    "record_failures",
    "record_names",
    "record_posts",
    "record_written",
    "references_of",
    "restart_waits",
    "rewritten",
    "save_desired",
    "save_snapshot",
    "set_back",
    "settle_items",
    "take_finished",
    "traces_of",
    "wait_for_posts",
    "wait_until",
    "withdraw_posts",
]
