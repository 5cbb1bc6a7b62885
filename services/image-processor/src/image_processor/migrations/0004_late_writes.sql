-- A change of a cover or of variants whose answer was lost may be carried out later, over what was set since:
-- from this moment on the shop carries it out no more, and they are set once more.
alter table products add column repeat_at timestamptz;
create index products_repeat on products (shop, repeat_at) where repeat_at is not null;
