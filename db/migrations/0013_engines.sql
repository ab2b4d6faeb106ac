-- Several engines by name: a schedule says which of them runs its sessions, and these wait for that one alone, so that an engine
-- that is away holds up nobody else's.
alter table ailbl_schedule add column engine text not null default 'local';
alter table ailbl_schedule alter column engine drop default;

create index ailbl_schedule_engine on ailbl_schedule (engine) where enable;

-- The engine that is to run it, or has. Until it is picked its schedule may come to name another: pick follows.
update ailbl_session set engine = 'local' where engine is null;
alter table ailbl_session alter column engine set not null;

-- Since when its engine has answered that it cannot be launched yet, as while a code location is being loaded.
alter table ailbl_session add column not_ready_since timestamptz;

drop index ailbl_session_pick;
create index ailbl_session_pick on ailbl_session (engine, owner, run_after, id)
  where phase in ('waiting', 'retrying') and not queued;

-- How many runs an engine has under way.
create index ailbl_session_under_way on ailbl_session (engine) where phase = 'active';

-- Launches that had no clear answer. Their runs may still appear after the session has found one or was launched again, and are
-- looked for until that can be no more.
create table ailbl_doubtful_launch (
  session_id uuid not null,
  attempt integer not null,
  engine text not null,
  since timestamptz not null,
  check_at timestamptz not null,
  -- Second runs that were asked to end.
  ended text[] not null default '{}',
  primary key (session_id, attempt)
);
create index ailbl_doubtful_launch_check on ailbl_doubtful_launch (engine, check_at);
