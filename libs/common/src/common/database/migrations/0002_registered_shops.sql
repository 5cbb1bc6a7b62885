-- Shops that tenants registered over HTTP, as the gateway tells of them. A removed one stays without its settings
-- and its key, so that its id is never given to another shop.
create table registered_shops (
    shop          text        primary key,
    tenant        text        not null,
    sequence      bigint      not null,                -- rises with every change of this shop
    settings      jsonb       not null,                -- those of the shops file, without id, tenant and key
    sealed_key    text        not null,
    registered_at timestamptz not null default now(),
    changed_at    timestamptz not null default now(),
    removed_at    timestamptz
);
