-- The age of a delivery that is not finished counts from when it was last due: one that is replayed is young.
create index deliveries_by_last_use on deliveries ((coalesce(finished_at, due_at)));
drop index deliveries_by_age;
