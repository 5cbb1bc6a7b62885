-- An upload that is outstanding belongs to the lease under which it is sent; see common/create_protocol.py.
-- posted_epoch is null once the shop has stopped working on it.
alter table ledger
    add column posted_epoch  bigint,
    add column waiting_since timestamptz;
update ledger set posted_epoch = 0 where uploaded_at is not null;
alter table ledger drop column uploaded_at;
