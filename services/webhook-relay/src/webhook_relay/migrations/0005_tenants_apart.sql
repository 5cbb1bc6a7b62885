-- Every row says whose it is, the same as its parent, and a request finds and writes those of its tenant alone.

alter table endpoints add constraint endpoints_of_tenant unique (id, tenant);
alter table shops add constraint shops_of_tenant unique (shop, tenant);

alter table deliveries
    add constraint deliveries_of_tenant unique (id, tenant),
    drop constraint deliveries_endpoint_id_fkey,
    add foreign key (endpoint_id, tenant) references endpoints (id, tenant) on update cascade;

alter table attempts add column tenant text;
update attempts set tenant = parent.tenant from deliveries parent where parent.id = attempts.delivery_id;
alter table attempts
    alter column tenant set not null,
    drop constraint attempts_delivery_id_fkey,
    add foreign key (delivery_id, tenant) references deliveries (id, tenant) on update cascade on delete cascade;

alter table shop_reports add column tenant text;
update shop_reports set tenant = parent.tenant from shops parent where parent.shop = shop_reports.shop;
alter table shop_reports
    alter column tenant set not null,
    drop constraint shop_reports_shop_fkey,
    add foreign key (shop, tenant) references shops (shop, tenant) on update cascade;

select keep_tenants_apart(guarded::regclass) from unnest(array[
    'endpoints', 'deliveries', 'attempts', 'shops', 'shop_reports'
]) as guarded;
select keep_tenants_apart('outbox', $$headers ->> 'tenant'$$);
