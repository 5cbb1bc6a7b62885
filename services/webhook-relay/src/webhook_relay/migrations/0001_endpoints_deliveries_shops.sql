-- Endpoints, what is to be delivered to them, what was tried, and who reports which shop unreachable.
create table endpoints (
    id           uuid        primary key,
    tenant       text        not null,
    url          text        not null,
    events       text[]      not null,
    secrets      text[]      not null,  -- newest first; every one signs
    origin       text        not null check (origin in ('api', 'settings')),
    state        text        not null default 'enabled' check (state in ('enabled', 'disabled', 'deleted')),
    state_reason text        not null default '',
    created_at   timestamptz not null default now(),
    changed_at   timestamptz not null default now()
);
create unique index endpoints_one_per_url on endpoints (tenant, url, origin) where state <> 'deleted';

create table deliveries (
    id          uuid        primary key,
    endpoint_id uuid        not null references endpoints (id),
    webhook_id  text        not null unique,
    event_type  text        not null,
    tenant      text        not null,
    shop        text        not null,
    subject     text        not null,  -- what it is about: the chunk's id
    body        bytea       not null,  -- the exact bytes that are signed
    traceparent text,
    state       text        not null default 'pending'
                check (state in ('pending', 'delivered', 'exhausted', 'gone', 'cancelled')),
    attempts    integer     not null default 0,
    due_at      timestamptz not null,
    lease_until timestamptz not null default '-infinity',
    epoch       integer     not null default 0,
    last_status integer,
    last_cause  text,
    created_at  timestamptz not null default now(),
    finished_at timestamptz
);
create index deliveries_due on deliveries (endpoint_id, due_at) where state = 'pending';
create index deliveries_leased on deliveries (endpoint_id, lease_until) where state = 'pending';
create index deliveries_of_subject on deliveries (subject);

create table attempts (
    delivery_id uuid        not null references deliveries (id) on delete cascade,
    epoch       integer     not null,  -- of the claim that made it
    at          timestamptz not null,
    seconds     real        not null,
    status      integer,
    cause       text,
    answer      text        not null default '',  -- the beginning of what the endpoint said
    primary key (delivery_id, epoch)
);

create table shops (
    shop              text primary key,
    tenant            text not null,
    unreachable_since timestamptz
);

create table shop_reports (
    shop         text        not null references shops (shop),
    service      text        not null,
    reachability text        not null check (reachability in ('unreachable', 'recovered')),
    at           timestamptz not null,
    cause        text        not null default '',
    primary key (shop, service)
);
