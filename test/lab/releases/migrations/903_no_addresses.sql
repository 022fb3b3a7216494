-- class: irreversible
-- says: Forgets the addresses in the audit log.
UPDATE audit SET address = NULL;
