-- Users, submissions with their chunks and items, and the read model of products.

create table users (
    email text primary key,
    tenant text not null,
    password_hash text not null,
    created_at timestamptz not null default now()
);

create sequence product_ids;
create sequence change_sequence;

create table products (
    product_id bigint primary key default nextval('product_ids'),
    tenant text not null,
    reference text not null,
    created_at timestamptz not null default now(),
    unique (tenant, reference)
);

-- What each shop has of a product, as far as it was told; `sequence` is that of the change it was told for.
create table shop_products (
    product_id bigint not null references products,
    shop text not null,
    presta_id bigint,
    last_result text not null,
    sequence bigint not null,
    updated_at timestamptz not null default now(),
    primary key (product_id, shop)
);

create table media (
    sha256 text primary key,
    bytes integer not null,
    stored_at timestamptz not null default now()
);

create table submissions (
    submission_id text primary key,
    tenant text not null,
    kind text not null,
    shop text not null,
    submitted_at timestamptz not null,
    total_items integer not null,
    refused_at_the_door integer not null,
    trace_id text
);
create index submissions_by_tenant on submissions (tenant, submitted_at);

create table chunks (
    submission_id text not null references submissions,
    partition integer not null,
    total_items integer not null,
    validated_at timestamptz,
    written_at timestamptz,
    completed_at timestamptz,
    created integer not null default 0,
    updated integer not null default 0,
    unchanged integer not null default 0,
    deleted integer not null default 0,
    refused integer not null default 0,
    images_processed integer not null default 0,
    primary key (submission_id, partition)
);

-- An item without a partition was refused at the door. `result` is written once.
create table items (
    submission_id text not null references submissions,
    position integer not null,
    partition integer,
    sequence bigint,
    intent text not null,
    reference text,
    product_id bigint,
    presta_id bigint,
    result text,
    reasons jsonb not null default '[]',
    warnings jsonb not null default '[]',
    images_processed integer not null default 0,
    technical_data_processed integer not null default 0,
    settled_at timestamptz,
    primary key (submission_id, position)
);
