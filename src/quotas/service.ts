import { type RawBuilder, type SqlBool, sql } from "kysely";
import { toCanonicalJson } from "../platform/canonical-json.ts";
import type { Clock } from "../platform/clock.ts";
import { isForeignKeyViolation, isUniqueViolation } from "../platform/database/faults.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { isEmpty, withoutUndefined } from "../platform/resource/partial.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { requireRow } from "../platform/resource/rows.ts";
import { quotaInUse, quotaNameConflict, quotaNotFound } from "./errors.ts";
import { mergeExpire } from "./expire.ts";
import { listQuotas } from "./list.ts";
import { refuseMisfits } from "./misfits.ts";
import type { CreateQuota, ListQuotas, Quota, UpdateQuota } from "./model.ts";
import {
  deleteQuota,
  findQuota,
  insertQuota,
  listAssignedUsers,
  lockQuota,
  type NewQuota,
  type QuotaRow,
  updateQuota,
} from "./queries.ts";
import { toLimit, toValue } from "./quota-type.ts";
import { toQuota } from "./representation.ts";
import { forAllUsers, isOfQuota, maxUsersAtOnce } from "./standing/portions.ts";
import { updateExpiries, updateThresholds } from "./standing/update.ts";
import { requireKnownTimeZone } from "./time-zone.ts";

interface QuotaNeeds {
  readonly db: Database;
  readonly clock: Clock;
  /** The share of a limit from which a level is in warning. */
  readonly warningPercent: number;
}

/** Writes the users' rows that a change of their quota affects: those in the portion. */
type FollowUp = (tx: DatabaseTransaction, isInPortion: RawBuilder<SqlBool>) => Promise<void>;

/** The users that the failure QUOTA_IN_USE lists. */
const maxDependants = 100;

/** The use cases of quotas; see {@link createQuotaService}. */
export type QuotaService = ReturnType<typeof createQuotaService>;

/** The use cases of quotas: what is limited, by how much, and when it expires. Each runs its own transactions. */
export function createQuotaService({ db, clock, warningPercent }: QuotaNeeds) {
  /** @throws QUOTA_NOT_FOUND */
  async function find(id: string): Promise<Quota> {
    return toQuota(await requireQuota(db, id));
  }

  function list(query: ListQuotas, start: PageStart): Promise<Page<QuotaRow>> {
    return listQuotas(db, query, start);
  }

  /** @throws QUOTA_NAME_CONFLICT, VALIDATION_ERROR */
  async function create({ value, ...input }: CreateQuota, change: Change<Quota>): Promise<Quota> {
    await requireKnownTimeZone(db, input.expire);
    const row = { ...input, id: createId(), value: toLimit(input.type, value), ...toModification(change) };
    return inTransaction(db, async (tx) => {
      await withNameConflict(row.name, () => insertQuota(tx, row));
      const after = toQuota(await requireQuota(tx, row.id));
      return recordChange(tx, change, { action: "quota.create", kind: "quota", id: row.id, before: null, after });
    });
  }

  /**
   * Changes the fields that are given. The rows of the quota's users follow: in the same transaction for up to
   * {@link maxUsersAtOnce} users, in portions after it for more.
   *
   * @throws QUOTA_NOT_FOUND, PRECONDITION_FAILED, QUOTA_IN_USE, QUOTA_NAME_CONFLICT, VALIDATION_ERROR
   */
  async function update(
    id: string,
    input: UpdateQuota,
    condition: VersionCondition,
    change: Change<Quota>,
  ): Promise<Quota> {
    const seen = await requireQuota(db, id);
    if (input.expire !== undefined) await requireKnownTimeZone(db, mergeExpire(seen.expire, input.expire));
    const { quota, followUp } = await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id, condition);
      const row = { ...merge(before, input), ...toModification(change) };
      if (row.type !== before.type) await refuseAssigned(tx, before);
      await withNameConflict(row.name, () => updateQuota(tx, row));
      const followUp = toFollowUp(before, row, warningPercent);
      const isSmall = before.assigned_users <= maxUsersAtOnce;
      if (isSmall) await followUp?.(tx, isOfQuota(id));
      return { quota: await recordUpdate(tx, before, change), followUp: isSmall ? null : followUp };
    });
    if (followUp !== null) {
      await forAllUsers(db, id, (isInPortion) => inTransaction(db, (tx) => followUp(tx, isInPortion)));
    }
    return quota;
  }

  /** @throws QUOTA_NOT_FOUND, PRECONDITION_FAILED, QUOTA_IN_USE */
  async function remove(id: string, condition: VersionCondition, change: Change<null>): Promise<void> {
    const seen = await requireQuota(db, id);
    try {
      await inTransaction(db, async (tx) => {
        const before = await requireLocked(tx, id, condition);
        await refuseAssigned(tx, before);
        await deleteQuota(tx, id);
        const recorded = { action: "quota.delete", kind: "quota", id, before: toQuota(before), after: null };
        await recordChange(tx, change, recorded);
      });
    } catch (error) {
      // A user has the quota although assigned_users says 0: the foreign key refuses the delete.
      throw isForeignKeyViolation(error, "eom_user_quota_quota") ? await toInUse(db, seen) : error;
    }
  }

  function toModification({ actor }: Pick<Change<Quota>, "actor">) {
    return { modified: clock.now(), modified_by: actor.subject };
  }

  return { find, list, create, update, remove };
}

/** @throws QUOTA_NOT_FOUND */
function requireQuota(db: Database, id: string): Promise<QuotaRow> {
  return requireRow(id, () => findQuota(db, id), quotaNotFound);
}

/** @throws QUOTA_NOT_FOUND, PRECONDITION_FAILED */
async function requireLocked(tx: DatabaseTransaction, id: string, condition: VersionCondition): Promise<QuotaRow> {
  const row = await requireRow(id, () => lockQuota(tx, id), quotaNotFound);
  requireVersion(row, condition);
  return row;
}

/** @throws VALIDATION_ERROR when the changed quota does not fit its type */
function merge(
  before: QuotaRow,
  { value, expire, ...fields }: UpdateQuota,
): Omit<NewQuota, "modified" | "modified_by"> {
  const after = {
    ...before,
    ...withoutUndefined(fields),
    // A type has one field of value: a change that names none keeps it.
    value: value === undefined || isEmpty(value) ? toValue(before.type, before.value) : value,
    expire: mergeExpire(before.expire, expire),
  };
  refuseMisfits(after);
  return { ...after, value: toLimit(after.type, after.value) };
}

/**
 * How the users' rows follow a changed limit or rule; null when no row can differ. Users with a value of their own are left
 * out. If the process dies between two portions, the sweep writes the rest.
 */
function toFollowUp(before: QuotaRow, after: NewQuota, warningPercent: number): FollowUp | null {
  const isValueChanged = before.value !== after.value;
  const isExpireChanged = !isSameRule(before.expire, after.expire);
  if (before.assigned_users === 0 || (!isValueChanged && !isExpireChanged)) return null;
  // A changed rule may change the period, and with it whether anything is used: thresholds follow both changes.
  const isAffected = sql<boolean>`((${isValueChanged} and not u.overrides_value) or (${isExpireChanged} and u.expire is null))`;
  return async (tx, isInPortion) => {
    if (isExpireChanged) await updateExpiries(tx, sql`${isInPortion} and u.expire is null`);
    await updateThresholds(tx, sql`${isInPortion} and ${isAffected}`, warningPercent);
  };
}

/** @throws QUOTA_IN_USE */
async function refuseAssigned(tx: DatabaseTransaction, quota: QuotaRow): Promise<void> {
  if (quota.assigned_users > 0) throw await toInUse(tx, quota);
}

async function toInUse(db: Database, { id, name, assigned_users }: QuotaRow) {
  const users = await listAssignedUsers(db, id, maxDependants);
  const dependants = users.map((user) => ({ kind: "user", id: user.id, name: null }));
  return quotaInUse(name, { total: Math.max(assigned_users, dependants.length), dependants });
}

/** @throws QUOTA_NAME_CONFLICT */
async function withNameConflict(name: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw isUniqueViolation(error, "eom_quota_name_key") ? quotaNameConflict(name) : error;
  }
}

async function recordUpdate(tx: DatabaseTransaction, before: QuotaRow, change: Change<Quota>): Promise<Quota> {
  const after = toQuota(await requireQuota(tx, before.id));
  const recorded = { action: "quota.update", kind: "quota", id: before.id, before: toQuota(before), after };
  return recordChange(tx, change, recorded);
}

/** jsonb returns the fields of a rule in its own order. */
function isSameRule(left: object, right: object): boolean {
  return toCanonicalJson(left) === toCanonicalJson(right);
}
