-- When a schedule's slots count, by the wall clock of its trigger's zone; null is always.
alter table ailbl_schedule add column active jsonb;
