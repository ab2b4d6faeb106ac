-- The whole schema of EOM: one section for each room, tables before the tables that refer to them.
--
-- Later migrations add to it: 0002_name.sql, and so on. A migration only adds what the program before it can live with
-- (docs/guides/upgrade.md).
--
-- Conventions:
--   prefix eom_           the API under /eom: storages, quotas, notifications, access
--   prefix ailbl_         the API under /ailbl: schedules and sessions
--   timestamptz(3)        times that answers and cursors carry, which have milliseconds
--   collate "C"           text compared byte by byte, since the collations of PostgreSQL and PGlite differ
--   name_key, search_text folded by EOM (name; name and description): lower() differs by collation too
--   index (x, id)         a list ordered by x, with the id to break ties
--   jsonb_path_ops        filter `labels`
--   gin_trgm_ops          filter `keyword`
--   fillfactor < 100      room in the page for the next version of a row, so that an update of columns in no index stays HOT
--                         (heap-only: it writes no index)

create extension if not exists pg_trgm;

--------------------------------------------------------------------------------
-- Platform: the deployment, access tokens, idempotency keys, the audit trail
--------------------------------------------------------------------------------

-- A UUID version 7 (RFC 9562, 5.7), for rows that a statement makes by itself.
create function eom_uuid() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
      placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1),
    'hex')::uuid
$$;

-- For tables whose rows are written once.
create function eom_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end
$$;

-- One row. Secrets are stored under its id, so that several deployments can share one secret store.
create table eom_deployment (
  id uuid primary key,
  is_only boolean not null default true unique check (is_only),
  -- Signs the cursors of lists: 244 random bits. A cursor gives no right, so the key need not be kept from readers of the database.
  cursor_key bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
  created timestamptz not null default now()
);

insert into eom_deployment (id) values (gen_random_uuid());

create table eom_token (
  id uuid primary key,
  label text not null,
  role text not null check (role in ('viewer', 'meter', 'operator', 'admin')),
  -- SHA-256. A token has 256 random bits, so nobody can guess it and a slow hash would add nothing.
  token_hash bytea not null unique,
  expires_at timestamptz,
  last_used_at timestamptz,
  created timestamptz(3) not null default now(),
  created_by text not null
) with (fillfactor = 80);

create index eom_token_created on eom_token (created, id);

create table eom_idempotency_key (
  -- SHA-256 of caller, method, path and key. The key itself is not stored, because it decrypts the answer.
  key_hash bytea primary key,
  request_hash bytea not null,
  -- The request that is being answered. A request whose claim has run out finds another claim here and must not commit.
  claim uuid not null,
  claimed_until timestamptz not null,
  -- The first answer, encrypted with a key derived from the client's idempotency key. Null while the request runs.
  answer bytea,
  expires_at timestamptz not null
);

create index eom_idempotency_key_expires_at on eom_idempotency_key (expires_at);

create table eom_audit (
  id uuid primary key,
  at timestamptz(3) not null default clock_timestamp(),
  subject text not null,
  on_behalf_of text,
  action text not null,
  kind text not null,
  object_id text not null,
  before jsonb,
  after jsonb,
  request_id text
);

create index eom_audit_at on eom_audit (at, id);

-- Filter `kind`: without it, a rare kind is looked for among all changes.
create index eom_audit_kind on eom_audit (kind, at, id);

create index eom_audit_object on eom_audit (object_id, at, id);

create index eom_audit_subject on eom_audit (subject, at, id);

create trigger eom_audit_is_kept before update on eom_audit
  for each row execute function eom_refuse_change();

-- Processes whose clock is off. Empty as a rule: a process deletes its row when its clock is right again. A row that was not seen
-- for a minute is of a process that has ended.
create table eom_clock_report (
  -- `host/pid`.
  process text primary key,
  -- Negative: behind.
  ahead_seconds float8 not null,
  since timestamptz(3) not null,
  seen timestamptz(3) not null
);

--------------------------------------------------------------------------------
-- Secrets: credentials of storages, signing secrets of webhooks
--------------------------------------------------------------------------------

-- References that no object points to, or soon none may: deleted from the secret store when they are due. The row is inserted
-- before the secret is written, and deleted in the transaction that makes an object point to the secret.
create table eom_secret_intent (
  ref text primary key,
  -- The storage or webhook whose secret it is.
  owner_id uuid not null,
  -- A writer may still be at work. After the first deletion the secret is deleted once more, in case the write came late.
  writing boolean not null,
  -- The sweeper owns the reference: no object may point to it any more.
  swept boolean not null default false,
  not_before timestamptz not null,
  attempts integer not null default 0,
  created timestamptz not null default now()
);

create index eom_secret_intent_not_before on eom_secret_intent (not_before);

-- The embedded secret store: AES-256-GCM. The key is in a file, never in the database.
create table eom_sealed_secret (
  ref text primary key,
  sealed bytea not null,
  created timestamptz not null default now()
);

--------------------------------------------------------------------------------
-- Storages
--------------------------------------------------------------------------------

create table eom_storage (
  id uuid primary key,
  name text not null check (name <> '' and char_length(name) <= 255),
  name_key text collate "C" not null,
  description text,
  search_text text collate "C" not null,
  enable boolean not null,
  labels jsonb not null,
  endpoint text not null,
  region text not null,
  bucket text not null,
  prefix text collate "C" not null check (prefix = '' or (prefix like '%/' and prefix not like '/%')),
  path_style boolean not null,
  read_only boolean not null,
  ca_certificate text,
  requester_pays boolean not null default false,
  server_side_encryption text check (server_side_encryption in ('AES256', 'aws:kms', 'aws:kms:dsse')),
  sse_kms_key_id text,
  -- null, as credential_ref, where requests are not signed.
  access_key_id text,
  -- The current credential in the secret store. Each new credential gets a new reference.
  credential_ref text,
  verification json,
  verification_status text generated always as (verification ->> 'status') stored,
  version integer not null default 1,
  created timestamptz(3) not null,
  created_by text not null,
  modified timestamptz(3) not null,
  modified_by text not null,
  check ((access_key_id is null) = (credential_ref is null)),
  -- A null in server_side_encryption alone would make the second half null, which passes.
  check (sse_kms_key_id is null or (server_side_encryption is not null and server_side_encryption <> 'AES256')),
  -- Includes the id, so that a page far down the list is found in the index alone.
  constraint eom_storage_name_key unique (name_key) include (id)
);

create index eom_storage_enable on eom_storage (enable, id);

create index eom_storage_created on eom_storage (created, id);

create index eom_storage_modified on eom_storage (modified, id);

create index eom_storage_search_text on eom_storage using gin (search_text gin_trgm_ops);

create index eom_storage_labels on eom_storage using gin (labels jsonb_path_ops);

create index eom_storage_location on eom_storage (endpoint, bucket, prefix);

-- The overview: enabled storages whose last verification failed.
create index eom_storage_failing on eom_storage (id) where enable and verification ->> 'status' = 'FAIL';

create table eom_storage_collection (
  storage_id uuid not null constraint eom_storage_collection_storage references eom_storage (id) on delete restrict,
  collection_id uuid not null,
  created timestamptz not null default now(),
  created_by text not null,
  primary key (storage_id, collection_id)
);

create index eom_storage_collection_collection on eom_storage_collection (collection_id, storage_id);

--------------------------------------------------------------------------------
-- Schedules: when sessions are due
--------------------------------------------------------------------------------

create table ailbl_schedule (
  id uuid primary key,
  name text not null check (name <> '' and char_length(name) <= 255),
  name_key text collate "C" not null,
  description text,
  search_text text collate "C" not null,
  kind smallint not null,
  enable boolean not null,
  owner text not null,
  labels jsonb not null,
  trigger jsonb not null,
  job jsonb not null,
  params jsonb not null,
  -- The storage that `params` names. A column, so that a foreign key keeps the storage from being deleted.
  storage_id uuid constraint ailbl_schedule_storage references eom_storage (id) on delete restrict,
  policy jsonb not null,
  -- The first slot that no scan has looked at; infinity if there is none to come.
  next_due_at timestamptz not null default 'infinity',
  -- The last slot that a scan has looked at.
  last_slot timestamptz,
  -- While disabled: the first slot that was missed; infinity if none was.
  paused_from timestamptz,
  disabled jsonb,
  -- When a worker last changed a field that answers show. `version` counts only the changes of people.
  scanned timestamptz,
  version integer not null default 1,
  created timestamptz not null,
  created_by text not null,
  modified timestamptz not null,
  modified_by text not null,
  -- The window in which slots count, in wall-clock time of the trigger's zone; null is always.
  active jsonb,
  -- Slots that became sessions, for the limit `max_sessions`. In this row because a scan locks it. Not the same as `sessions` in
  -- ailbl_schedule_stats, which counts manual sessions too.
  slot_sessions integer not null default 0,
  -- The engine that runs its sessions.
  engine text not null,
  constraint ailbl_schedule_name_key unique (name_key),
  -- Kind 5 works on a storage. Other kinds may name one.
  constraint ailbl_schedule_kind_storage check (kind <> 5 or storage_id is not null),
  constraint ailbl_schedule_paused check (enable = (paused_from is null) and enable = (disabled is null)),
  constraint ailbl_schedule_disabled_is_not_due check (enable or next_due_at = 'infinity')
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The scan, the filter `due_before`, the order by next_due_at. Disabled schedules are at its end, at infinity.
create index ailbl_schedule_due on ailbl_schedule (next_due_at, id);

create index ailbl_schedule_enable on ailbl_schedule (enable, id);

create index ailbl_schedule_kind on ailbl_schedule (kind, id);

create index ailbl_schedule_created on ailbl_schedule (created, id);

create index ailbl_schedule_modified on ailbl_schedule (modified, id);

create index ailbl_schedule_storage_id on ailbl_schedule (storage_id) where storage_id is not null;

create index ailbl_schedule_engine on ailbl_schedule (engine) where enable;

create index ailbl_schedule_search_text on ailbl_schedule using gin (search_text gin_trgm_ops);

create index ailbl_schedule_labels on ailbl_schedule using gin (labels jsonb_path_ops);

-- Schedules that have no slot to come.
create index ailbl_schedule_over on ailbl_schedule (id) where enable and next_due_at = 'infinity';

-- The filter `state` and the overview: disabled schedules by reason.
create index ailbl_schedule_disabled on ailbl_schedule ((disabled ->> 'reason'), id) where not enable;

-- Counters, which stay when sessions are deleted. Not in ailbl_schedule, whose many indexes an update would write: every end of a
-- session updates them.
create table ailbl_schedule_stats (
  schedule_id uuid primary key references ailbl_schedule (id) on delete cascade,
  sessions bigint not null default 0,
  succeeded bigint not null default 0,
  failed bigint not null default 0,
  consecutive_failures integer not null default 0,
  last_error jsonb,
  changed timestamptz
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index ailbl_schedule_stats_failing on ailbl_schedule_stats (schedule_id) where consecutive_failures > 0;

-- Slots that became no session, and why. One row for a run of slots, from first_slot to last_slot, both included.
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

--------------------------------------------------------------------------------
-- Sessions: one occurrence of a schedule
--------------------------------------------------------------------------------

-- Narrow, since every change of state writes the row anew: large values are in ailbl_session_detail. No foreign key to the
-- schedule: sessions outlive it.
--
-- No index holds a column that changes while a session lives, so its steps are HOT updates until it ends without success (a
-- test checks this in the catalogue). Sessions that have not ended are found through ailbl_open_session.
create table ailbl_session (
  id uuid primary key,
  schedule_id uuid not null,
  schedule_name text not null,
  kind smallint not null,
  cause text not null check (cause in ('slot', 'manual', 'backfill', 'retry')),
  -- The nominal instant; for a manual session, the time of the request.
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
  -- Fencing token: each new owner adds 1, and a write that carries an older token finds no row.
  lease_token integer not null default 0,
  lease_expires_at timestamptz,
  polled timestamptz,
  missed_polls smallint not null default 0,
  -- Why the session is to end: a request, or a time limit. `replaced`: a newer session of its schedule takes its place.
  stop_reason text check (stop_reason in ('cancel', 'replaced', 'max_runtime', 'launch_timeout')),
  stop_requested timestamptz,
  -- The engine that has the run or will get it. Pick takes over the schedule's engine if that has changed.
  engine text not null,
  run_id text,
  run_status text,
  -- Whether the engine was asked once, after the launch, if the attempt has further runs.
  runs_checked boolean not null default false,
  picked timestamptz,
  -- From this time on a run may exist.
  launch_started timestamptz,
  started timestamptz,
  ended timestamptz,
  version integer not null default 1,
  created timestamptz not null,
  created_by text not null,
  -- The session that this one repeats, if its cause is `retry`.
  retry_of uuid,
  backfill_id uuid,
  -- The bulk action that opened it.
  bulk_id uuid,
  -- Which sessions are picked first: due slots, then requests by hand and retries of them, then bulk actions, then backfills.
  class smallint not null generated always as (
    case when bulk_id is not null then 2 when cause = 'slot' then 0 when cause = 'backfill' then 3 else 1 end) stored,
  phase text not null generated always as (
    case state when 'pending' then 'waiting' when 'retry_wait' then 'retrying'
      when 'claimed' then 'active' when 'running' then 'active' when 'unknown' then 'active' else state end) stored,
  -- Waits until no other session of its schedule is under way.
  queued boolean not null default false,
  -- Since when the engine has answered that it cannot launch the session yet, e.g. while it loads a code location.
  not_ready_since timestamptz,
  -- Null for succeeded sessions: nearly all are, and the order by `created` finds them.
  unsuccessful text generated always as (
    case when state in ('failed', 'canceled', 'skipped') then state end) stored,
  constraint ailbl_session_lease check ((state in ('claimed', 'running', 'unknown')) = (lease_owner is not null)),
  constraint ailbl_session_ended check ((state in ('succeeded', 'failed', 'canceled', 'skipped')) = (ended is not null))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, fillfactor = 50);

-- Exactly one session for each slot of a schedule. Manual sessions may have the instant of a slot, or of each other.
create unique index ailbl_session_slot on ailbl_session (schedule_id, slot) where cause = 'slot';

-- Exactly one session for each slot of a backfill.
create unique index ailbl_session_backfill_slot on ailbl_session (backfill_id, slot) where cause = 'backfill';

-- A session is repeated at most once.
create unique index ailbl_session_retry_of on ailbl_session (retry_of) where retry_of is not null;

-- The filters and orders of lists.
create index ailbl_session_schedule on ailbl_session (schedule_id, created, id);

create index ailbl_session_created on ailbl_session (created, id);

create index ailbl_session_slot_order on ailbl_session (slot, id);

create index ailbl_session_kind on ailbl_session (kind, created, id);

-- Without the scheduler: it creates nearly all sessions, and the order by `created` finds them.
create index ailbl_session_created_by on ailbl_session (created_by, created, id) where created_by <> 'scheduler';

-- The unique (backfill_id, slot) serves only statements that name the cause too.
create index ailbl_session_backfill on ailbl_session (backfill_id, created, id) where backfill_id is not null;

create index ailbl_session_unsuccessful on ailbl_session (unsuccessful, created, id) where unsuccessful is not null;

-- Timelines. Sessions of slots are found by ailbl_session_slot.
create index ailbl_session_beside_slots on ailbl_session (schedule_id, slot, id) where cause <> 'slot';

-- The legal steps, as src/sessions/states.ts has them (a test compares the two). They are in the WHEN clause, so that only a
-- refused step calls the function.
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

-- An index of the sessions that have not ended, as a table: one row for each of them. Its columns change with every claim and
-- end; as indexes of ailbl_session, which a claim and an end then wrote anew, they cost a third of a session
-- (docs/decisions/0015-open-sessions.md). The row of ailbl_session is authoritative.
create table ailbl_open_session (
  session_id uuid primary key,
  schedule_id uuid not null,
  backfill_id uuid,
  engine text not null,
  owner text not null,
  class smallint not null,
  phase text not null,
  queued boolean not null,
  run_after timestamptz not null,
  lease_owner text
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index ailbl_open_session_pick on ailbl_open_session (engine, owner, class, run_after, session_id)
  where phase in ('waiting', 'retrying') and not queued;

create index ailbl_open_session_queued on ailbl_open_session (session_id) where queued;

create index ailbl_open_session_schedule on ailbl_open_session (schedule_id, phase);

create index ailbl_open_session_backfill on ailbl_open_session (backfill_id) where backfill_id is not null;

-- The sessions that a process has leased, and the runs that an engine has under way.
create index ailbl_open_session_held on ailbl_open_session (engine, lease_owner, session_id) where phase = 'active';

-- Keeps ailbl_open_session in step, once for each statement that writes ailbl_session, so that no writer needs to know of it.
-- The writer holds the rows of its sessions, so nobody waits here. Scans and joins are off, since a transition table of a few
-- rows joins a table of any length: the plan must go by the key, whatever the planner knew when it was made.
create function ailbl_open_sessions() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if tg_op = 'INSERT' then
    insert into ailbl_open_session
    select id, schedule_id, backfill_id, engine, owner, class, phase, queued, run_after, lease_owner from written
    where phase in ('waiting', 'retrying', 'active');
  elsif tg_op = 'UPDATE' then
    update ailbl_open_session as o
    set engine = w.engine, phase = w.phase, queued = w.queued, run_after = w.run_after, lease_owner = w.lease_owner
    from written as w
    where o.session_id = w.id and w.phase in ('waiting', 'retrying', 'active')
      and (o.engine, o.phase, o.queued, o.run_after, o.lease_owner)
        is distinct from (w.engine, w.phase, w.queued, w.run_after, w.lease_owner);
    delete from ailbl_open_session as o using written as w
    where o.session_id = w.id and w.phase not in ('waiting', 'retrying', 'active');
  else
    delete from ailbl_open_session as o using removed as r where o.session_id = r.id;
  end if;
  return null;
end
$$;

create function ailbl_no_open_sessions() returns trigger language plpgsql as $$
begin
  truncate ailbl_open_session;
  return null;
end
$$;

create trigger ailbl_session_inserted after insert on ailbl_session
  referencing new table as written for each statement execute function ailbl_open_sessions();
create trigger ailbl_session_updated after update on ailbl_session
  referencing new table as written for each statement execute function ailbl_open_sessions();
create trigger ailbl_session_deleted after delete on ailbl_session
  referencing old table as removed for each statement execute function ailbl_open_sessions();
create trigger ailbl_session_truncated after truncate on ailbl_session
  for each statement execute function ailbl_no_open_sessions();

-- Large values, and values known only after the launch.
--
-- No foreign key to ailbl_session, here and in ailbl_session_event: retention deletes a session with its details and events in
-- one statement, and checking each of their rows cost as much as writing them.
create table ailbl_session_detail (
  session_id uuid primary key,
  job jsonb,
  run_config jsonb,
  result jsonb,
  -- The end of what the run has written, copied while it runs: by which attempt, when, and how many bytes it wrote in all.
  output text,
  error jsonb,
  output_attempt integer,
  output_at timestamptz,
  output_bytes bigint
);

-- Every change of state: when, by whom, why.
create table ailbl_session_event (
  id bigint generated always as identity,
  session_id uuid not null,
  at timestamptz not null,
  from_state text not null,
  to_state text not null,
  attempt integer not null,
  actor text not null,
  cause text not null,
  message text,
  primary key (session_id, id)
);

-- The rate at which an engine may be asked to start runs: a token bucket that all processes share.
create table ailbl_engine_bucket (
  engine text primary key,
  tokens double precision not null,
  refilled timestamptz not null
) with (fillfactor = 50);

-- Launches without a clear answer. Their runs may appear after the session has got another run, and are searched for until that
-- is no longer possible.
create table ailbl_doubtful_launch (
  session_id uuid not null,
  attempt integer not null,
  engine text not null,
  since timestamptz not null,
  check_at timestamptz not null,
  -- Second runs that EOM has asked the engine to end.
  ended text[] not null default '{}',
  primary key (session_id, attempt)
);

create index ailbl_doubtful_launch_check on ailbl_doubtful_launch (engine, check_at);

--------------------------------------------------------------------------------
-- Backfills: past slots, run on request
--------------------------------------------------------------------------------

-- Its sessions are created step by step, each when `max_parallel` leaves room for it.
create table ailbl_backfill (
  id uuid primary key,
  -- No foreign key: a backfill outlives its schedule, as a session does.
  schedule_id uuid not null,
  schedule_name text not null,
  -- from_slot is included, to_slot is not.
  from_slot timestamptz not null,
  to_slot timestamptz not null,
  max_parallel integer not null check (max_parallel > 0),
  state text not null default 'running' check (state in ('running', 'done', 'canceled')),
  -- Where to look for the next slot; null when every slot has its session.
  next_from timestamptz,
  opened bigint not null default 0,
  -- Why it was canceled, in one word.
  reason text,
  created timestamptz(3) not null,
  created_by text not null,
  ended timestamptz(3),
  check (from_slot < to_slot),
  constraint ailbl_backfill_ended check ((state = 'running') = (ended is null))
);

create index ailbl_backfill_schedule on ailbl_backfill (schedule_id, created, id);

create index ailbl_backfill_running on ailbl_backfill (id) where state = 'running';

--------------------------------------------------------------------------------
-- Bulk: one action on many objects
--------------------------------------------------------------------------------

-- The filter is evaluated once, on creation: its objects are the items.
create table ailbl_bulk (
  id uuid primary key,
  kind text not null check (kind in ('session', 'schedule')),
  action text not null check (
    kind = 'session' and action in ('cancel', 'retry') or kind = 'schedule' and action in ('enable', 'disable', 'trigger')),
  filter jsonb not null,
  note text,
  state text not null default 'running' check (state in ('running', 'done', 'canceled')),
  total integer not null,
  created timestamptz(3) not null,
  created_by text not null,
  on_behalf_of text,
  ended timestamptz(3),
  constraint ailbl_bulk_ended check ((state = 'running') = (ended is null))
);

create index ailbl_bulk_running on ailbl_bulk (id) where state = 'running';

create index ailbl_bulk_created on ailbl_bulk (created, id);

create table ailbl_bulk_item (
  bulk_id uuid not null references ailbl_bulk (id) on delete cascade,
  -- Its place in the order of work, from 1.
  item integer not null,
  object_id uuid not null,
  state text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
  -- If it failed: {"code", "message"}.
  error jsonb,
  attempts smallint not null default 0,
  -- Until when a worker has it. In no index, so that a claim is a HOT update.
  claimed_until timestamptz,
  primary key (bulk_id, item)
) with (fillfactor = 80);

create index ailbl_bulk_item_state on ailbl_bulk_item (bulk_id, state, item);

--------------------------------------------------------------------------------
-- Quotas: limits, and the users they are assigned to
--------------------------------------------------------------------------------

-- Expire rules are JSON: {"type": "never"}, {"type": "at", "at"}, {"type": "after", "amount", "unit"},
-- {"type": "every", "unit", "time_zone"}.

-- Start of the calendar period that contains `at`; null if the rule has no periods. Weeks begin on Monday.
create function eom_period_start(expire jsonb, at timestamptz) returns timestamptz language sql stable parallel safe as $$
  select case when expire ->> 'type' = 'every'
    then date_trunc(expire ->> 'unit', at at time zone (expire ->> 'time_zone')) at time zone (expire ->> 'time_zone') end
$$;

-- Start of the period after it.
create function eom_period_end(expire jsonb, at timestamptz) returns timestamptz language sql stable parallel safe as $$
  select case when expire ->> 'type' = 'every'
    then (date_trunc(expire ->> 'unit', at at time zone (expire ->> 'time_zone')) + ('1 ' || (expire ->> 'unit'))::interval)
      at time zone (expire ->> 'time_zone') end
$$;

-- When a quota assigned at `assigned` expires; null for never. Units are calendar units in UTC.
create function eom_expires_at(expire jsonb, assigned timestamptz) returns timestamptz language sql stable parallel safe as $$
  select case expire ->> 'type'
    when 'at' then (expire ->> 'at')::timestamptz
    when 'after' then ((assigned at time zone 'UTC') + ((expire ->> 'amount') || ' ' || (expire ->> 'unit'))::interval) at time zone 'UTC'
  end
$$;

create table eom_quota (
  id uuid primary key,
  name text not null check (name <> '' and char_length(name) <= 255),
  name_key text collate "C" not null,
  description text,
  search_text text collate "C" not null,
  type text not null check (type in ('MaxSize', 'MaxOrderTimes')),
  -- Bytes or orders, by type; null is unlimited.
  value bigint check (value between 0 and 9007199254740991),
  expire jsonb not null,
  enable boolean not null,
  labels jsonb not null,
  -- Counted on assignment, under the lock of this row.
  assigned_users bigint not null default 0 check (assigned_users >= 0),
  version integer not null default 1,
  created timestamptz(3) not null,
  created_by text not null,
  modified timestamptz(3) not null,
  modified_by text not null,
  constraint eom_quota_name_key unique (name_key),
  -- For the foreign key of eom_user_quota, which ties a user's quota to the type of the quota.
  constraint eom_quota_id_type unique (id, type)
);

create index eom_quota_type on eom_quota (type, id);

create index eom_quota_enable on eom_quota (enable, id);

create index eom_quota_created on eom_quota (created, id);

create index eom_quota_modified on eom_quota (modified, id);

create index eom_quota_search_text on eom_quota using gin (search_text gin_trgm_ops);

create index eom_quota_labels on eom_quota using gin (labels jsonb_path_ops);

create table eom_user_quota (
  user_id text collate "C" not null check (user_id <> '' and char_length(user_id) <= 255),
  type text not null,
  quota_id uuid not null,
  assigned timestamptz not null,
  assigned_by text not null,
  -- Overrides for this user. `value` counts only if `overrides_value`, since a null value means unlimited.
  overrides_value boolean not null default false,
  value bigint check (value between 0 and 9007199254740991),
  expire jsonb,
  enable boolean,
  -- By the rule that applies to this user; updated whenever the rule changes.
  expires_at timestamptz,
  expiry_told boolean not null default false,
  -- The level: used and reserved since `period_start`, the sums of the ledger entries with that `period_start`.
  period_start timestamptz not null,
  used bigint not null default 0 check (used between 0 and 9007199254740991),
  reserved bigint not null default 0 check (reserved between 0 and 9007199254740991),
  -- The highest threshold that the level has reached: 0 none, 1 warning, 2 exceeded. Each crossing is one event.
  threshold smallint not null default 0,
  version integer not null default 1,
  modified timestamptz(3) not null,
  modified_by text not null,
  -- One quota of each type.
  constraint eom_user_quota_type primary key (user_id, type),
  constraint eom_user_quota_quota foreign key (quota_id, type) references eom_quota (id, type) on delete restrict
) with (fillfactor = 60);

create index eom_user_quota_quota on eom_user_quota (quota_id, user_id);

create index eom_user_quota_expires_at on eom_user_quota (expires_at, user_id) where expires_at is not null;

-- Expiries without an event yet.
create index eom_user_quota_expiry on eom_user_quota (expires_at) where expires_at is not null and not expiry_told;

create index eom_user_quota_exceeded on eom_user_quota (user_id) where threshold = 2;

--------------------------------------------------------------------------------
-- Metering: the ledger, reservations, answers
--------------------------------------------------------------------------------

-- Every change of a level; its rows are never changed. Since `period_start`, `used` is the sum of `amount` and `reserved` the
-- sum of `held`. Partitioned by month, so that the indexes that are written stay small; eom_prepare_ledger makes the months.
create table eom_quota_ledger (
  id uuid not null,
  created timestamptz(3) not null,
  user_id text collate "C" not null,
  type text not null,
  quota_id uuid not null,
  kind text not null check (kind in ('consume', 'adjust', 'reserve', 'commit', 'release', 'expire')),
  amount bigint not null,
  held bigint not null,
  period_start timestamptz not null,
  reservation_id uuid,
  created_by text not null,
  primary key (created, id)
) partition by range (created);

-- Entries of months that nobody made in time.
create table eom_quota_ledger_rest partition of eom_quota_ledger default;

create index eom_quota_ledger_user on eom_quota_ledger (user_id, created, id);

-- Without consumption: it is nearly all of a ledger, and its entries must cost as little as possible.
create index eom_quota_ledger_kind on eom_quota_ledger (user_id, kind, created, id) where kind <> 'consume';

create index eom_quota_ledger_reservation on eom_quota_ledger (reservation_id, created, id) where reservation_id is not null;

create trigger eom_quota_ledger_is_kept before update or delete on eom_quota_ledger
  for each row execute function eom_refuse_change();

-- Makes the partitions of the `months` months after that of `at`, and returns how many were missing. Makes the month of `at` too
-- while eom_quota_ledger_rest is empty, as in a new database: adding a partition reads all of the default partition. If a month
-- was not made in time, the default partition already has its entries, and they stay there.
create function eom_prepare_ledger(at timestamptz, months integer) returns integer language plpgsql as $$
declare
  first date;
  made integer := 0;
begin
  perform pg_advisory_xact_lock(hashtext('eom_prepare_ledger'));
  for ahead in 0..months loop
    first := (date_trunc('month', at at time zone 'UTC') + make_interval(months => ahead))::date;
    continue when to_regclass('eom_quota_ledger_' || to_char(first, 'YYYY_MM')) is not null
      or ahead = 0 and exists (select from eom_quota_ledger_rest);
    begin
      execute format('create table %I partition of eom_quota_ledger for values from (%L) to (%L)',
        'eom_quota_ledger_' || to_char(first, 'YYYY_MM'),
        first::timestamp at time zone 'UTC', (first + interval '1 month') at time zone 'UTC');
      made := made + 1;
    exception when check_violation then
      null;
    end;
  end loop;
  return made;
end
$$;

-- One row for each type that a reservation holds.
create table eom_quota_reservation (
  id uuid not null,
  type text not null,
  user_id text collate "C" not null,
  -- Null if the user had no quota of the type and was admitted nonetheless: there is no level to hold it in.
  quota_id uuid,
  amount bigint not null check (amount > 0),
  -- The period in which it is held. If it closes in a later period, that period's level does not change.
  period_start timestamptz not null,
  state text not null default 'open' check (state in ('open', 'committed', 'released', 'expired')),
  -- The amount that was used in the end.
  committed bigint check (committed between 0 and amount),
  expires_at timestamptz(3) not null,
  created timestamptz(3) not null,
  closed timestamptz(3),
  primary key (id, type)
) with (fillfactor = 80);

create index eom_quota_reservation_open on eom_quota_reservation (user_id, expires_at) where state = 'open';

create index eom_quota_reservation_due on eom_quota_reservation (expires_at) where state = 'open';

create index eom_quota_reservation_closed on eom_quota_reservation (closed) where state <> 'open';

-- The first answer to each idempotency key of the metering calls, written by the statement that has the effect.
create table eom_metering_answer (
  -- SHA-256 of caller, method, path and key.
  key_hash bytea primary key,
  request_hash bytea not null,
  outcome jsonb not null,
  expires_at timestamptz not null
);

create index eom_metering_answer_expires_at on eom_metering_answer (expires_at);

--------------------------------------------------------------------------------
-- Notifications: events, webhooks, deliveries
--------------------------------------------------------------------------------

-- Written in the transaction of the change that it reports.
create table eom_event (
  id uuid primary key,
  type text not null,
  kind text not null,
  object_id text not null,
  data jsonb not null,
  created timestamptz(3) not null,
  -- When its deliveries were made, one for each webhook that wants its type. A mark and not a cursor: an event that is written
  -- early may be committed late.
  dispatched timestamptz(3)
);

create index eom_event_created on eom_event (created, id);

create index eom_event_undispatched on eom_event (created, id) where dispatched is null;

create table eom_webhook (
  id uuid primary key,
  address text not null,
  description text,
  -- Address and description, folded.
  search_text text collate "C" not null,
  -- Types by name, `session.*` for all types of an object, `*` for all.
  event_types text[] not null check (cardinality(event_types) > 0),
  enable boolean not null,
  -- Why EOM disabled it; null if a person did.
  disabled_reason text check (disabled_reason = 'gone'),
  labels jsonb not null,
  -- The current signing secret in the secret store, and the previous one while both sign.
  secret_ref text not null,
  previous_secret_ref text,
  previous_secret_until timestamptz(3),
  -- Outcome of the last attempts. It does not change the version, which counts the changes of people.
  state text not null default 'healthy' check (state in ('healthy', 'failing')),
  consecutive_failures integer not null default 0,
  last_success timestamptz(3),
  last_failure timestamptz(3),
  last_error text,
  version integer not null default 1,
  created timestamptz(3) not null,
  created_by text not null,
  modified timestamptz(3) not null,
  modified_by text not null,
  check (disabled_reason is null or not enable),
  check ((previous_secret_ref is null) = (previous_secret_until is null))
);

create index eom_webhook_created on eom_webhook (created, id);

create index eom_webhook_modified on eom_webhook (modified, id);

create index eom_webhook_labels on eom_webhook using gin (labels jsonb_path_ops);

create index eom_webhook_search_text on eom_webhook using gin (search_text gin_trgm_ops);

create index eom_webhook_failing on eom_webhook (created, id) where state <> 'healthy';

create table eom_webhook_delivery (
  id uuid primary key,
  webhook_id uuid not null references eom_webhook (id) on delete cascade,
  -- The id of the message: the same in every attempt.
  event_id uuid not null references eom_event (id) on delete cascade,
  event_type text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0,
  next_attempt_at timestamptz(3),
  -- The attempt under way. A sender that comes back after its lease finds another claim and writes nothing.
  claim uuid,
  lease_expires_at timestamptz,
  last_attempt_at timestamptz(3),
  last_http_status integer,
  last_error text,
  last_duration_ms integer,
  delivered timestamptz(3),
  created timestamptz(3) not null default now(),
  unique (event_id, webhook_id),
  check ((state = 'pending') = (next_attempt_at is not null)),
  check ((claim is null) = (lease_expires_at is null)),
  check (claim is null or state = 'pending'),
  check ((state = 'delivered') = (delivered is not null))
) with (fillfactor = 80);

create index eom_webhook_delivery_due on eom_webhook_delivery (webhook_id, next_attempt_at, id) where state = 'pending';

create index eom_webhook_delivery_dead on eom_webhook_delivery (webhook_id, id) where state = 'dead';

create index eom_webhook_delivery_webhook on eom_webhook_delivery (webhook_id, created, id);
