-- Each step of a session wrote every one of its indexes anew, since `state` stood in them. They stand on the phase now, which
-- changes twice in a life: when the session is picked and when it ends. The steps between are HOT updates.
alter table ailbl_session
  add column phase text not null generated always as (
    case state when 'pending' then 'waiting' when 'retry_wait' then 'retrying'
      when 'claimed' then 'active' when 'running' then 'active' when 'unknown' then 'active' else state end) stored,
  -- Waits until no other session of its schedule is under way; pick looks at it again then.
  add column queued boolean not null default false;

drop index ailbl_session_pick;
create index ailbl_session_pick on ailbl_session (owner, run_after, id) where phase in ('waiting', 'retrying') and not queued;

drop index ailbl_session_active;
create index ailbl_session_active on ailbl_session (schedule_id, phase) where phase in ('waiting', 'retrying', 'active');

-- For the process that holds them.
create index ailbl_session_held on ailbl_session (lease_owner, id) where phase = 'active';

create index ailbl_session_queued on ailbl_session (schedule_id) where queued and phase = 'waiting';

drop index ailbl_session_state;
create index ailbl_session_phase on ailbl_session (phase, created, id);

drop index ailbl_session_backfill;
create index ailbl_session_backfill on ailbl_session (backfill_id, phase) where backfill_id is not null;

-- Nearly all are the scheduler's, and the order by `created` finds those.
drop index ailbl_session_created_by;
create index ailbl_session_created_by on ailbl_session (created_by, created, id) where created_by <> 'scheduler';

-- A session goes with its details and its history in one statement (retention.ts); to have each of their rows checked
-- against it cost as much as writing them.
alter table ailbl_session_detail drop constraint ailbl_session_detail_session_id_fkey;
alter table ailbl_session_event drop constraint ailbl_session_event_session_id_fkey;

alter table ailbl_session_event drop constraint ailbl_session_event_pkey;
drop index ailbl_session_event_session;
alter table ailbl_session_event add primary key (session_id, id);

-- How many runs an engine may be asked to begin at once: filled by so many a second, shared by all processes.
create table ailbl_engine_bucket (
  engine text primary key,
  tokens double precision not null,
  refilled timestamptz not null
) with (fillfactor = 50);

-- Room for the versions of a row that its steps make: without it, half of the updates that could be HOT moved to another page.
alter table ailbl_session set (fillfactor = 50);
