-- What a tenant's sources have sent is looked through by time.
create index inbound_attempts_of_tenant on inbound_attempts (tenant, attempt_id desc);
