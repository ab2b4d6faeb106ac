-- What every room stands on: who this deployment is, who may ask, what was asked before, what was changed.

-- One row: the name under which this deployment keeps its secrets, so that several can share one secret store.
create table eom_deployment (
  id uuid primary key,
  is_only boolean not null default true unique check (is_only),
  created timestamptz not null default now()
);

insert into eom_deployment (id) values (gen_random_uuid());

create table eom_token (
  id uuid primary key,
  label text not null,
  role text not null check (role in ('viewer', 'meter', 'operator', 'admin')),
  -- SHA-256 of a token of 256 random bits: nothing to guess, so nothing to slow down.
  token_hash bytea not null unique,
  expires_at timestamptz,
  last_used_at timestamptz,
  created timestamptz(3) not null default now(),
  created_by text not null
) with (fillfactor = 80);

create index eom_token_created on eom_token (created, id);

create table eom_idempotency_key (
  -- SHA-256 of caller, method, path and key: the key itself is not kept, it opens the answer.
  key_hash bytea primary key,
  request_hash bytea not null,
  -- Whose turn it is: one who comes back too late finds another's claim and must not commit.
  claim uuid not null,
  claimed_until timestamptz not null,
  -- The first answer, sealed with a key made from the client's own idempotency key; null while it is in flight.
  answer bytea,
  expires_at timestamptz not null
);

create index eom_idempotency_key_expires_at on eom_idempotency_key (expires_at);

create table eom_audit (
  id uuid primary key,
  -- To the millisecond, as it is told and as cursors carry it.
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

create index eom_audit_object on eom_audit (object_id, at, id);

create index eom_audit_subject on eom_audit (subject, at, id);

create function eom_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger eom_audit_is_kept before update on eom_audit
  for each row execute function eom_refuse_change();
