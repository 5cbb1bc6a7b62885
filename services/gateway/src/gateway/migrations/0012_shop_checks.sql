-- What was found when a shop was looked at last: one of the file, or a registered one.
create table shop_checks (
    shop       text        primary key,
    tenant     text        not null,
    checked_at timestamptz not null default now(),
    findings   jsonb       not null
);
select keep_tenants_apart('shop_checks');
