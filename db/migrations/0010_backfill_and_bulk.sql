-- Slots that are over, run on request; and one action on many objects.

-- Opened step by step: a session stands here only once there is room for it among `max_parallel`.
create table ailbl_backfill (
  id uuid primary key,
  -- No foreign key, as with a session: it tells what happened also when the schedule has gone.
  schedule_id uuid not null,
  schedule_name text not null,
  -- From included, to excluded.
  from_slot timestamptz not null,
  to_slot timestamptz not null,
  max_parallel integer not null check (max_parallel > 0),
  state text not null default 'running' check (state in ('running', 'done', 'canceled')),
  -- Where the next slot is looked for; null when every slot has its session.
  next_from timestamptz,
  opened bigint not null default 0,
  -- Why it was canceled, in a word.
  reason text,
  created timestamptz(3) not null,
  created_by text not null,
  ended timestamptz(3),
  check (from_slot < to_slot),
  constraint ailbl_backfill_ended check ((state = 'running') = (ended is null))
);

create index ailbl_backfill_schedule on ailbl_backfill (schedule_id, created, id);

create index ailbl_backfill_running on ailbl_backfill (id) where state = 'running';

alter table ailbl_session add column backfill_id uuid;

-- Exactly one session a slot and backfill.
create unique index ailbl_session_backfill_slot on ailbl_session (backfill_id, slot) where cause = 'backfill';

-- How many of a backfill are where.
create index ailbl_session_backfill on ailbl_session (backfill_id, state) where backfill_id is not null;

-- For timelines; slots have an index of their own.
create index ailbl_session_beside_slots on ailbl_session (schedule_id, slot, id) where cause <> 'slot';

-- One action on all that a filter found; what it acts on is fixed when it is made.
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
  -- Of a failed one: {"code", "message"}.
  error jsonb,
  attempts smallint not null default 0,
  -- A worker has it until then. In no index.
  claimed_until timestamptz,
  primary key (bulk_id, item)
) with (fillfactor = 80);

create index ailbl_bulk_item_state on ailbl_bulk_item (bulk_id, state, item);

-- Why a schedule is disabled, for the filter `state` and for what needs a person.
create index ailbl_schedule_disabled on ailbl_schedule ((disabled ->> 'reason'), id) where not enable;

-- For what needs a person: storages that no longer verify.
create index eom_storage_failing on eom_storage (id) where enable and verification ->> 'status' = 'FAIL';
