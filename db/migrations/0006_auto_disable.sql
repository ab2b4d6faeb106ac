-- Schedules that never fire again, and those that fail again and again: found without looking at the others.
create index ailbl_schedule_over on ailbl_schedule (id) where enable and next_due_at = 'infinity';

create index ailbl_schedule_stats_failing on ailbl_schedule_stats (schedule_id) where consecutive_failures > 0;

update ailbl_schedule set policy = policy || '{"max_consecutive_failures": null}';
