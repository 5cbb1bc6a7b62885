-- Webhooks that an ERP sends: each delivery once, and every attempt on record.
create table inbound_deliveries (
    source        text        not null,             -- whose secret signed it
    delivery_id   text        not null,
    body_digest   bytea       not null,
    submission_id text        not null,
    answer        jsonb,
    received_at   timestamptz not null default now(),
    primary key (source, delivery_id)
);
create index inbound_deliveries_by_age on inbound_deliveries (received_at);

-- What was signed, of every attempt at a delivery: whoever has seen one can send it again under another id,
-- because the signature does not cover that.
create table inbound_signatures (
    source        text        not null,
    signed_digest bytea       not null,
    delivery_id   text        not null,
    primary key (source, signed_digest),
    foreign key (source, delivery_id) references inbound_deliveries on delete cascade
);
create index inbound_signatures_by_delivery on inbound_signatures (source, delivery_id);

create table inbound_attempts (
    attempt_id    bigint      generated always as identity primary key,
    at            timestamptz not null default now(),
    address       text        not null,
    source        text,                             -- null: no secret of ours vouches for it
    delivery_id   text,                             -- as it was sent, cut
    event         text,
    bytes         integer,
    outcome       text        not null check (outcome in ('queued', 'replayed', 'refused')),
    status        integer     not null,             -- of the answer
    reason        text,                             -- why it was refused
    submission_id text
);
create index inbound_attempts_by_age on inbound_attempts (at);
create index inbound_attempts_unvouched on inbound_attempts (attempt_id) where source is null;
