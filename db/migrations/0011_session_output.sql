-- What a run writes is kept while it runs: whose attempt wrote it, when it was kept, and how much it was in all (output
-- holds the end of it). Null in rows from before.
alter table ailbl_session_detail
  add column output_attempt integer,
  add column output_at timestamptz,
  add column output_bytes bigint;
