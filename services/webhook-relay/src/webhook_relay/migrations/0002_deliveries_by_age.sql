-- What is old is forgotten; see retention.py.
create index deliveries_by_age on deliveries ((coalesce(finished_at, created_at)));
