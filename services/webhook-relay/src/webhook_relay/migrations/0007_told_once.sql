-- What has been told of a submission is kept as long as deliveries are: two stations may both tell a chunk's end.
alter table submissions add column told_at timestamptz;  -- when its own end was; null until then
