-- Every row says whose it is, the same as its parent, and a request finds and writes those of its tenant alone.

alter table submissions add constraint submissions_of_tenant unique (submission_id, tenant);
alter table products add constraint products_of_tenant unique (product_id, tenant);
alter table users add constraint users_of_tenant unique (user_id, tenant);

alter table chunks add column tenant text;
update chunks set tenant = parent.tenant from submissions parent
    where parent.submission_id = chunks.submission_id;
alter table chunks
    alter column tenant set not null,
    drop constraint chunks_submission_id_fkey,
    add foreign key (submission_id, tenant) references submissions (submission_id, tenant) on update cascade;

alter table items add column tenant text;
update items set tenant = parent.tenant from submissions parent
    where parent.submission_id = items.submission_id;
alter table items
    alter column tenant set not null,
    drop constraint items_submission_id_fkey,
    add foreign key (submission_id, tenant) references submissions (submission_id, tenant) on update cascade;

alter table submitted_changes add column tenant text;
update submitted_changes set tenant = parent.tenant from submissions parent
    where parent.submission_id = submitted_changes.submission_id;
alter table submitted_changes
    alter column tenant set not null,
    add foreign key (submission_id, tenant) references submissions (submission_id, tenant) on update cascade;

alter table shop_products add column tenant text;
update shop_products set tenant = parent.tenant from products parent
    where parent.product_id = shop_products.product_id;
alter table shop_products
    alter column tenant set not null,
    drop constraint shop_products_product_id_fkey,
    add foreign key (product_id, tenant) references products (product_id, tenant) on update cascade;

alter table sessions add column tenant text;
update sessions set tenant = parent.tenant from users parent where parent.user_id = sessions.user_id;
alter table sessions
    alter column tenant set not null,
    add constraint sessions_of_tenant unique (session_id, tenant),
    drop constraint sessions_user_id_fkey,
    add foreign key (user_id, tenant) references users (user_id, tenant) on update cascade on delete cascade;

alter table used_refresh_tokens add column tenant text;
update used_refresh_tokens set tenant = parent.tenant from sessions parent
    where parent.session_id = used_refresh_tokens.session_id;
alter table used_refresh_tokens
    alter column tenant set not null,
    drop constraint used_refresh_tokens_session_id_fkey,
    add foreign key (session_id, tenant) references sessions (session_id, tenant)
        on update cascade on delete cascade;

-- The bytes of a picture are kept once; that somebody has sent it is known of each tenant. Where there are several,
-- nobody can say whose the earlier ones were: they are sent ahead once more.
alter table media add column tenant text;
update media set tenant = known.tenant from (
    select min(tenant) as tenant from (select tenant from users union select tenant from submissions) as tenants
    having count(*) = 1
) as known;
delete from media where tenant is null;
alter table media
    alter column tenant set not null,
    drop constraint media_pkey,
    add primary key (tenant, sha256);

alter table inbound_deliveries add column tenant text;
update inbound_deliveries set tenant = parent.tenant from submissions parent
    where parent.submission_id = inbound_deliveries.submission_id;
alter table inbound_signatures add column tenant text;
update inbound_signatures set tenant = parent.tenant from inbound_deliveries parent
    where (parent.source, parent.delivery_id) = (inbound_signatures.source, inbound_signatures.delivery_id);
alter table inbound_signatures
    drop constraint inbound_signatures_source_delivery_id_fkey,
    drop constraint inbound_signatures_pkey,
    add primary key (tenant, source, signed_digest);
alter table inbound_deliveries
    drop constraint inbound_deliveries_pkey,
    add primary key (tenant, source, delivery_id);
alter table inbound_signatures
    add foreign key (tenant, source, delivery_id) references inbound_deliveries on delete cascade;
drop index inbound_signatures_by_delivery;
create index inbound_signatures_by_delivery on inbound_signatures (tenant, source, delivery_id);

alter table inbound_attempts add column tenant text; -- null: nobody's, as no secret of ours vouches for it
update inbound_attempts set tenant = parent.tenant from submissions parent
    where parent.submission_id = inbound_attempts.submission_id;

alter table dead_letters add column tenant text generated always as (headers ->> 'tenant') stored;

select keep_tenants_apart(guarded::regclass) from unnest(array[
    'users', 'sessions', 'used_refresh_tokens', 'api_keys', 'bootstrapped', 'products', 'shop_products', 'media',
    'submissions', 'chunks', 'items', 'submitted_changes', 'idempotency_keys', 'inbound_deliveries',
    'inbound_signatures', 'inbound_attempts', 'dead_letters'
]) as guarded;
select keep_tenants_apart('outbox', $$headers ->> 'tenant'$$);
grant usage on sequence product_ids, change_sequence to skuwire_tenant;
