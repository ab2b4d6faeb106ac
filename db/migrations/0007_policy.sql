-- What a policy may say beside what it could before; whoever said nothing means the default.
update ailbl_schedule set policy = '{"spread_seconds": 0, "dst_gap": "shift", "dst_overlap": "first", "max_retries": 0,
  "retry_delay_seconds": 60, "max_sessions": null}'::jsonb || policy;

-- Ended because a newer session of its schedule takes its place.
alter table ailbl_session drop constraint ailbl_session_stop_reason_check;
alter table ailbl_session add constraint ailbl_session_stop_reason_check
  check (stop_reason in ('cancel', 'replaced', 'max_runtime', 'launch_timeout'));

-- The session that a session with the cause retry does again; one that was done again is not done again twice.
alter table ailbl_session add column retry_of uuid;

create unique index ailbl_session_retry_of on ailbl_session (retry_of) where retry_of is not null;
