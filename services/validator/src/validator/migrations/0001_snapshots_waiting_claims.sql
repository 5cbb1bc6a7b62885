-- What a shop has: the newest snapshot that arrived.
create table snapshots (
    shop     text        primary key,
    taken_at timestamptz not null,                -- by the clock of who read the shop
    saved_at timestamptz not null default now(),  -- by this database's clock
    body     bytea       not null
);

-- Chunks that a newer snapshot must decide: of a shop of which there is none yet, or with a category or a
-- language that may have been made after the one at hand. They are judged anew when it has come.
create table waiting_chunks (
    message_id    uuid        primary key,
    tenant        text        not null,
    shop          text        not null,
    newer_than    timestamptz not null,
    headers       jsonb       not null,
    body          bytea       not null,
    waiting_since timestamptz not null default now()
);
create index waiting_chunks_by_shop on waiting_chunks (shop, newer_than);

-- The last time that a shop was asked for, and how often in a row without an answer.
create table snapshot_requests (
    shop       text        primary key,
    newer_than timestamptz not null,
    asked_at   timestamptz not null,
    times      integer     not null default 1
);

-- Which item of a submission may create a reference: the first that came by.
create table claims (
    submission_id text        not null,
    reference     text        not null,
    position      integer     not null,
    claimed_at    timestamptz not null default now(),
    primary key (submission_id, reference)
);
create index claims_claimed_at on claims (claimed_at);
