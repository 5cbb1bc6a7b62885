-- Changes whose answer was lost may be carried out later, over what was written since; see store/late_writes.py.
alter table products
    add column unanswered       text[] not null default '{}', -- fields of such changes
    add column unanswered_until timestamptz,                  -- from then on the shop carries none of them out
    add column repeated         text[] not null default '{}'; -- fields in doubt for that reason alone
create index products_doubtful on products (shop) where doubtful <> '{}';
create index products_unanswered on products (shop, unanswered_until) where unanswered_until is not null;
