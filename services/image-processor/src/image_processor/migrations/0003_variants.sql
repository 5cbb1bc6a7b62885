-- What the variants of products (the shop's combinations) are to show, and what they are known to show.
create table variants (
    shop           text   not null,
    presta_id      bigint not null,                -- the product
    reference      text   not null,                -- of the variant
    combination_id bigint not null,
    file_names     jsonb  not null,                -- among the product's pictures
    sequence       bigint not null,                -- of the change that named them
    image_ids      bigint[],                       -- shown; null where that is not known
    refused        text,                           -- why the shop does not show these
    primary key (shop, presta_id, reference)
);

-- A change may speak of variants alone, so that the product's id in the shop can be newer than its list.
alter table products add column presta_sequence bigint not null default 0;
update products set presta_sequence = sequence;

-- How a shop's entities are changed depends on its version (1.7 has no PATCH).
alter table shop_limits add column version text not null default '';
