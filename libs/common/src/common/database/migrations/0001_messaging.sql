-- What every service keeps to handle a message once and to publish what it decided.
create table inbox (
    consumer   text        not null,
    message_id uuid        not null,
    seen_at    timestamptz not null default now(),
    primary key (consumer, message_id)
);
create index inbox_seen_at on inbox (seen_at);

create table outbox (
    id            bigint      generated always as identity primary key,
    message_id    uuid        not null unique,
    exchange      text        not null,
    routing_key   text        not null,
    message_type  text        not null,
    headers       jsonb       not null,
    body          bytea       not null,
    created_at    timestamptz not null default now(),
    claimed_until timestamptz not null default '-infinity'
);
create index outbox_claimable on outbox (claimed_until, id);
