-- What an operator does with a dead letter: look, edit, send back, discard; one letter with its history.
alter table dead_letters rename column attempt to attempts;    -- of all its lives
alter table dead_letters
    add column shop          text,
    add column submission_id text,
    add column state         text not null default 'waiting' check (state in ('waiting', 'replayed', 'discarded')),
    add column settled_at    timestamptz;                       -- since when it does not wait any more
update dead_letters set
    shop = headers ->> 'shop', submission_id = headers ->> 'correlation-id',
    state = case when replayed_at is null then 'waiting' else 'replayed' end, settled_at = replayed_at;
drop index dead_letters_waiting;
create index dead_letters_waiting on dead_letters (first_seen, letter_id) where state = 'waiting';
create index dead_letters_of_tenant on dead_letters (tenant, first_seen desc);
create index dead_letters_settled on dead_letters (settled_at) where state <> 'waiting';

-- Bodies that were sent in the place of the parked one. An edited message that dies again is told by its edit_id.
create table dead_letter_edits (
    edit_id   uuid        primary key,
    letter_id uuid        not null references dead_letters on delete cascade,
    tenant    text,
    body      bytea       not null,
    edited_by text        not null,
    edited_at timestamptz not null default now()
);
create index dead_letter_edits_of_letter on dead_letter_edits (letter_id, edited_at);

create table dead_letter_history (
    entry_id  bigint      generated always as identity primary key,
    letter_id uuid        not null references dead_letters on delete cascade,
    tenant    text,
    at        timestamptz not null default now(),
    event     text        not null check (event in ('parked', 'redriven', 'edited', 'replayed', 'discarded')),
    by        text,                                             -- null: by itself
    reason    text,                                             -- why it was parked or discarded
    attempts  integer                                           -- of the life that ended
);
create index dead_letter_history_of_letter on dead_letter_history (letter_id, entry_id);

-- Many letters sent back one after the other, at a rate.
create table dead_letter_replays (
    replay_id   text        primary key,
    tenant      text,                                           -- null: letters of all, and of nobody
    filter      jsonb       not null,
    rate        float8      not null,                           -- messages a second
    state       text        not null default 'running' check (state in ('running', 'finished', 'stopped')),
    total       integer     not null,                           -- letters that waited at its start
    sent        integer     not null default 0,
    failed      integer     not null default 0,                 -- no queue took them; they wait as before
    started_by  text        not null,
    started_at  timestamptz not null default now(),
    ended_at    timestamptz,
    after_time  timestamptz not null default '-infinity',       -- the letter that was dealt with last
    after_id    uuid        not null default '00000000-0000-0000-0000-000000000000',
    next_at     timestamptz not null default now()              -- when a replica may go on with it
);
create index dead_letter_replays_running on dead_letter_replays (next_at) where state = 'running';
create index dead_letter_replays_of_tenant on dead_letter_replays (tenant, started_at desc);

select keep_tenants_apart(guarded::regclass)
from unnest(array['dead_letter_edits', 'dead_letter_history', 'dead_letter_replays']) as guarded;
