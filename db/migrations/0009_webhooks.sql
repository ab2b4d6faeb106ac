-- What happened is told to webhooks: each event is dispatched once, to a delivery for each webhook that wants its type.

-- When deliveries of it were made; a mark and not a cursor, for an event that is written early may be committed late.
-- Those that were there before nobody waits for: the default, evaluated once, marks them without touching them.
alter table eom_event add column dispatched timestamptz(3) default now();
alter table eom_event alter column dispatched drop default;

create index eom_event_undispatched on eom_event (created, id) where dispatched is null;

create table eom_webhook (
  id uuid primary key,
  address text not null,
  description text,
  -- Address and description, folded, for the keyword filter.
  search_text text collate "C" not null,
  -- Types by name, `session.*` for all of an object, `*` for all.
  event_types text[] not null check (cardinality(event_types) > 0),
  enable boolean not null,
  -- Why EOM itself disabled it.
  disabled_reason text check (disabled_reason = 'gone'),
  labels jsonb not null,
  -- Where the secret store keeps this generation of the signing secret, and the one before it while both sign.
  secret_ref text not null,
  previous_secret_ref text,
  previous_secret_until timestamptz(3),
  -- What the last attempts found. Not part of the version, which is of what people set.
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

create table eom_webhook_delivery (
  id uuid primary key,
  webhook_id uuid not null references eom_webhook (id) on delete cascade,
  -- The id of the message: the same at each attempt.
  event_id uuid not null references eom_event (id) on delete cascade,
  event_type text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts integer not null default 0,
  next_attempt_at timestamptz(3),
  -- Whose attempt is under way: one who comes back after its lease finds another's claim and writes nothing.
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
