-- The indexes that say which sessions wait, run or are held stood on ailbl_session itself. Each claim and each end changed what
-- they stand on, so PostgreSQL wrote all of its ten indexes anew, twice in a life: a third of what a session cost it, and a
-- quarter of its log. They stand on a narrow table now, with a row for each session that has not ended, and no index of
-- ailbl_session holds anything that changes while a session lives: its steps are HOT updates, unless it fails.
create table ailbl_open_session (
  session_id uuid primary key,
  schedule_id uuid not null,
  backfill_id uuid,
  engine text not null,
  owner text not null,
  phase text not null,
  queued boolean not null,
  run_after timestamptz not null,
  lease_owner text
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create index ailbl_open_session_pick on ailbl_open_session (engine, owner, run_after, session_id)
  where phase in ('waiting', 'retrying') and not queued;
create index ailbl_open_session_queued on ailbl_open_session (session_id) where queued;
create index ailbl_open_session_schedule on ailbl_open_session (schedule_id, phase);
create index ailbl_open_session_backfill on ailbl_open_session (backfill_id) where backfill_id is not null;
-- Of a process those that it holds, of an engine those under way.
create index ailbl_open_session_held on ailbl_open_session (engine, lease_owner, session_id) where phase = 'active';

insert into ailbl_open_session
select id, schedule_id, backfill_id, engine, owner, phase, queued, run_after, lease_owner from ailbl_session
where phase in ('waiting', 'retrying', 'active');

-- Kept by the database, as an index is: who writes a session need not know of it. Once a statement, for all of its rows; these
-- are the session's own writer's, who holds its row, so nobody waits here. A handful of rows from a transition table meets a
-- table of any length: always by its key, whatever the planner knew when the plan was made.
create function ailbl_open_sessions() returns trigger language plpgsql
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if tg_op = 'INSERT' then
    insert into ailbl_open_session
    select id, schedule_id, backfill_id, engine, owner, phase, queued, run_after, lease_owner from written
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

drop index ailbl_session_pick;
drop index ailbl_session_active;
drop index ailbl_session_held;
drop index ailbl_session_queued;
drop index ailbl_session_under_way;
-- The unique (backfill_id, slot) finds them too.
drop index ailbl_session_backfill;

-- Most sessions succeed, and the order by `created` finds those; those that did not are looked for by how they ended.
alter table ailbl_session add column unsuccessful text generated always as (
  case when state in ('failed', 'canceled', 'skipped') then state end) stored;
drop index ailbl_session_phase;
create index ailbl_session_unsuccessful on ailbl_session (unsuccessful, created, id) where unsuccessful is not null;
