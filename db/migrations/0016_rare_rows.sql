-- What a list finds few of is found by an index, however many rows there are.

-- The sessions of one backfill, in their order: its unique (backfill_id, slot) serves only statements that name the cause too.
create index ailbl_session_backfill on ailbl_session (backfill_id, created, id) where backfill_id is not null;

-- Consumption is nearly all of a ledger, and the one kind whose entries must cost as little as they can.
create index eom_quota_ledger_kind on eom_quota_ledger (user_id, kind, created, id) where kind <> 'consume';
create index eom_quota_ledger_reservation on eom_quota_ledger (reservation_id, created, id) where reservation_id is not null;

create index eom_webhook_labels on eom_webhook using gin (labels jsonb_path_ops);
create index eom_webhook_search_text on eom_webhook using gin (search_text gin_trgm_ops);
create index eom_webhook_failing on eom_webhook (created, id) where state <> 'healthy';
