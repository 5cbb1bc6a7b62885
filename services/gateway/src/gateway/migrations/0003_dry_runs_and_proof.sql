-- What a dry run tells, whether the shop was read after a write, and products by the shop's own ids.

alter table submissions add column dry_run boolean not null default false;
alter table chunks add column planned_requests jsonb not null default '[]';
alter table items add column verified boolean, add column changes jsonb not null default '[]';

create index shop_products_by_shop_id on shop_products (shop, presta_id);
