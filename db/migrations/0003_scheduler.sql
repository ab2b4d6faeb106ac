-- What runs when, what became of every instant, and how it went.

create table ailbl_schedule (
  id uuid primary key,
  name text not null check (name <> '' and char_length(name) <= 255),
  -- The name without regard to case, folded by EOM: the databases' own lower() differ by collation.
  name_key text collate "C" not null,
  description text,
  -- Name and description, folded, for the keyword filter.
  search_text text collate "C" not null,
  kind smallint not null,
  enable boolean not null,
  owner text not null,
  labels jsonb not null,
  trigger jsonb not null,
  job jsonb not null,
  params jsonb not null,
  -- The storage that params name, as a column: so the database itself keeps it from being deleted.
  storage_id uuid constraint ailbl_schedule_storage references eom_storage (id) on delete restrict,
  policy jsonb not null,
  -- The first instant that no scan has looked at; infinity when none is to come.
  next_due_at timestamptz not null default 'infinity',
  -- The newest instant that a scan has looked at.
  last_slot timestamptz,
  -- While it is disabled: the first instant that nobody looked at, infinity when there was none.
  paused_from timestamptz,
  disabled jsonb,
  -- When a worker last changed something here that answers tell; `version` counts only what people change.
  scanned timestamptz,
  version integer not null default 1,
  created timestamptz not null,
  created_by text not null,
  modified timestamptz not null,
  modified_by text not null,
  constraint ailbl_schedule_name_key unique (name_key),
  constraint ailbl_schedule_kind_storage check ((kind = 5) = (storage_id is not null)),
  constraint ailbl_schedule_paused check (enable = (paused_from is null) and enable = (disabled is null)),
  constraint ailbl_schedule_disabled_is_not_due check (enable or next_due_at = 'infinity')
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Serves the scan, due_before and the order by next_due_at. The disabled stand at its end.
create index ailbl_schedule_due on ailbl_schedule (next_due_at, id);

create index ailbl_schedule_enable on ailbl_schedule (enable, id);

create index ailbl_schedule_kind on ailbl_schedule (kind, id);

create index ailbl_schedule_created on ailbl_schedule (created, id);

create index ailbl_schedule_modified on ailbl_schedule (modified, id);

create index ailbl_schedule_storage_id on ailbl_schedule (storage_id) where storage_id is not null;

create index ailbl_schedule_search_text on ailbl_schedule using gin (search_text gin_trgm_ops);

create index ailbl_schedule_labels on ailbl_schedule using gin (labels jsonb_path_ops);

-- Counters stay when sessions go. Beside the schedule, in no index: each end of a session changes them.
create table ailbl_schedule_stats (
  schedule_id uuid primary key references ailbl_schedule (id) on delete cascade,
  sessions bigint not null default 0,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  consecutive_failures integer not null default 0,
  last_error jsonb,
  changed timestamptz
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Instants that became no session, and why; one row for a stretch of them, both ends included.
create table ailbl_skipped_slots (
  id bigint generated always as identity primary key,
  schedule_id uuid not null references ailbl_schedule (id) on delete cascade,
  first_slot timestamptz not null,
  last_slot timestamptz not null,
  reason text not null check (reason in
    ('missed_window', 'misfire_policy', 'overlap', 'paused', 'edited', 'max_sessions', 'quota', 'dst_gap')),
  recorded timestamptz not null,
  check (first_slot <= last_slot)
);

create index ailbl_skipped_slots_schedule on ailbl_skipped_slots (schedule_id, last_slot, id);

-- One occurrence. Narrow, since each state writes it anew; what is large stands in ailbl_session_detail. No foreign key to
-- the schedule: a session tells what happened also when the schedule has gone.
create table ailbl_session (
  id uuid primary key,
  schedule_id uuid not null,
  schedule_name text not null,
  kind smallint not null,
  cause text not null check (cause in ('slot', 'manual', 'backfill', 'retry')),
  -- The nominal instant; of a manual session, when it was asked for.
  slot timestamptz not null,
  data_interval_start timestamptz not null,
  state text not null default 'pending' check (state in
    ('pending', 'claimed', 'running', 'unknown', 'retry_wait', 'succeeded', 'failed', 'canceled', 'skipped')),
  -- Why it is in this state, where the state alone does not say it.
  reason text,
  attempt integer not null default 1,
  owner text not null,
  run_after timestamptz not null,
  launch_timeout_seconds integer not null,
  max_runtime_seconds integer,
  lease_owner text,
  -- Counts up with each owner: a write that carries an older one finds no row.
  lease_token integer not null default 0,
  -- In no index, so that a heartbeat stays a HOT update. The same for polled and missed_polls.
  lease_expires_at timestamptz,
  polled timestamptz,
  missed_polls smallint not null default 0,
  -- Somebody, or a time limit, wants it to end.
  stop_reason text check (stop_reason in ('cancel', 'max_runtime', 'launch_timeout')),
  stop_requested timestamptz,
  engine text,
  run_id text,
  run_status text,
  picked timestamptz,
  -- From here on a run may exist.
  launch_started timestamptz,
  started timestamptz,
  ended timestamptz,
  version integer not null default 1,
  created timestamptz not null,
  created_by text not null,
  constraint ailbl_session_lease check ((state in ('claimed', 'running', 'unknown')) = (lease_owner is not null)),
  constraint ailbl_session_ended check ((state in ('succeeded', 'failed', 'canceled', 'skipped')) = (ended is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Exactly one session a slot. Manual ones share instants with slots and with each other.
create unique index ailbl_session_slot on ailbl_session (schedule_id, slot) where cause = 'slot';

create index ailbl_session_pick on ailbl_session (owner, run_after, id) where state in ('pending', 'retry_wait');

create index ailbl_session_active on ailbl_session (schedule_id, id) where state in ('claimed', 'running', 'unknown', 'retry_wait');

-- The list's filters and orders.
create index ailbl_session_schedule on ailbl_session (schedule_id, created, id);

create index ailbl_session_state on ailbl_session (state, created, id);

create index ailbl_session_created on ailbl_session (created, id);

create index ailbl_session_slot_order on ailbl_session (slot, id);

create index ailbl_session_kind on ailbl_session (kind, created, id);

create index ailbl_session_created_by on ailbl_session (created_by, created, id);

-- The legal steps, as src/sessions/states.ts has them (a test holds the two together). They stand in the WHEN, so that
-- only a step that is refused costs a call.
create function ailbl_refuse_step() returns trigger language plpgsql as $$
begin
  raise exception 'a session does not go from % to %', old.state, new.state using errcode = 'check_violation';
end
$$;

create trigger ailbl_session_step before update of state on ailbl_session
  for each row when (old.state <> new.state and (old.state || ' ' || new.state) not in (
    'pending claimed', 'pending skipped', 'pending canceled',
    'claimed running', 'claimed unknown', 'claimed pending', 'claimed failed', 'claimed canceled',
    'running succeeded', 'running failed', 'running canceled', 'running retry_wait',
    'unknown running', 'unknown pending', 'unknown failed', 'unknown canceled', 'unknown retry_wait',
    'claimed retry_wait', 'retry_wait claimed', 'retry_wait canceled'))
  execute function ailbl_refuse_step();

-- What is large, or known only once a session is launched.
create table ailbl_session_detail (
  session_id uuid primary key references ailbl_session (id) on delete cascade,
  job jsonb,
  run_config jsonb,
  result jsonb,
  output text,
  error jsonb
);

-- Every step of a session: when, by whom, why.
create table ailbl_session_event (
  id bigint generated always as identity primary key,
  session_id uuid not null references ailbl_session (id) on delete cascade,
  at timestamptz not null,
  from_state text not null,
  to_state text not null,
  attempt integer not null,
  actor text not null,
  cause text not null,
  message text
);

create index ailbl_session_event_session on ailbl_session_event (session_id, id);
