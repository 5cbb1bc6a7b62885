-- When the last chunk of a submission was completed; set once, in the transaction that tells it.
alter table submissions add column finished_at timestamptz;
update submissions
set finished_at = coalesce(
    (select max(completed_at) from chunks where chunks.submission_id = submissions.submission_id), submitted_at
)
where not exists (
    select from chunks where chunks.submission_id = submissions.submission_id and completed_at is null
);
