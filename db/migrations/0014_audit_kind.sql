-- The changes of one kind of object, in their order: without it, the few of a rare kind are looked for among all changes.
create index eom_audit_kind on eom_audit (kind, at, id);
