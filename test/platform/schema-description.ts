import { type RawBuilder, sql } from "kysely";
import type { Database } from "../../src/platform/database/tables.ts";

/** The schema of a database as its catalogue describes it, by kind of object, in a fixed order. */
export async function describeSchema(db: Database): Promise<Record<string, unknown[]>> {
  const parts = Object.entries(questions).map(async ([part, question]) => [part, (await question.execute(db)).rows]);
  return Object.fromEntries(await Promise.all(parts));
}

const questions: Readonly<Record<string, RawBuilder<unknown>>> = {
  // Without relhastriggers and relhasindex, which stay true after the last one was dropped.
  relations: sql`
    select relname, relkind, relpersistence, reloptions, relrowsecurity
    from pg_class where relnamespace = 'public'::regnamespace order by relname`,
  columns: sql`
    select c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, a.attidentity,
      a.attgenerated, l.collname, pg_get_expr(d.adbin, d.adrelid) as value
    from pg_attribute a join pg_class c on c.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      left join pg_collation l on l.oid = a.attcollation
    where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum`,
  indexes: sql`
    select i.indrelid::regclass::text as relation, pg_get_indexdef(i.indexrelid) as definition, i.indisunique,
      i.indisprimary, i.indisvalid, i.indimmediate
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = 'public'::regnamespace order by 1, 2`,
  // pg_constraint without not-null constraints, which PostgreSQL keeps there from version 18 on.
  constraints: sql`
    select conrelid::regclass::text as relation, conname, contype, convalidated, condeferrable,
      pg_get_constraintdef(oid) as definition
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' order by 1, 2`,
  triggers: sql`
    select tgrelid::regclass::text as relation, tgname, tgenabled, pg_get_triggerdef(oid) as definition
    from pg_trigger where not tgisinternal order by 1, 2`,
  functions: sql`
    select p.oid::regprocedure::text as signature, pg_get_functiondef(p.oid) as definition
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = 'public'::regnamespace and l.lanname in ('sql', 'plpgsql') order by 1`,
  sequences: sql`
    select sequencename, data_type::text as type, start_value, min_value, max_value, increment_by, cycle
    from pg_sequences where schemaname = 'public' order by 1`,
  extensions: sql`select extname, extversion from pg_extension order by 1`,
  migrations: sql`select name from eom_migration order by name`,
};
