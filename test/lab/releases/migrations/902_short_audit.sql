-- class: rewriting audit
-- says: Shortens the entries of the audit log; their details are gone.
UPDATE audit SET details = '{}';
