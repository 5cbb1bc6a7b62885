-- A create that is outstanding belongs to the lease under which it is sent; see create_protocol.py.
-- posted_epoch is null once the shop has stopped working on the request; the product then stays 'creating'.
alter table products
    add column posted_epoch  bigint,
    add column waiting_since timestamptz,
    add column doubtful      text[] not null default '{}'; -- fields sent in a request whose end is not known
update products set posted_epoch = 0 where state = 'creating';
alter table products drop column posted_at;

alter table names
    add column posted_epoch  bigint,
    add column waiting_since timestamptz;
update names set posted_epoch = 0 where presta_id is null;
alter table names drop column posted_at;
