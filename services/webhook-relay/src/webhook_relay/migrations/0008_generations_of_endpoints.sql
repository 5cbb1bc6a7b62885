-- An attempt tells about the endpoint that it was made to: a new URL, or a state given anew, begins a new generation.
alter table endpoints add column generation integer not null default 0;
