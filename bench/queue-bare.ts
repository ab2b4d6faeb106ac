import postgres from "postgres";
import { databaseUrl, serveQueue } from "./queue.ts";

/**
 * The least that any queue does which keeps a session's state, its lease and its steps: a claim and an end, each a statement
 * for 500, from four loops. No schedule, overlap, owner, launch, run config, counters or events, and no other index than
 * those by which it claims and a history is read.
 */
const batchSize = 2000;
const loops = 4;

const sql = postgres(databaseUrl, { max: loops + 1, onnotice: () => {} });
await sql`
  create table bare_session (
    id uuid primary key, state text not null, run_after timestamptz not null, lease_owner text,
    lease_expires_at timestamptz, ended timestamptz
  ) with (fillfactor = 70)`;
await sql`create index on bare_session (run_after, id) where state = 'pending'`;
await sql`
  create table bare_step (session_id uuid, at timestamptz, from_state text, to_state text, primary key (session_id, to_state))`;

function claim() {
  return sql<{ id: string }[]>`
    with due as (
      select id from bare_session where state = 'pending' order by run_after, id limit ${batchSize} for update skip locked)
    update bare_session as s set state = 'claimed', lease_owner = 'bare', lease_expires_at = now() + interval '1 minute'
    from due where s.id = due.id returning s.id`;
}

function end(ids: readonly string[]) {
  return sql`
    with ended as (
      update bare_session set state = 'succeeded', ended = now(), lease_owner = null, lease_expires_at = null
      where id = any(${ids as string[]}::uuid[]) and state = 'claimed' and lease_owner = 'bare' returning id)
    insert into bare_step select id, now(), from_state, to_state from ended
    cross join (values ('pending', 'claimed'), ('claimed', 'running'), ('running', 'succeeded')) as s (from_state, to_state)`;
}

let working: Promise<unknown> = Promise.resolve();

serveQueue({
  async fill(jobs) {
    await sql`truncate bare_session, bare_step`;
    await sql`insert into bare_session (id, state, run_after)
      select uuidv7(), 'pending', now() from generate_series(1, ${jobs}::integer)`;
    await sql`vacuum analyze bare_session, bare_step`;
  },
  async start(onHandled) {
    const workOff = async () => {
      for (let claimed = await claim(); claimed.length > 0; claimed = await claim()) {
        onHandled(claimed.length);
        await end(claimed.map(({ id }) => id));
      }
    };
    working = Promise.all(Array.from({ length: loops }, workOff));
  },
  async isEmpty() {
    const [row] = await sql`select 1 from bare_session where state <> 'succeeded' limit 1`;
    return row === undefined;
  },
  async stop() {
    await working;
  },
  async verify(jobs) {
    const [row] = await sql`select count(*)::integer as steps from bare_step`;
    if (row?.["steps"] !== 3 * jobs) throw new Error(`${row?.["steps"]} steps of ${jobs} jobs`);
  },
  close: () => sql.end(),
});
