-- Messages that no service could handle, of all services: to be looked at and replayed.
create table dead_letters (
    letter_id    uuid primary key,
    message_id   text not null,        -- as its sender gave it, which may be not at all
    message_type text not null,
    service      text not null,        -- that failed on it
    attempt      integer not null,
    reason       text not null,
    traceback    text not null,
    headers      jsonb not null,
    body         bytea not null,
    first_seen   timestamptz not null default now(),
    last_seen    timestamptz not null default now(),
    replayed_at  timestamptz           -- null: it waits for somebody
);
create index dead_letters_waiting on dead_letters (first_seen) where replayed_at is null;
