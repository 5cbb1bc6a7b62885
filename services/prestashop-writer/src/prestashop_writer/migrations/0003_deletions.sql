-- The newest deletion that was carried out; that it is wanted stands in `desired`, under 'deleted'. The row
-- stays, so that an older change that arrives later does not bring the product back.
alter table products
    add column deleted_sequence bigint not null default 0,
    add column deleted_id       bigint;  -- the shop's id of what was deleted; null where there was nothing
