-- Whether the writer reaches a shop, as it told last. Replicas share one queue, so memory is not enough.
create table shop_reachability (
    shop        text        primary key,
    tenant      text        not null,
    is_away     boolean     not null,
    reported_at timestamptz not null
);
select keep_tenants_apart('shop_reachability');
