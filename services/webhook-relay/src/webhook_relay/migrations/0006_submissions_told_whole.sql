-- A submission's end is told after all of its chunks were: how far each has been told, until then.
create table submissions (
    submission_id text        primary key,
    tenant        text        not null,
    ended         bytea,                            -- submission.completed as it was told; null until then
    chunks        integer,                          -- how many it has, by that message
    traceparent   text,
    changed_at    timestamptz not null default now(),
    unique (submission_id, tenant)
);
create index submissions_by_age on submissions (changed_at);

create table told_chunks (
    submission_id text    not null,
    partition     integer not null,
    tenant        text    not null,
    primary key (submission_id, partition),
    foreign key (submission_id, tenant) references submissions (submission_id, tenant) on delete cascade
);

select keep_tenants_apart('submissions'), keep_tenants_apart('told_chunks');
