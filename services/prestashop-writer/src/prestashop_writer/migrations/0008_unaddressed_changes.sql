-- Changes of products that were named by the shop's id alone, until the shop has told the reference.
create table unaddressed (
    chunk_id   text   not null references chunks on delete cascade,
    position   int    not null,
    shop       text   not null,
    presta_id  bigint not null,
    change     jsonb  not null,
    primary key (chunk_id, position)
);
create index unaddressed_shop on unaddressed (shop);
