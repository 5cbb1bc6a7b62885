-- Whether the shop's pictures of a product were changed since its items were settled last: an item that the
-- writer left unchanged was then updated after all.
alter table products add column changed boolean not null default false;
