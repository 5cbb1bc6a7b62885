-- The second lock between tenants: a request works as the role skuwire_tenant, in a transaction that names its
-- tenant, and there are no other rows for it. See docs/decisions/0017.

-- The role is of the whole server, so that other databases, and the other services, may be making it just now.
do $$
begin
    if not exists (select from pg_roles where rolname = 'skuwire_tenant') then
        begin
            create role skuwire_tenant nologin;
        exception when duplicate_object or unique_violation then null;
        end;
    end if;
    begin
        perform set_config('role', 'skuwire_tenant', true);
        perform set_config('role', 'none', true);
    exception when insufficient_privilege then
        begin
            execute format('grant skuwire_tenant to %I', current_user);
        exception when unique_violation then null;
        end;
    end;
exception when insufficient_privilege then
    raise insufficient_privilege using message = format(
        '%I may neither make the role skuwire_tenant nor become it; let an administrator of the server say: '
        'create role skuwire_tenant nologin; grant skuwire_tenant to %I;', current_user, current_user);
end
$$;

-- `select keep_tenants_apart('orders')` beside `create table orders (… tenant text not null …)` is all that a new
-- table needs. `whose` says whose a row is, where that stands in no column `tenant`.
create function keep_tenants_apart(guarded regclass, whose text default 'tenant') returns void
language plpgsql as $$
declare
    own text := format('(%s) = current_setting(''skuwire.tenant'', true)', whose);
begin
    execute format('alter table %s enable row level security', guarded);
    execute format('alter table %s force row level security', guarded);
    execute format('create policy of_the_tenant on %s to skuwire_tenant using (%s) with check (%s)',
                   guarded, own, own);
    execute format('create policy of_the_service on %s to %I using (true) with check (true)',
                   guarded, current_user);
    execute format('grant select, insert, update, delete on %s to skuwire_tenant', guarded);
    execute format('grant usage on schema %I to skuwire_tenant', current_schema());
end
$$;

select keep_tenants_apart('registered_shops');
