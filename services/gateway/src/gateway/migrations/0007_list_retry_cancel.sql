-- What a synchronization handed in, so that what was refused can be handed in again; forgotten once all of a chunk
-- came through, or after a week.
create table submitted_changes (
    submission_id text        not null,
    partition     integer     not null,
    body          bytea       not null,             -- chunk.submitted as it was told
    kept_since    timestamptz not null default now(),
    primary key (submission_id, partition)
);
create index submitted_changes_by_age on submitted_changes (kept_since);

alter table submissions add column retry_of text;
alter table chunks add column cancelled_at timestamptz;

create index items_of_syncs_by_reference on items (reference) where starts_with(submission_id, 'sync_');
