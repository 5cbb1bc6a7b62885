-- Creates of combinations that are outstanding, and the lease under which they are sent: as posted_epoch and
-- waiting_since are for the product itself. `variants_posted` names them by reference; null: none is.
alter table products
    add column variants_posted        text[],
    add column variants_epoch         bigint,
    add column variants_waiting_since timestamptz;
-- The pictures that a change gives to variants, by reference; null: it says nothing of any.
alter table open_items
    add column variant_images jsonb;
