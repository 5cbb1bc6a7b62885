-- Users with roles, sessions with rotating refresh tokens, API keys, and counts of wrong guesses.

-- Whoever could log in until now could do everything.
alter table users
    add column user_id text not null default 'user_' || replace(gen_random_uuid()::text, '-', ''),
    add column role text not null default 'admin' check (role in ('admin', 'manager', 'viewer')),
    add column token_version integer not null default 1;  -- rises with each password: older tokens end
alter table users alter column role set default 'viewer';
create unique index users_by_id on users (user_id);
create index users_by_tenant on users (tenant, email);

-- The first users as the settings last wanted them: a setting that stays the same undoes nothing.
create table bootstrapped (
    email         text primary key,
    tenant        text not null,
    password_hash text not null
);

-- A login and the refresh tokens that follow from it, of which the newest and the one before are known.
create table sessions (
    session_id      text primary key,
    user_id         text not null references users (user_id) on delete cascade,
    token_digest    bytea not null,
    previous_digest bytea,
    started_at      timestamptz not null default now(),
    rotated_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    revoked_at      timestamptz
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

-- Refresh tokens that were used up, so that one that comes again is known for whose it was.
create table used_refresh_tokens (
    token_digest bytea primary key,
    session_id   text not null references sessions on delete cascade,
    used_at      timestamptz not null default now()
);
create index used_refresh_tokens_by_session on used_refresh_tokens (session_id);
create index used_refresh_tokens_by_time on used_refresh_tokens (used_at);

create table api_keys (
    api_key_id   text primary key,
    tenant       text not null,
    key_digest   bytea not null unique,
    key_start    text not null,        -- to recognise it by
    name         text not null,
    scopes       text[] not null,
    test         boolean not null,
    created_by   text not null references users (user_id) on delete cascade,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
create index api_keys_by_tenant on api_keys (tenant, created_at);
create index api_keys_by_creator on api_keys (created_by);

-- Wrong guesses, by the keyed hash of who guesses (address) and for what (account).
create table guesses (
    subject      bytea primary key,
    failures     integer not null default 0,
    last_at      timestamptz not null default now(),
    succeeded_at timestamptz
);
create index guesses_by_time on guesses (last_at);
