create extension if not exists pg_trgm;

create table eom_storage (
  id uuid primary key,
  name text not null check (name <> '' and char_length(name) <= 255),
  -- The name without regard to case, folded by EOM: the databases' own lower() differ by collation.
  name_key text collate "C" not null,
  description text,
  -- Name and description, folded, for the keyword filter.
  search_text text collate "C" not null,
  enable boolean not null,
  labels jsonb not null,
  endpoint text not null,
  region text not null,
  bucket text not null,
  prefix text collate "C" not null check (prefix = '' or (prefix like '%/' and prefix not like '/%')),
  path_style boolean not null,
  read_only boolean not null,
  ca_certificate text,
  access_key_id text not null,
  -- Where the secret store keeps this generation of the credential. Never used again for another one.
  credential_ref text not null,
  verification json,
  verification_status text generated always as (verification ->> 'status') stored,
  version integer not null default 1,
  created timestamptz(3) not null,
  created_by text not null,
  modified timestamptz(3) not null,
  modified_by text not null,
  -- With the id, the index alone tells which storages a page holds, however far it lies in the order.
  constraint eom_storage_name_key unique (name_key) include (id)
);

-- The four orders of the list, each with the id that breaks ties; name_key is unique by itself.
create index eom_storage_enable on eom_storage (enable, id);

create index eom_storage_created on eom_storage (created, id);

create index eom_storage_modified on eom_storage (modified, id);

create index eom_storage_search_text on eom_storage using gin (search_text gin_trgm_ops);

create index eom_storage_labels on eom_storage using gin (labels jsonb_path_ops);

create index eom_storage_location on eom_storage (endpoint, bucket, prefix);

create table eom_storage_collection (
  storage_id uuid not null constraint eom_storage_collection_storage references eom_storage (id) on delete restrict,
  collection_id uuid not null,
  created timestamptz not null default now(),
  created_by text not null,
  primary key (storage_id, collection_id)
);

create index eom_storage_collection_collection on eom_storage_collection (collection_id, storage_id);

-- Secrets that no storage points to, or may soon not point to: swept from the secret store when they are due.
-- A row stands here before the secret is written, and goes in the transaction that makes a storage point to it.
create table eom_secret_intent (
  ref text primary key,
  storage_id uuid not null,
  -- Someone may still be writing the secret: swept once more, later, in case the write came after the sweep.
  writing boolean not null,
  -- The sweeper has it: no storage may come to point to it any more.
  swept boolean not null default false,
  not_before timestamptz not null,
  attempts integer not null default 0,
  created timestamptz not null default now()
);

create index eom_secret_intent_not_before on eom_secret_intent (not_before);

-- The embedded secret store: AES-256-GCM under a key that lies in a file, never in the database.
create table eom_sealed_secret (
  ref text primary key,
  sealed bytea not null,
  created timestamptz not null default now()
);
