import { type RawBuilder, sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";

/** Fills the empty tables with `count` storages, the same ones every time, as {@link loadInBulk} does. */
export function fillStorages(db: Database, count: number): Promise<void> {
  return loadInBulk(db, ["eom_storage", "eom_storage_collection"], async (connection) => {
    await insertStorages(count).execute(connection);
    await insertCollections(count).execute(connection);
  });
}

/**
 * Inserts set-based into these tables: their secondary indexes are dropped before and made anew after, as a bulk load would,
 * and the tables are vacuumed, as autovacuum would have long done.
 */
export function loadInBulk(
  db: Database,
  tables: readonly string[],
  insert: (db: Database) => Promise<void>,
): Promise<void> {
  // One connection, because of its settings.
  return db.connection().execute(async (connection) => {
    await sql`set maintenance_work_mem = '512MB'`.execute(connection);
    const indexes = await takeSecondaryIndexes(connection, tables);
    await insert(connection);
    for (const definition of indexes) await sql.raw(definition).execute(connection);
    await sql`vacuum (analyze) ${sql.join(tables.map((table) => sql.table(table)))}`.execute(connection);
  });
}

const verification = {
  status: "PASS",
  checked_at: "2026-11-23T10:00:00.000Z",
  checks: ["LIST", "WRITE", "READ", "DELETE"].map((check) => ({
    check,
    status: "PASS",
    reason: null,
    hint: null,
    http_status: 200,
    duration_ms: 12,
  })),
};

/** Drops what no constraint stands on, and tells how to make it again. */
async function takeSecondaryIndexes(db: Database, tables: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ name: string; definition: string }>`
    select c.relname as name, pg_get_indexdef(c.oid) as definition
    from pg_index as i join pg_class as c on c.oid = i.indexrelid
    where i.indrelid = any(${tables}::text[]::regclass[])
      and not exists (select from pg_constraint where conindid = c.oid)`.execute(db);
  for (const { name } of rows) await sql`drop index ${sql.id(name)}`.execute(db);
  return rows.map(({ definition }) => definition);
}

/**
 * The n-th storage. Its id is a UUID v7 of the n-th minute, as if one were made a minute. Frequencies, for the filters:
 * "sentinel" in a third of the names, "glacier" in one description of 20,000, "q7" in one bucket name and no text; team:t0
 * on half of them, team:t19 on one in 10,000; one in 20 is disabled.
 */
export function insertStorages(count: number): RawBuilder<unknown> {
  return sql`
    with numbered as (
      select n,
        (array['Sentinel-1', 'Sentinel-2', 'Landsat-8', 'Landsat-9', 'MODIS', 'Sentinel-3', 'ASTER', 'VIIRS', 'PRISMA'])[1 + n % 9] as mission,
        (array['scenes', 'mosaics', 'quicklooks', 'tiles', 'archive', 'derived', 'training set'])[1 + n % 7] as kind,
        (array['eu-central-1', 'eu-west-3', 'us-east-1', 'ap-south-1', 'sa-east-1'])[1 + n % 5] as region,
        case when n % 2 = 0 then 't0' when n % 10000 = 1 then 't19' else 't' || (1 + n / 9 % 18) end as team,
        timestamptz '2024-01-01 00:00:00Z' + n * interval '1 minute' as created,
        md5(n::text) as noise
      from generate_series(1, ${count}::integer) as n),
    described as (
      select *, mission || ' ' || kind || ' ' || region || ' ' || lpad(n::text, 7, '0') as name,
        case when n % 4 = 0 then null else
          'Bucket of the ' || (array['ingest', 'processing', 'delivery', 'research'])[1 + n % 4] || ' group, ' || kind
          || ' of the year ' || 2015 + n % 12 || case when n % 20000 = 7 then ', glacier margins' else '' end
          || '. Asked for in ticket ' || substr(noise, 1, 6) || '.' end as description
      from numbered)
    insert into eom_storage (id, name, name_key, description, search_text, enable, labels, endpoint, region, bucket,
      prefix, path_style, read_only, access_key_id, credential_ref, verification, created, created_by, modified, modified_by)
    select ${toId(sql`created`, sql`noise`)},
      name, lower(name), description, lower(name || E'\n' || coalesce(description, '')), n % 20 <> 3,
      jsonb_build_object('team', team, 'tier', (array['hot', 'warm', 'cold'])[1 + n % 3]),
      'https://s3.' || region || '.example.org', region, 'bucket-' || n / 100, substr(noise, 1, 2) || '/' || n || '/',
      true, n % 3 = 0, 'AK' || upper(substr(noise, 1, 18)), 'storages/' || noise || '/1',
      ${JSON.stringify(verification)}::text::jsonb,
      created, 'admin', created + (n::bigint * 7919 % 500000) * interval '1 minute', 'admin'
    from described`;
}

/** Two thirds of the storages have a collection, half of those a second one; about twenty storages share one. */
export function insertCollections(count: number): RawBuilder<unknown> {
  return sql`
    insert into eom_storage_collection (storage_id, collection_id, created_by)
    select ${toId(sql`timestamptz '2024-01-01 00:00:00Z' + n * interval '1 minute'`, sql`md5(n::text)`)},
      md5('collection ' || case when which = 1 then n / 30 else n % greatest(${count}::integer / 20, 1) end)::uuid, 'admin'
    from generate_series(1, ${count}::integer) as n cross join (values (1), (2)) as second (which)
    where n % 3 <> 0 and (which = 1 or n % 2 = 0)
    on conflict do nothing`;
}

function toId(created: RawBuilder<unknown>, noise: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(lpad(to_hex((extract(epoch from ${created}) * 1000)::bigint), 12, '0')
    || '7' || substr(${noise}, 1, 3) || '8' || substr(${noise}, 4, 15))::uuid`;
}
