-- The state that each shop is driven to, and what it is known to hold.
create table products (
    shop             text        not null,
    reference        text        not null,
    tenant           text        not null,
    product_id       bigint,
    state            text        not null default 'new' check (state in ('new', 'creating', 'live')),
    desired          jsonb       not null,           -- field → [value, sequence]
    written          jsonb       not null default '{}',
    presta_id        bigint,
    stock_id         bigint,
    posted_at        timestamptz,                    -- of a create whose answer is not known
    created_sequence bigint,                        -- newest change that the create contained
    changed_sequence bigint      not null default 0, -- newest change that a write contained
    due              boolean     not null default true,
    not_before       timestamptz not null default now(),
    attempts         int         not null default 0,
    last_error       text,
    primary key (shop, reference)
);
create unique index products_presta_id on products (shop, presta_id) where presta_id is not null;
create index products_product_id on products (shop, product_id);
create index products_due on products (shop, not_before) where due;

create table names (
    shop      text   not null,
    kind      text   not null,
    parent    text   not null default '',
    name      text   not null,
    presta_id bigint,
    posted_at timestamptz,
    primary key (shop, kind, parent, name)
);

create table chunks (
    chunk_id    text        primary key,
    shop        text        not null,
    chunk       jsonb       not null,
    traceparent text,
    outcomes    jsonb       not null default '[]',
    pictures    jsonb       not null default '[]',
    arrived_at  timestamptz not null default now()
);

create table open_items (
    chunk_id       text    not null references chunks on delete cascade,
    position       int     not null,
    shop           text    not null,
    reference      text    not null,
    sequence       bigint  not null,
    intent         text    not null,
    product_id     bigint,
    images         jsonb,                            -- null: the change says nothing about pictures
    technical_data int     not null default 0,
    primary key (chunk_id, position)
);
create index open_items_product on open_items (shop, reference);

create table leases (
    shop       text        primary key,
    epoch      bigint      not null,
    owner      text        not null,
    held_until timestamptz not null
);

create table snapshots (
    shop     text        primary key,
    taken_at timestamptz not null,
    snapshot jsonb       not null
);
