-- The description that a brand was given last, and by which change; null where none was written by us.
alter table names
    add column detail          text,
    add column detail_sequence bigint not null default 0;
