-- Requests that were sent with an idempotency key, and what they were answered: the same request sent again has
-- no second effect. The row is written in the transaction that accepts the submission.
create table idempotency_keys (
    tenant        text        not null,
    method        text        not null,
    path          text        not null,
    key           text        not null,
    fingerprint   bytea       not null,             -- of the body and the shop
    submission_id text        not null,
    created_at    timestamptz not null default now(),
    running_until timestamptz not null,             -- until then the first request may still be answered
    status        integer,                          -- of the answer; null: it was not given yet
    headers       jsonb,
    body          bytea,
    primary key (tenant, method, path, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
