-- Who may use how much: quotas, whom they are assigned to, what was used, and the ledger that explains it.

-- A UUID version 7 (RFC 9562, 5.7), for rows that a statement makes by itself.
create function eom_uuid() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
      placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1),
    'hex')::uuid
$$;

-- Expire rules, as JSON: {"type": "never"}, {"type": "at", "at"}, {"type": "after", "amount", "unit"},
-- {"type": "every", "unit", "time_zone"}.

-- When the calendar period that holds `at` began; null when the rule has no periods. Weeks begin on Monday.
create function eom_period_start(expire jsonb, at timestamptz) returns timestamptz language sql stable parallel safe as $$
  select case when expire ->> 'type' = 'every'
    then date_trunc(expire ->> 'unit', at at time zone (expire ->> 'time_zone')) at time zone (expire ->> 'time_zone') end
$$;

-- When the next one begins.
create function eom_period_end(expire jsonb, at timestamptz) returns timestamptz language sql stable parallel safe as $$
  select case when expire ->> 'type' = 'every'
    then (date_trunc(expire ->> 'unit', at at time zone (expire ->> 'time_zone')) + ('1 ' || (expire ->> 'unit'))::interval)
      at time zone (expire ->> 'time_zone') end
$$;

-- When a quota that was assigned then is over; null for never. Units are those of the calendar in UTC.
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
  -- Bytes, or orders; null is unlimited.
  value bigint check (value between 0 and 9007199254740991),
  expire jsonb not null,
  enable boolean not null,
  labels jsonb not null,
  -- Counted by whoever assigns, under this row's lock.
  assigned_users bigint not null default 0 check (assigned_users >= 0),
  version integer not null default 1,
  created timestamptz(3) not null,
  created_by text not null,
  modified timestamptz(3) not null,
  modified_by text not null,
  constraint eom_quota_name_key unique (name_key),
  -- So that a user's quota can be held to the type of its quota.
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
  -- What differs for this user. `value` counts only where `overrides_value`, since null in it is unlimited.
  overrides_value boolean not null default false,
  value bigint check (value between 0 and 9007199254740991),
  expire jsonb,
  enable boolean,
  -- By the rule that holds for this user; written anew whenever that changes.
  expires_at timestamptz,
  expiry_told boolean not null default false,
  -- The level: what is used and held since `period_start`, by the entries of the ledger that bear it.
  period_start timestamptz not null,
  used bigint not null default 0 check (used between 0 and 9007199254740991),
  reserved bigint not null default 0 check (reserved between 0 and 9007199254740991),
  -- The highest threshold that the level stands at, each told once as it is crossed: 0, 1 warning, 2 exceeded.
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

-- Whose expiry is still to be told.
create index eom_user_quota_expiry on eom_user_quota (expires_at) where expires_at is not null and not expiry_told;

create index eom_user_quota_exceeded on eom_user_quota (user_id) where threshold = 2;

-- Every change of a level, never changed itself. Since `period_start`, the level is the sum: `used` of `amount`,
-- `reserved` of `held`. By month, so that the indexes which are written stay small; eom_prepare_ledger makes the months.
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

-- What no month takes: anything written while nobody made months.
create table eom_quota_ledger_rest partition of eom_quota_ledger default;

create index eom_quota_ledger_user on eom_quota_ledger (user_id, created, id);

create trigger eom_quota_ledger_is_kept before update or delete on eom_quota_ledger
  for each row execute function eom_refuse_change();

-- Makes the months after the one of `at`, as many as asked for, and tells how many were missing. The month of `at` too while
-- nothing was ever written elsewhere, as on a new database: each month that is made waits for what lies there to be read. A
-- month that nobody made in time has entries elsewhere already, and stays there.
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
  -- Null where the user had no quota of the type and was allowed all the same: there is no level to hold it in.
  quota_id uuid,
  amount bigint not null check (amount > 0),
  -- The period it is held in: closed in a later one, it leaves that one's level alone.
  period_start timestamptz not null,
  state text not null default 'open' check (state in ('open', 'committed', 'released', 'expired')),
  -- What was used of it in the end.
  committed bigint check (committed between 0 and amount),
  expires_at timestamptz(3) not null,
  created timestamptz(3) not null,
  closed timestamptz(3),
  primary key (id, type)
) with (fillfactor = 80);

create index eom_quota_reservation_open on eom_quota_reservation (user_id, expires_at) where state = 'open';

create index eom_quota_reservation_due on eom_quota_reservation (expires_at) where state = 'open';

create index eom_quota_reservation_closed on eom_quota_reservation (closed) where state <> 'open';

-- The first answer to each key of the metering calls, written by the statement that has the effect.
create table eom_metering_answer (
  -- SHA-256 of caller, method, path and key.
  key_hash bytea primary key,
  request_hash bytea not null,
  outcome jsonb not null,
  expires_at timestamptz not null
);

create index eom_metering_answer_expires_at on eom_metering_answer (expires_at);

-- What happened, for those who want to be told: written in the transaction in which it happened.
create table eom_event (
  id uuid primary key,
  type text not null,
  kind text not null,
  object_id text not null,
  data jsonb not null,
  created timestamptz(3) not null
);

create index eom_event_created on eom_event (created, id);
