-- The pictures that each product should show, and which picture of the shop is which.
create table products (
    shop       text        not null,
    reference  text        not null,
    presta_id  bigint      not null,
    desired    jsonb       not null,               -- [{file_name, sha256}], the first is the cover
    sequence   bigint      not null,               -- of the change that set the list
    cover_id   bigint,                             -- the shop's cover, where we know it
    due        boolean     not null default true,
    not_before timestamptz not null default now(),
    attempts   int         not null default 0,
    last_error text,
    primary key (shop, reference)
);
create index products_due on products (shop, not_before) where due;

create table ledger (
    shop        text   not null,
    presta_id   bigint not null,                   -- the product
    sha256      text   not null,                   -- of the bytes that the sender gave
    image_id    bigint,                            -- null while an upload is not answered, or when refused
    uploaded_at timestamptz,                       -- when an upload without known answer was sent
    ids_before  bigint[],                          -- the product's pictures in the shop before it
    refused     jsonb,                             -- why these bytes cannot be shown
    primary key (shop, presta_id, sha256)
);

create table chunks (
    chunk_id    text        primary key,
    shop        text        not null,
    chunk       jsonb       not null,
    traceparent text,
    outcomes    jsonb       not null default '[]',
    arrived_at  timestamptz not null default now()
);

create table open_items (
    chunk_id  text   not null references chunks on delete cascade,
    position  int    not null,
    shop      text   not null,
    reference text   not null,
    sequence  bigint not null,
    images    jsonb  not null,                     -- what this item asked for
    outcome   jsonb  not null,                     -- so far
    primary key (chunk_id, position)
);
create index open_items_product on open_items (shop, reference);

create table leases (
    shop       text        primary key,
    epoch      bigint      not null,
    owner      text        not null,
    held_until timestamptz not null
);

create table shop_limits (
    shop        text        primary key,
    taken_at    timestamptz not null,
    image_bytes int         not null
);
