--
-- PostgreSQL database dump
--


-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.3

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;


--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';


--
-- Name: ailbl_no_open_sessions(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ailbl_no_open_sessions() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  truncate ailbl_open_session;
  return null;
end
$$;


--
-- Name: ailbl_open_sessions(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ailbl_open_sessions() RETURNS trigger
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into ailbl_open_session
    select id, schedule_id, backfill_id, engine, owner, class, phase, queued, run_after, lease_owner from written
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


--
-- Name: ailbl_refuse_step(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ailbl_refuse_step() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'a session does not go from % to %', old.state, new.state using errcode = 'check_violation';
end
$$;


--
-- Name: eom_expires_at(jsonb, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.eom_expires_at(expire jsonb, assigned timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select case expire ->> 'type'
    when 'at' then (expire ->> 'at')::timestamptz
    when 'after' then ((assigned at time zone 'UTC') + ((expire ->> 'amount') || ' ' || (expire ->> 'unit'))::interval) at time zone 'UTC'
  end
$$;


--
-- Name: eom_period_end(jsonb, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.eom_period_end(expire jsonb, at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select case when expire ->> 'type' = 'every'
    then (date_trunc(expire ->> 'unit', at at time zone (expire ->> 'time_zone')) + ('1 ' || (expire ->> 'unit'))::interval)
      at time zone (expire ->> 'time_zone') end
$$;


--
-- Name: eom_period_start(jsonb, timestamp with time zone); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.eom_period_start(expire jsonb, at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  select case when expire ->> 'type' = 'every'
    then date_trunc(expire ->> 'unit', at at time zone (expire ->> 'time_zone')) at time zone (expire ->> 'time_zone') end
$$;


--
-- Name: eom_prepare_ledger(timestamp with time zone, integer); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.eom_prepare_ledger(at timestamp with time zone, months integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: eom_refuse_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.eom_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'the rows of % are never changed', tg_table_name using errcode = 'restrict_violation';
end
$$;


--
-- Name: eom_uuid(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.eom_uuid() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    AS $$
  select encode(
    set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
      placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1),
    'hex')::uuid
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: ailbl_backfill; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_backfill (
    id uuid NOT NULL,
    schedule_id uuid NOT NULL,
    schedule_name text NOT NULL,
    from_slot timestamp with time zone NOT NULL,
    to_slot timestamp with time zone NOT NULL,
    max_parallel integer NOT NULL,
    state text DEFAULT 'running'::text NOT NULL,
    next_from timestamp with time zone,
    opened bigint DEFAULT 0 NOT NULL,
    reason text,
    created timestamp(3) with time zone NOT NULL,
    created_by text NOT NULL,
    ended timestamp(3) with time zone,
    CONSTRAINT ailbl_backfill_check CHECK ((from_slot < to_slot)),
    CONSTRAINT ailbl_backfill_ended CHECK (((state = 'running'::text) = (ended IS NULL))),
    CONSTRAINT ailbl_backfill_max_parallel_check CHECK ((max_parallel > 0)),
    CONSTRAINT ailbl_backfill_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'canceled'::text])))
);


--
-- Name: ailbl_bulk; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_bulk (
    id uuid NOT NULL,
    kind text NOT NULL,
    action text NOT NULL,
    filter jsonb NOT NULL,
    note text,
    state text DEFAULT 'running'::text NOT NULL,
    total integer NOT NULL,
    created timestamp(3) with time zone NOT NULL,
    created_by text NOT NULL,
    on_behalf_of text,
    ended timestamp(3) with time zone,
    CONSTRAINT ailbl_bulk_check CHECK ((((kind = 'session'::text) AND (action = ANY (ARRAY['cancel'::text, 'retry'::text]))) OR ((kind = 'schedule'::text) AND (action = ANY (ARRAY['enable'::text, 'disable'::text, 'trigger'::text]))))),
    CONSTRAINT ailbl_bulk_ended CHECK (((state = 'running'::text) = (ended IS NULL))),
    CONSTRAINT ailbl_bulk_kind_check CHECK ((kind = ANY (ARRAY['session'::text, 'schedule'::text]))),
    CONSTRAINT ailbl_bulk_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'canceled'::text])))
);


--
-- Name: ailbl_bulk_item; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_bulk_item (
    bulk_id uuid NOT NULL,
    item integer NOT NULL,
    object_id uuid NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    error jsonb,
    attempts smallint DEFAULT 0 NOT NULL,
    claimed_until timestamp with time zone,
    CONSTRAINT ailbl_bulk_item_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'done'::text, 'failed'::text])))
)
WITH (fillfactor='80');


--
-- Name: ailbl_doubtful_launch; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_doubtful_launch (
    session_id uuid NOT NULL,
    attempt integer NOT NULL,
    engine text NOT NULL,
    since timestamp with time zone NOT NULL,
    check_at timestamp with time zone NOT NULL,
    ended text[] DEFAULT '{}'::text[] NOT NULL
);


--
-- Name: ailbl_engine_bucket; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_engine_bucket (
    engine text NOT NULL,
    tokens double precision NOT NULL,
    refilled timestamp with time zone NOT NULL
)
WITH (fillfactor='50');


--
-- Name: ailbl_open_session; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_open_session (
    session_id uuid NOT NULL,
    schedule_id uuid NOT NULL,
    backfill_id uuid,
    engine text NOT NULL,
    owner text NOT NULL,
    class smallint NOT NULL,
    phase text NOT NULL,
    queued boolean NOT NULL,
    run_after timestamp with time zone NOT NULL,
    lease_owner text
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');


--
-- Name: ailbl_schedule; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_schedule (
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL COLLATE pg_catalog."C",
    description text,
    search_text text NOT NULL COLLATE pg_catalog."C",
    kind smallint NOT NULL,
    enable boolean NOT NULL,
    owner text NOT NULL,
    labels jsonb NOT NULL,
    trigger jsonb NOT NULL,
    job jsonb NOT NULL,
    params jsonb NOT NULL,
    storage_id uuid,
    policy jsonb NOT NULL,
    next_due_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    last_slot timestamp with time zone,
    paused_from timestamp with time zone,
    disabled jsonb,
    scanned timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    modified timestamp with time zone NOT NULL,
    modified_by text NOT NULL,
    active jsonb,
    slot_sessions integer DEFAULT 0 NOT NULL,
    engine text NOT NULL,
    CONSTRAINT ailbl_schedule_disabled_is_not_due CHECK ((enable OR (next_due_at = 'infinity'::timestamp with time zone))),
    CONSTRAINT ailbl_schedule_kind_storage CHECK (((kind <> 5) OR (storage_id IS NOT NULL))),
    CONSTRAINT ailbl_schedule_name_check CHECK (((name <> ''::text) AND (char_length(name) <= 255))),
    CONSTRAINT ailbl_schedule_paused CHECK (((enable = (paused_from IS NULL)) AND (enable = (disabled IS NULL))))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');


--
-- Name: ailbl_schedule_stats; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_schedule_stats (
    schedule_id uuid NOT NULL,
    sessions bigint DEFAULT 0 NOT NULL,
    succeeded bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    consecutive_failures integer DEFAULT 0 NOT NULL,
    last_error jsonb,
    changed timestamp with time zone
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');


--
-- Name: ailbl_session; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_session (
    id uuid NOT NULL,
    schedule_id uuid NOT NULL,
    schedule_name text NOT NULL,
    kind smallint NOT NULL,
    cause text NOT NULL,
    slot timestamp with time zone NOT NULL,
    data_interval_start timestamp with time zone NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    reason text,
    attempt integer DEFAULT 1 NOT NULL,
    owner text NOT NULL,
    run_after timestamp with time zone NOT NULL,
    launch_timeout_seconds integer NOT NULL,
    max_runtime_seconds integer,
    lease_owner text,
    lease_token integer DEFAULT 0 NOT NULL,
    lease_expires_at timestamp with time zone,
    polled timestamp with time zone,
    missed_polls smallint DEFAULT 0 NOT NULL,
    stop_reason text,
    stop_requested timestamp with time zone,
    engine text NOT NULL,
    run_id text,
    run_status text,
    runs_checked boolean DEFAULT false NOT NULL,
    picked timestamp with time zone,
    launch_started timestamp with time zone,
    started timestamp with time zone,
    ended timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    retry_of uuid,
    backfill_id uuid,
    bulk_id uuid,
    class smallint GENERATED ALWAYS AS (
CASE
    WHEN (bulk_id IS NOT NULL) THEN 2
    WHEN (cause = 'slot'::text) THEN 0
    WHEN (cause = 'backfill'::text) THEN 3
    ELSE 1
END) STORED NOT NULL,
    phase text GENERATED ALWAYS AS (
CASE state
    WHEN 'pending'::text THEN 'waiting'::text
    WHEN 'retry_wait'::text THEN 'retrying'::text
    WHEN 'claimed'::text THEN 'active'::text
    WHEN 'running'::text THEN 'active'::text
    WHEN 'unknown'::text THEN 'active'::text
    ELSE state
END) STORED NOT NULL,
    queued boolean DEFAULT false NOT NULL,
    not_ready_since timestamp with time zone,
    unsuccessful text GENERATED ALWAYS AS (
CASE
    WHEN (state = ANY (ARRAY['failed'::text, 'canceled'::text, 'skipped'::text])) THEN state
    ELSE NULL::text
END) STORED,
    CONSTRAINT ailbl_session_cause_check CHECK ((cause = ANY (ARRAY['slot'::text, 'manual'::text, 'backfill'::text, 'retry'::text]))),
    CONSTRAINT ailbl_session_ended CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'canceled'::text, 'skipped'::text])) = (ended IS NOT NULL))),
    CONSTRAINT ailbl_session_lease CHECK (((state = ANY (ARRAY['claimed'::text, 'running'::text, 'unknown'::text])) = (lease_owner IS NOT NULL))),
    CONSTRAINT ailbl_session_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'claimed'::text, 'running'::text, 'unknown'::text, 'retry_wait'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text, 'skipped'::text]))),
    CONSTRAINT ailbl_session_stop_reason_check CHECK ((stop_reason = ANY (ARRAY['cancel'::text, 'replaced'::text, 'max_runtime'::text, 'launch_timeout'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000', fillfactor='50');


--
-- Name: ailbl_session_detail; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_session_detail (
    session_id uuid NOT NULL,
    job jsonb,
    run_config jsonb,
    result jsonb,
    output text,
    error jsonb,
    output_attempt integer,
    output_at timestamp with time zone,
    output_bytes bigint
);


--
-- Name: ailbl_session_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_session_event (
    id bigint NOT NULL,
    session_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    attempt integer NOT NULL,
    actor text NOT NULL,
    cause text NOT NULL,
    message text
);


--
-- Name: ailbl_session_event_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.ailbl_session_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ailbl_session_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: ailbl_skipped_slots; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ailbl_skipped_slots (
    id bigint NOT NULL,
    schedule_id uuid NOT NULL,
    first_slot timestamp with time zone NOT NULL,
    last_slot timestamp with time zone NOT NULL,
    reason text NOT NULL,
    recorded timestamp with time zone NOT NULL,
    CONSTRAINT ailbl_skipped_slots_check CHECK ((first_slot <= last_slot)),
    CONSTRAINT ailbl_skipped_slots_reason_check CHECK ((reason = ANY (ARRAY['missed_window'::text, 'misfire_policy'::text, 'overlap'::text, 'paused'::text, 'edited'::text, 'max_sessions'::text, 'quota'::text, 'dst_gap'::text])))
);


--
-- Name: ailbl_skipped_slots_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.ailbl_skipped_slots ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ailbl_skipped_slots_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: eom_audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_audit (
    id uuid NOT NULL,
    at timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    subject text NOT NULL,
    on_behalf_of text,
    action text NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    before jsonb,
    after jsonb,
    request_id text
);


--
-- Name: eom_clock_report; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_clock_report (
    process text NOT NULL,
    ahead_seconds double precision NOT NULL,
    since timestamp(3) with time zone NOT NULL,
    seen timestamp(3) with time zone NOT NULL
);


--
-- Name: eom_deployment; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_deployment (
    id uuid NOT NULL,
    is_only boolean DEFAULT true NOT NULL,
    cursor_key bytea DEFAULT (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT eom_deployment_is_only_check CHECK (is_only)
);


--
-- Name: eom_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_event (
    id uuid NOT NULL,
    type text NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    data jsonb NOT NULL,
    created timestamp(3) with time zone NOT NULL,
    dispatched timestamp(3) with time zone
);


--
-- Name: eom_idempotency_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_idempotency_key (
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    claim uuid NOT NULL,
    claimed_until timestamp with time zone NOT NULL,
    answer bytea,
    expires_at timestamp with time zone NOT NULL
);


--
-- Name: eom_metering_answer; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_metering_answer (
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    outcome jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL
);


--
-- Name: eom_migration; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);


--
-- Name: eom_migration_lock; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);


--
-- Name: eom_quota; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_quota (
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL COLLATE pg_catalog."C",
    description text,
    search_text text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL,
    value bigint,
    expire jsonb NOT NULL,
    enable boolean NOT NULL,
    labels jsonb NOT NULL,
    assigned_users bigint DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created timestamp(3) with time zone NOT NULL,
    created_by text NOT NULL,
    modified timestamp(3) with time zone NOT NULL,
    modified_by text NOT NULL,
    CONSTRAINT eom_quota_assigned_users_check CHECK ((assigned_users >= 0)),
    CONSTRAINT eom_quota_name_check CHECK (((name <> ''::text) AND (char_length(name) <= 255))),
    CONSTRAINT eom_quota_type_check CHECK ((type = ANY (ARRAY['MaxSize'::text, 'MaxOrderTimes'::text]))),
    CONSTRAINT eom_quota_value_check CHECK (((value >= 0) AND (value <= '9007199254740991'::bigint)))
);


--
-- Name: eom_quota_ledger; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_quota_ledger (
    id uuid NOT NULL,
    created timestamp(3) with time zone NOT NULL,
    user_id text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL,
    quota_id uuid NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    held bigint NOT NULL,
    period_start timestamp with time zone NOT NULL,
    reservation_id uuid,
    created_by text NOT NULL,
    CONSTRAINT eom_quota_ledger_kind_check CHECK ((kind = ANY (ARRAY['consume'::text, 'adjust'::text, 'reserve'::text, 'commit'::text, 'release'::text, 'expire'::text])))
)
PARTITION BY RANGE (created);


--
-- Name: eom_quota_ledger_rest; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_quota_ledger_rest (
    id uuid CONSTRAINT eom_quota_ledger_id_not_null NOT NULL,
    created timestamp(3) with time zone CONSTRAINT eom_quota_ledger_created_not_null NOT NULL,
    user_id text CONSTRAINT eom_quota_ledger_user_id_not_null NOT NULL COLLATE pg_catalog."C",
    type text CONSTRAINT eom_quota_ledger_type_not_null NOT NULL,
    quota_id uuid CONSTRAINT eom_quota_ledger_quota_id_not_null NOT NULL,
    kind text CONSTRAINT eom_quota_ledger_kind_not_null NOT NULL,
    amount bigint CONSTRAINT eom_quota_ledger_amount_not_null NOT NULL,
    held bigint CONSTRAINT eom_quota_ledger_held_not_null NOT NULL,
    period_start timestamp with time zone CONSTRAINT eom_quota_ledger_period_start_not_null NOT NULL,
    reservation_id uuid,
    created_by text CONSTRAINT eom_quota_ledger_created_by_not_null NOT NULL,
    CONSTRAINT eom_quota_ledger_kind_check CHECK ((kind = ANY (ARRAY['consume'::text, 'adjust'::text, 'reserve'::text, 'commit'::text, 'release'::text, 'expire'::text])))
);


--
-- Name: eom_quota_reservation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_quota_reservation (
    id uuid NOT NULL,
    type text NOT NULL,
    user_id text NOT NULL COLLATE pg_catalog."C",
    quota_id uuid,
    amount bigint NOT NULL,
    period_start timestamp with time zone NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    committed bigint,
    expires_at timestamp(3) with time zone NOT NULL,
    created timestamp(3) with time zone NOT NULL,
    closed timestamp(3) with time zone,
    CONSTRAINT eom_quota_reservation_amount_check CHECK ((amount > 0)),
    CONSTRAINT eom_quota_reservation_check CHECK (((committed >= 0) AND (committed <= amount))),
    CONSTRAINT eom_quota_reservation_state_check CHECK ((state = ANY (ARRAY['open'::text, 'committed'::text, 'released'::text, 'expired'::text])))
)
WITH (fillfactor='80');


--
-- Name: eom_sealed_secret; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_sealed_secret (
    ref text NOT NULL,
    sealed bytea NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: eom_secret_intent; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_secret_intent (
    ref text NOT NULL,
    owner_id uuid NOT NULL,
    writing boolean NOT NULL,
    swept boolean DEFAULT false NOT NULL,
    not_before timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: eom_storage; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_storage (
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL COLLATE pg_catalog."C",
    description text,
    search_text text NOT NULL COLLATE pg_catalog."C",
    enable boolean NOT NULL,
    labels jsonb NOT NULL,
    endpoint text NOT NULL,
    region text NOT NULL,
    bucket text NOT NULL,
    prefix text NOT NULL COLLATE pg_catalog."C",
    path_style boolean NOT NULL,
    read_only boolean NOT NULL,
    ca_certificate text,
    requester_pays boolean DEFAULT false NOT NULL,
    server_side_encryption text,
    sse_kms_key_id text,
    access_key_id text,
    credential_ref text,
    verification json,
    verification_status text GENERATED ALWAYS AS ((verification ->> 'status'::text)) STORED,
    version integer DEFAULT 1 NOT NULL,
    created timestamp(3) with time zone NOT NULL,
    created_by text NOT NULL,
    modified timestamp(3) with time zone NOT NULL,
    modified_by text NOT NULL,
    CONSTRAINT eom_storage_check CHECK (((access_key_id IS NULL) = (credential_ref IS NULL))),
    CONSTRAINT eom_storage_check1 CHECK (((sse_kms_key_id IS NULL) OR ((server_side_encryption IS NOT NULL) AND (server_side_encryption <> 'AES256'::text)))),
    CONSTRAINT eom_storage_name_check CHECK (((name <> ''::text) AND (char_length(name) <= 255))),
    CONSTRAINT eom_storage_prefix_check CHECK (((prefix = ''::text) OR ((prefix ~~ '%/'::text) AND (prefix !~~ '/%'::text)))),
    CONSTRAINT eom_storage_server_side_encryption_check CHECK ((server_side_encryption = ANY (ARRAY['AES256'::text, 'aws:kms'::text, 'aws:kms:dsse'::text])))
);


--
-- Name: eom_storage_collection; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_storage_collection (
    storage_id uuid NOT NULL,
    collection_id uuid NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL
);


--
-- Name: eom_token; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_token (
    id uuid NOT NULL,
    label text NOT NULL,
    role text NOT NULL,
    token_hash bytea NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    created timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_by text NOT NULL,
    CONSTRAINT eom_token_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'meter'::text, 'operator'::text, 'admin'::text])))
)
WITH (fillfactor='80');


--
-- Name: eom_user_quota; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_user_quota (
    user_id text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL,
    quota_id uuid NOT NULL,
    assigned timestamp with time zone NOT NULL,
    assigned_by text NOT NULL,
    overrides_value boolean DEFAULT false NOT NULL,
    value bigint,
    expire jsonb,
    enable boolean,
    expires_at timestamp with time zone,
    expiry_told boolean DEFAULT false NOT NULL,
    period_start timestamp with time zone NOT NULL,
    used bigint DEFAULT 0 NOT NULL,
    reserved bigint DEFAULT 0 NOT NULL,
    threshold smallint DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    modified timestamp(3) with time zone NOT NULL,
    modified_by text NOT NULL,
    CONSTRAINT eom_user_quota_reserved_check CHECK (((reserved >= 0) AND (reserved <= '9007199254740991'::bigint))),
    CONSTRAINT eom_user_quota_used_check CHECK (((used >= 0) AND (used <= '9007199254740991'::bigint))),
    CONSTRAINT eom_user_quota_user_id_check CHECK (((user_id <> ''::text) AND (char_length(user_id) <= 255))),
    CONSTRAINT eom_user_quota_value_check CHECK (((value >= 0) AND (value <= '9007199254740991'::bigint)))
)
WITH (fillfactor='60');


--
-- Name: eom_webhook; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_webhook (
    id uuid NOT NULL,
    address text NOT NULL,
    description text,
    search_text text NOT NULL COLLATE pg_catalog."C",
    event_types text[] NOT NULL,
    enable boolean NOT NULL,
    disabled_reason text,
    labels jsonb NOT NULL,
    secret_ref text NOT NULL,
    previous_secret_ref text,
    previous_secret_until timestamp(3) with time zone,
    state text DEFAULT 'healthy'::text NOT NULL,
    consecutive_failures integer DEFAULT 0 NOT NULL,
    last_success timestamp(3) with time zone,
    last_failure timestamp(3) with time zone,
    last_error text,
    version integer DEFAULT 1 NOT NULL,
    created timestamp(3) with time zone NOT NULL,
    created_by text NOT NULL,
    modified timestamp(3) with time zone NOT NULL,
    modified_by text NOT NULL,
    CONSTRAINT eom_webhook_check CHECK (((disabled_reason IS NULL) OR (NOT enable))),
    CONSTRAINT eom_webhook_check1 CHECK (((previous_secret_ref IS NULL) = (previous_secret_until IS NULL))),
    CONSTRAINT eom_webhook_disabled_reason_check CHECK ((disabled_reason = 'gone'::text)),
    CONSTRAINT eom_webhook_event_types_check CHECK ((cardinality(event_types) > 0)),
    CONSTRAINT eom_webhook_state_check CHECK ((state = ANY (ARRAY['healthy'::text, 'failing'::text])))
);


--
-- Name: eom_webhook_delivery; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.eom_webhook_delivery (
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp(3) with time zone,
    claim uuid,
    lease_expires_at timestamp with time zone,
    last_attempt_at timestamp(3) with time zone,
    last_http_status integer,
    last_error text,
    last_duration_ms integer,
    delivered timestamp(3) with time zone,
    created timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT eom_webhook_delivery_check CHECK (((state = 'pending'::text) = (next_attempt_at IS NOT NULL))),
    CONSTRAINT eom_webhook_delivery_check1 CHECK (((claim IS NULL) = (lease_expires_at IS NULL))),
    CONSTRAINT eom_webhook_delivery_check2 CHECK (((claim IS NULL) OR (state = 'pending'::text))),
    CONSTRAINT eom_webhook_delivery_check3 CHECK (((state = 'delivered'::text) = (delivered IS NOT NULL))),
    CONSTRAINT eom_webhook_delivery_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
)
WITH (fillfactor='80');


--
-- Name: eom_quota_ledger_rest; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_quota_ledger ATTACH PARTITION public.eom_quota_ledger_rest DEFAULT;


--
-- Name: ailbl_backfill ailbl_backfill_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_backfill
    ADD CONSTRAINT ailbl_backfill_pkey PRIMARY KEY (id);


--
-- Name: ailbl_bulk_item ailbl_bulk_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_bulk_item
    ADD CONSTRAINT ailbl_bulk_item_pkey PRIMARY KEY (bulk_id, item);


--
-- Name: ailbl_bulk ailbl_bulk_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_bulk
    ADD CONSTRAINT ailbl_bulk_pkey PRIMARY KEY (id);


--
-- Name: ailbl_doubtful_launch ailbl_doubtful_launch_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_doubtful_launch
    ADD CONSTRAINT ailbl_doubtful_launch_pkey PRIMARY KEY (session_id, attempt);


--
-- Name: ailbl_engine_bucket ailbl_engine_bucket_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_engine_bucket
    ADD CONSTRAINT ailbl_engine_bucket_pkey PRIMARY KEY (engine);


--
-- Name: ailbl_open_session ailbl_open_session_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_open_session
    ADD CONSTRAINT ailbl_open_session_pkey PRIMARY KEY (session_id);


--
-- Name: ailbl_schedule ailbl_schedule_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_schedule
    ADD CONSTRAINT ailbl_schedule_name_key UNIQUE (name_key);


--
-- Name: ailbl_schedule ailbl_schedule_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_schedule
    ADD CONSTRAINT ailbl_schedule_pkey PRIMARY KEY (id);


--
-- Name: ailbl_schedule_stats ailbl_schedule_stats_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_schedule_stats
    ADD CONSTRAINT ailbl_schedule_stats_pkey PRIMARY KEY (schedule_id);


--
-- Name: ailbl_session_detail ailbl_session_detail_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_session_detail
    ADD CONSTRAINT ailbl_session_detail_pkey PRIMARY KEY (session_id);


--
-- Name: ailbl_session_event ailbl_session_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_session_event
    ADD CONSTRAINT ailbl_session_event_pkey PRIMARY KEY (session_id, id);


--
-- Name: ailbl_session ailbl_session_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_session
    ADD CONSTRAINT ailbl_session_pkey PRIMARY KEY (id);


--
-- Name: ailbl_skipped_slots ailbl_skipped_slots_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_skipped_slots
    ADD CONSTRAINT ailbl_skipped_slots_pkey PRIMARY KEY (id);


--
-- Name: eom_audit eom_audit_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_audit
    ADD CONSTRAINT eom_audit_pkey PRIMARY KEY (id);


--
-- Name: eom_clock_report eom_clock_report_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_clock_report
    ADD CONSTRAINT eom_clock_report_pkey PRIMARY KEY (process);


--
-- Name: eom_deployment eom_deployment_is_only_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_deployment
    ADD CONSTRAINT eom_deployment_is_only_key UNIQUE (is_only);


--
-- Name: eom_deployment eom_deployment_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_deployment
    ADD CONSTRAINT eom_deployment_pkey PRIMARY KEY (id);


--
-- Name: eom_event eom_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_event
    ADD CONSTRAINT eom_event_pkey PRIMARY KEY (id);


--
-- Name: eom_idempotency_key eom_idempotency_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_idempotency_key
    ADD CONSTRAINT eom_idempotency_key_pkey PRIMARY KEY (key_hash);


--
-- Name: eom_metering_answer eom_metering_answer_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_metering_answer
    ADD CONSTRAINT eom_metering_answer_pkey PRIMARY KEY (key_hash);


--
-- Name: eom_migration_lock eom_migration_lock_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_migration_lock
    ADD CONSTRAINT eom_migration_lock_pkey PRIMARY KEY (id);


--
-- Name: eom_migration eom_migration_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_migration
    ADD CONSTRAINT eom_migration_pkey PRIMARY KEY (name);


--
-- Name: eom_quota eom_quota_id_type; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_quota
    ADD CONSTRAINT eom_quota_id_type UNIQUE (id, type);


--
-- Name: eom_quota_ledger eom_quota_ledger_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_quota_ledger
    ADD CONSTRAINT eom_quota_ledger_pkey PRIMARY KEY (created, id);


--
-- Name: eom_quota_ledger_rest eom_quota_ledger_rest_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_quota_ledger_rest
    ADD CONSTRAINT eom_quota_ledger_rest_pkey PRIMARY KEY (created, id);


--
-- Name: eom_quota eom_quota_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_quota
    ADD CONSTRAINT eom_quota_name_key UNIQUE (name_key);


--
-- Name: eom_quota eom_quota_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_quota
    ADD CONSTRAINT eom_quota_pkey PRIMARY KEY (id);


--
-- Name: eom_quota_reservation eom_quota_reservation_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_quota_reservation
    ADD CONSTRAINT eom_quota_reservation_pkey PRIMARY KEY (id, type);


--
-- Name: eom_sealed_secret eom_sealed_secret_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_sealed_secret
    ADD CONSTRAINT eom_sealed_secret_pkey PRIMARY KEY (ref);


--
-- Name: eom_secret_intent eom_secret_intent_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_secret_intent
    ADD CONSTRAINT eom_secret_intent_pkey PRIMARY KEY (ref);


--
-- Name: eom_storage_collection eom_storage_collection_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_storage_collection
    ADD CONSTRAINT eom_storage_collection_pkey PRIMARY KEY (storage_id, collection_id);


--
-- Name: eom_storage eom_storage_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_storage
    ADD CONSTRAINT eom_storage_name_key UNIQUE (name_key) INCLUDE (id);


--
-- Name: eom_storage eom_storage_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_storage
    ADD CONSTRAINT eom_storage_pkey PRIMARY KEY (id);


--
-- Name: eom_token eom_token_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_token
    ADD CONSTRAINT eom_token_pkey PRIMARY KEY (id);


--
-- Name: eom_token eom_token_token_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_token
    ADD CONSTRAINT eom_token_token_hash_key UNIQUE (token_hash);


--
-- Name: eom_user_quota eom_user_quota_type; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_user_quota
    ADD CONSTRAINT eom_user_quota_type PRIMARY KEY (user_id, type);


--
-- Name: eom_webhook_delivery eom_webhook_delivery_event_id_webhook_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_webhook_delivery
    ADD CONSTRAINT eom_webhook_delivery_event_id_webhook_id_key UNIQUE (event_id, webhook_id);


--
-- Name: eom_webhook_delivery eom_webhook_delivery_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_webhook_delivery
    ADD CONSTRAINT eom_webhook_delivery_pkey PRIMARY KEY (id);


--
-- Name: eom_webhook eom_webhook_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_webhook
    ADD CONSTRAINT eom_webhook_pkey PRIMARY KEY (id);


--
-- Name: ailbl_backfill_running; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_backfill_running ON public.ailbl_backfill USING btree (id) WHERE (state = 'running'::text);


--
-- Name: ailbl_backfill_schedule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_backfill_schedule ON public.ailbl_backfill USING btree (schedule_id, created, id);


--
-- Name: ailbl_bulk_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_bulk_created ON public.ailbl_bulk USING btree (created, id);


--
-- Name: ailbl_bulk_item_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_bulk_item_state ON public.ailbl_bulk_item USING btree (bulk_id, state, item);


--
-- Name: ailbl_bulk_running; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_bulk_running ON public.ailbl_bulk USING btree (id) WHERE (state = 'running'::text);


--
-- Name: ailbl_doubtful_launch_check; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_doubtful_launch_check ON public.ailbl_doubtful_launch USING btree (engine, check_at);


--
-- Name: ailbl_open_session_backfill; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_open_session_backfill ON public.ailbl_open_session USING btree (backfill_id) WHERE (backfill_id IS NOT NULL);


--
-- Name: ailbl_open_session_held; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_open_session_held ON public.ailbl_open_session USING btree (engine, lease_owner, session_id) WHERE (phase = 'active'::text);


--
-- Name: ailbl_open_session_pick; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_open_session_pick ON public.ailbl_open_session USING btree (engine, owner, class, run_after, session_id) WHERE ((phase = ANY (ARRAY['waiting'::text, 'retrying'::text])) AND (NOT queued));


--
-- Name: ailbl_open_session_queued; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_open_session_queued ON public.ailbl_open_session USING btree (session_id) WHERE queued;


--
-- Name: ailbl_open_session_schedule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_open_session_schedule ON public.ailbl_open_session USING btree (schedule_id, phase);


--
-- Name: ailbl_schedule_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_created ON public.ailbl_schedule USING btree (created, id);


--
-- Name: ailbl_schedule_disabled; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_disabled ON public.ailbl_schedule USING btree (((disabled ->> 'reason'::text)), id) WHERE (NOT enable);


--
-- Name: ailbl_schedule_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_due ON public.ailbl_schedule USING btree (next_due_at, id);


--
-- Name: ailbl_schedule_enable; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_enable ON public.ailbl_schedule USING btree (enable, id);


--
-- Name: ailbl_schedule_engine; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_engine ON public.ailbl_schedule USING btree (engine) WHERE enable;


--
-- Name: ailbl_schedule_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_kind ON public.ailbl_schedule USING btree (kind, id);


--
-- Name: ailbl_schedule_labels; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_labels ON public.ailbl_schedule USING gin (labels jsonb_path_ops);


--
-- Name: ailbl_schedule_modified; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_modified ON public.ailbl_schedule USING btree (modified, id);


--
-- Name: ailbl_schedule_over; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_over ON public.ailbl_schedule USING btree (id) WHERE (enable AND (next_due_at = 'infinity'::timestamp with time zone));


--
-- Name: ailbl_schedule_search_text; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_search_text ON public.ailbl_schedule USING gin (search_text public.gin_trgm_ops);


--
-- Name: ailbl_schedule_stats_failing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_stats_failing ON public.ailbl_schedule_stats USING btree (schedule_id) WHERE (consecutive_failures > 0);


--
-- Name: ailbl_schedule_storage_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_schedule_storage_id ON public.ailbl_schedule USING btree (storage_id) WHERE (storage_id IS NOT NULL);


--
-- Name: ailbl_session_backfill; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_backfill ON public.ailbl_session USING btree (backfill_id, created, id) WHERE (backfill_id IS NOT NULL);


--
-- Name: ailbl_session_backfill_slot; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ailbl_session_backfill_slot ON public.ailbl_session USING btree (backfill_id, slot) WHERE (cause = 'backfill'::text);


--
-- Name: ailbl_session_beside_slots; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_beside_slots ON public.ailbl_session USING btree (schedule_id, slot, id) WHERE (cause <> 'slot'::text);


--
-- Name: ailbl_session_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_created ON public.ailbl_session USING btree (created, id);


--
-- Name: ailbl_session_created_by; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_created_by ON public.ailbl_session USING btree (created_by, created, id) WHERE (created_by <> 'scheduler'::text);


--
-- Name: ailbl_session_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_kind ON public.ailbl_session USING btree (kind, created, id);


--
-- Name: ailbl_session_retry_of; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ailbl_session_retry_of ON public.ailbl_session USING btree (retry_of) WHERE (retry_of IS NOT NULL);


--
-- Name: ailbl_session_schedule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_schedule ON public.ailbl_session USING btree (schedule_id, created, id);


--
-- Name: ailbl_session_slot; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX ailbl_session_slot ON public.ailbl_session USING btree (schedule_id, slot) WHERE (cause = 'slot'::text);


--
-- Name: ailbl_session_slot_order; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_slot_order ON public.ailbl_session USING btree (slot, id);


--
-- Name: ailbl_session_unsuccessful; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_session_unsuccessful ON public.ailbl_session USING btree (unsuccessful, created, id) WHERE (unsuccessful IS NOT NULL);


--
-- Name: ailbl_skipped_slots_schedule; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ailbl_skipped_slots_schedule ON public.ailbl_skipped_slots USING btree (schedule_id, last_slot, id);


--
-- Name: eom_audit_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_audit_at ON public.eom_audit USING btree (at, id);


--
-- Name: eom_audit_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_audit_kind ON public.eom_audit USING btree (kind, at, id);


--
-- Name: eom_audit_object; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_audit_object ON public.eom_audit USING btree (object_id, at, id);


--
-- Name: eom_audit_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_audit_subject ON public.eom_audit USING btree (subject, at, id);


--
-- Name: eom_event_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_event_created ON public.eom_event USING btree (created, id);


--
-- Name: eom_event_undispatched; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_event_undispatched ON public.eom_event USING btree (created, id) WHERE (dispatched IS NULL);


--
-- Name: eom_idempotency_key_expires_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_idempotency_key_expires_at ON public.eom_idempotency_key USING btree (expires_at);


--
-- Name: eom_metering_answer_expires_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_metering_answer_expires_at ON public.eom_metering_answer USING btree (expires_at);


--
-- Name: eom_quota_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_created ON public.eom_quota USING btree (created, id);


--
-- Name: eom_quota_enable; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_enable ON public.eom_quota USING btree (enable, id);


--
-- Name: eom_quota_labels; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_labels ON public.eom_quota USING gin (labels jsonb_path_ops);


--
-- Name: eom_quota_ledger_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_ledger_kind ON ONLY public.eom_quota_ledger USING btree (user_id, kind, created, id) WHERE (kind <> 'consume'::text);


--
-- Name: eom_quota_ledger_reservation; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_ledger_reservation ON ONLY public.eom_quota_ledger USING btree (reservation_id, created, id) WHERE (reservation_id IS NOT NULL);


--
-- Name: eom_quota_ledger_rest_reservation_id_created_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_ledger_rest_reservation_id_created_id_idx ON public.eom_quota_ledger_rest USING btree (reservation_id, created, id) WHERE (reservation_id IS NOT NULL);


--
-- Name: eom_quota_ledger_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_ledger_user ON ONLY public.eom_quota_ledger USING btree (user_id, created, id);


--
-- Name: eom_quota_ledger_rest_user_id_created_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_ledger_rest_user_id_created_id_idx ON public.eom_quota_ledger_rest USING btree (user_id, created, id);


--
-- Name: eom_quota_ledger_rest_user_id_kind_created_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_ledger_rest_user_id_kind_created_id_idx ON public.eom_quota_ledger_rest USING btree (user_id, kind, created, id) WHERE (kind <> 'consume'::text);


--
-- Name: eom_quota_modified; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_modified ON public.eom_quota USING btree (modified, id);


--
-- Name: eom_quota_reservation_closed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_reservation_closed ON public.eom_quota_reservation USING btree (closed) WHERE (state <> 'open'::text);


--
-- Name: eom_quota_reservation_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_reservation_due ON public.eom_quota_reservation USING btree (expires_at) WHERE (state = 'open'::text);


--
-- Name: eom_quota_reservation_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_reservation_open ON public.eom_quota_reservation USING btree (user_id, expires_at) WHERE (state = 'open'::text);


--
-- Name: eom_quota_search_text; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_search_text ON public.eom_quota USING gin (search_text public.gin_trgm_ops);


--
-- Name: eom_quota_type; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_quota_type ON public.eom_quota USING btree (type, id);


--
-- Name: eom_secret_intent_not_before; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_secret_intent_not_before ON public.eom_secret_intent USING btree (not_before);


--
-- Name: eom_storage_collection_collection; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_collection_collection ON public.eom_storage_collection USING btree (collection_id, storage_id);


--
-- Name: eom_storage_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_created ON public.eom_storage USING btree (created, id);


--
-- Name: eom_storage_enable; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_enable ON public.eom_storage USING btree (enable, id);


--
-- Name: eom_storage_failing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_failing ON public.eom_storage USING btree (id) WHERE (enable AND ((verification ->> 'status'::text) = 'FAIL'::text));


--
-- Name: eom_storage_labels; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_labels ON public.eom_storage USING gin (labels jsonb_path_ops);


--
-- Name: eom_storage_location; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_location ON public.eom_storage USING btree (endpoint, bucket, prefix);


--
-- Name: eom_storage_modified; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_modified ON public.eom_storage USING btree (modified, id);


--
-- Name: eom_storage_search_text; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_storage_search_text ON public.eom_storage USING gin (search_text public.gin_trgm_ops);


--
-- Name: eom_token_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_token_created ON public.eom_token USING btree (created, id);


--
-- Name: eom_user_quota_exceeded; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_user_quota_exceeded ON public.eom_user_quota USING btree (user_id) WHERE (threshold = 2);


--
-- Name: eom_user_quota_expires_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_user_quota_expires_at ON public.eom_user_quota USING btree (expires_at, user_id) WHERE (expires_at IS NOT NULL);


--
-- Name: eom_user_quota_expiry; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_user_quota_expiry ON public.eom_user_quota USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (NOT expiry_told));


--
-- Name: eom_user_quota_quota; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_user_quota_quota ON public.eom_user_quota USING btree (quota_id, user_id);


--
-- Name: eom_webhook_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_created ON public.eom_webhook USING btree (created, id);


--
-- Name: eom_webhook_delivery_dead; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_delivery_dead ON public.eom_webhook_delivery USING btree (webhook_id, id) WHERE (state = 'dead'::text);


--
-- Name: eom_webhook_delivery_due; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_delivery_due ON public.eom_webhook_delivery USING btree (webhook_id, next_attempt_at, id) WHERE (state = 'pending'::text);


--
-- Name: eom_webhook_delivery_webhook; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_delivery_webhook ON public.eom_webhook_delivery USING btree (webhook_id, created, id);


--
-- Name: eom_webhook_failing; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_failing ON public.eom_webhook USING btree (created, id) WHERE (state <> 'healthy'::text);


--
-- Name: eom_webhook_labels; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_labels ON public.eom_webhook USING gin (labels jsonb_path_ops);


--
-- Name: eom_webhook_modified; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_modified ON public.eom_webhook USING btree (modified, id);


--
-- Name: eom_webhook_search_text; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX eom_webhook_search_text ON public.eom_webhook USING gin (search_text public.gin_trgm_ops);


--
-- Name: eom_quota_ledger_rest_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.eom_quota_ledger_pkey ATTACH PARTITION public.eom_quota_ledger_rest_pkey;


--
-- Name: eom_quota_ledger_rest_reservation_id_created_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.eom_quota_ledger_reservation ATTACH PARTITION public.eom_quota_ledger_rest_reservation_id_created_id_idx;


--
-- Name: eom_quota_ledger_rest_user_id_created_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.eom_quota_ledger_user ATTACH PARTITION public.eom_quota_ledger_rest_user_id_created_id_idx;


--
-- Name: eom_quota_ledger_rest_user_id_kind_created_id_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.eom_quota_ledger_kind ATTACH PARTITION public.eom_quota_ledger_rest_user_id_kind_created_id_idx;


--
-- Name: ailbl_session ailbl_session_deleted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER ailbl_session_deleted AFTER DELETE ON public.ailbl_session REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION public.ailbl_open_sessions();


--
-- Name: ailbl_session ailbl_session_inserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER ailbl_session_inserted AFTER INSERT ON public.ailbl_session REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION public.ailbl_open_sessions();


--
-- Name: ailbl_session ailbl_session_step; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER ailbl_session_step BEFORE UPDATE OF state ON public.ailbl_session FOR EACH ROW WHEN (((old.state <> new.state) AND (((old.state || ' '::text) || new.state) <> ALL (ARRAY['pending claimed'::text, 'pending skipped'::text, 'pending canceled'::text, 'claimed running'::text, 'claimed unknown'::text, 'claimed pending'::text, 'claimed failed'::text, 'claimed canceled'::text, 'running succeeded'::text, 'running failed'::text, 'running canceled'::text, 'running retry_wait'::text, 'unknown running'::text, 'unknown pending'::text, 'unknown failed'::text, 'unknown canceled'::text, 'unknown retry_wait'::text, 'claimed retry_wait'::text, 'retry_wait claimed'::text, 'retry_wait canceled'::text])))) EXECUTE FUNCTION public.ailbl_refuse_step();


--
-- Name: ailbl_session ailbl_session_truncated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER ailbl_session_truncated AFTER TRUNCATE ON public.ailbl_session FOR EACH STATEMENT EXECUTE FUNCTION public.ailbl_no_open_sessions();


--
-- Name: ailbl_session ailbl_session_updated; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER ailbl_session_updated AFTER UPDATE ON public.ailbl_session REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION public.ailbl_open_sessions();


--
-- Name: eom_audit eom_audit_is_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER eom_audit_is_kept BEFORE UPDATE ON public.eom_audit FOR EACH ROW EXECUTE FUNCTION public.eom_refuse_change();


--
-- Name: eom_quota_ledger eom_quota_ledger_is_kept; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER eom_quota_ledger_is_kept BEFORE DELETE OR UPDATE ON public.eom_quota_ledger FOR EACH ROW EXECUTE FUNCTION public.eom_refuse_change();


--
-- Name: ailbl_bulk_item ailbl_bulk_item_bulk_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_bulk_item
    ADD CONSTRAINT ailbl_bulk_item_bulk_id_fkey FOREIGN KEY (bulk_id) REFERENCES public.ailbl_bulk(id) ON DELETE CASCADE;


--
-- Name: ailbl_schedule_stats ailbl_schedule_stats_schedule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_schedule_stats
    ADD CONSTRAINT ailbl_schedule_stats_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.ailbl_schedule(id) ON DELETE CASCADE;


--
-- Name: ailbl_schedule ailbl_schedule_storage; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_schedule
    ADD CONSTRAINT ailbl_schedule_storage FOREIGN KEY (storage_id) REFERENCES public.eom_storage(id) ON DELETE RESTRICT;


--
-- Name: ailbl_skipped_slots ailbl_skipped_slots_schedule_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ailbl_skipped_slots
    ADD CONSTRAINT ailbl_skipped_slots_schedule_id_fkey FOREIGN KEY (schedule_id) REFERENCES public.ailbl_schedule(id) ON DELETE CASCADE;


--
-- Name: eom_storage_collection eom_storage_collection_storage; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_storage_collection
    ADD CONSTRAINT eom_storage_collection_storage FOREIGN KEY (storage_id) REFERENCES public.eom_storage(id) ON DELETE RESTRICT;


--
-- Name: eom_user_quota eom_user_quota_quota; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_user_quota
    ADD CONSTRAINT eom_user_quota_quota FOREIGN KEY (quota_id, type) REFERENCES public.eom_quota(id, type) ON DELETE RESTRICT;


--
-- Name: eom_webhook_delivery eom_webhook_delivery_event_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_webhook_delivery
    ADD CONSTRAINT eom_webhook_delivery_event_id_fkey FOREIGN KEY (event_id) REFERENCES public.eom_event(id) ON DELETE CASCADE;


--
-- Name: eom_webhook_delivery eom_webhook_delivery_webhook_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.eom_webhook_delivery
    ADD CONSTRAINT eom_webhook_delivery_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES public.eom_webhook(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--
