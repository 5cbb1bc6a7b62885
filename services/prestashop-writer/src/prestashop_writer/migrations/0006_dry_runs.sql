-- Chunks that are to be rehearsed, in the order of their coming; message is the whole chunk.validated.v1.
create table dry_runs (
    chunk_id    text        primary key,
    shop        text        not null,
    message     jsonb       not null,
    traceparent text,
    attempts    int         not null default 0,
    not_before  timestamptz not null default now(),
    arrived_at  timestamptz not null default now()
);
create index dry_runs_shop on dry_runs (shop, arrived_at, chunk_id);
