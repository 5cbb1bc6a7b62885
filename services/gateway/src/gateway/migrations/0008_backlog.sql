-- What is open (null) and what was done lately is looked up every other second.
create index chunks_by_completion on chunks (completed_at);
