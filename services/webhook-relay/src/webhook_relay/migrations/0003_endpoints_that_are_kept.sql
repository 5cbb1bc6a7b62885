-- Endpoints can be paused, narrowed to shops and given a new secret; they have a health; deliveries a replay.
alter table endpoints
    add column description   text          not null default '',
    add column shops         text[],                             -- null: every shop of the tenant
    add column secret_ends   timestamptz[] not null default '{}',-- when secrets[2], secrets[3], … stop signing
    add column failures      integer       not null default 0,   -- in a row
    add column failing_since timestamptz,
    add column probe_at      timestamptz,                        -- set while the breaker is open
    drop constraint endpoints_state_check,
    add constraint endpoints_state_check check (state in ('enabled', 'paused', 'disabled', 'deleted'));
alter table deliveries add column replay_epoch integer not null default 0;  -- claims up to it are of before
create index deliveries_of_endpoint on deliveries (endpoint_id, created_at desc, id desc);
