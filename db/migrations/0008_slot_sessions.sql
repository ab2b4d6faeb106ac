-- Slots that have become sessions, which max_sessions bounds: the sessions of ailbl_schedule_stats have manual ones too. In
-- the row that a scan holds. Sessions that retention has taken are not known any more, and count as none.
alter table ailbl_schedule add column slot_sessions integer not null default 0;

update ailbl_schedule as s set slot_sessions = c.sessions
from (select schedule_id, count(*) as sessions from ailbl_session where cause = 'slot' group by schedule_id) as c
where c.schedule_id = s.id;
