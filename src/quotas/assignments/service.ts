import { sql } from "kysely";
import { recordAudits } from "../../platform/audit/record.ts";
import { isUniqueViolation } from "../../platform/database/faults.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { isUuid } from "../../platform/id.ts";
import type { Change } from "../../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../../platform/resource/entity-tag.ts";
import type { Page, PageStart } from "../../platform/resource/paging.ts";
import { isEmpty } from "../../platform/resource/partial.ts";
import { recordChange } from "../../platform/resource/record-change.ts";
import { requireRow } from "../../platform/resource/rows.ts";
import { quotaNotFound, userQuotaConflict, userQuotaNotFound } from "../errors.ts";
import { mergeExpire } from "../expire.ts";
import { refuseMisfits } from "../misfits.ts";
import type { ListQuotas } from "../model.ts";
import { countAssigned, findQuota, lockQuota } from "../queries.ts";
import { type QuotaType, toLimit } from "../quota-type.ts";
import { updateExpiries, updateThresholds } from "../standing/update.ts";
import { requireKnownTimeZone } from "../time-zone.ts";
import { type Assignments, assignMany } from "./assign-many.ts";
import { type ListedUserQuota, listUserQuotas } from "./list.ts";
import type { AssignResult, ListUsers, Override, QuotaUser, UserQuota } from "./model.ts";
import {
  deleteUserQuota,
  findUserQuota,
  insertUserQuota,
  listHolders,
  listQuotasOfUsers,
  listUsersOfQuota,
  lockOverrides,
  type Overrides,
  type UserQuotaRow,
  updateOverrides,
} from "./queries.ts";
import { toAssignResults, toUserQuota } from "./representation.ts";
import { listUserIds } from "./users-list.ts";

interface UserQuotaNeeds {
  readonly db: Database;
  /** The share of a limit from which a level is in warning. */
  readonly warningPercent: number;
}

/** Attempts to assign, if the conflicting quota is taken away each time before it can be named in the failure. */
const maxAttempts = 3;

/** The use cases of users' quotas; see {@link createUserQuotaService}. */
export type UserQuotaService = ReturnType<typeof createUserQuotaService>;

/**
 * The use cases of users' quotas: which user has which quota, with which values of its own. Each runs its own transactions,
 * which lock the quota's row first and the users' rows after it. The database's clock gives the times of assignments,
 * because it also decides when a quota expires.
 */
export function createUserQuotaService({ db, warningPercent }: UserQuotaNeeds) {
  const toItem = (row: UserQuotaRow) => toUserQuota(row, warningPercent);

  /** @throws USER_QUOTA_NOT_FOUND */
  async function find(userId: string, quotaId: string): Promise<UserQuota> {
    return toItem(await requireUserQuota(db, userId, quotaId));
  }

  function list(userId: string, query: ListQuotas, start: PageStart): Promise<Page<ListedUserQuota>> {
    return listUserQuotas(db, userId, query, start);
  }

  /** One page of users with all their quotas; one statement reads the quotas of the whole page. */
  async function listUsers(query: ListUsers, start: PageStart): Promise<Page<QuotaUser>> {
    const { rows: userIds, total } = await listUserIds(db, query, start);
    const quotas = userIds.length === 0 ? [] : await listQuotasOfUsers(db, userIds);
    const byUser = Map.groupBy(quotas, ({ user_id }) => user_id);
    return { rows: userIds.map((user_id) => ({ user_id, quotas: (byUser.get(user_id) ?? []).map(toItem) })), total };
  }

  /** @throws QUOTA_NOT_FOUND, USER_QUOTA_CONFLICT */
  async function assign(userId: string, quotaId: string, change: Change<UserQuota>): Promise<UserQuota> {
    if (!isUuid(quotaId)) throw quotaNotFound(quotaId);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inTransaction(db, (tx) => assignIn(tx, userId, quotaId, change));
      } catch (error) {
        if (!isUniqueViolation(error, "eom_user_quota_type")) throw error;
        const conflict = await findConflict(db, userId, quotaId);
        if (conflict !== null) throw userQuotaConflict(userId, conflict.type, conflict.quota_id);
        if (attempt === maxAttempts) throw error;
      }
    }
  }

  async function assignIn(tx: DatabaseTransaction, userId: string, quotaId: string, change: Change<UserQuota>) {
    if (!(await insertUserQuota(tx, userId, quotaId, change.actor.subject))) throw quotaNotFound(quotaId);
    const after = toItem(await requireUserQuota(tx, userId, quotaId));
    return recordChange(tx, change, { ...toRecorded("assign", after), before: null, after });
  }

  /**
   * Assigns to every user that has no quota of this type; `atomic` to all users or none.
   *
   * @throws QUOTA_NOT_FOUND, and USER_QUOTA_CONFLICT if it is atomic
   */
  async function assignToMany(
    quotaId: string,
    { user_ids, atomic }: { readonly user_ids: readonly string[]; readonly atomic: boolean },
    change: Change<AssignResult[]>,
  ): Promise<AssignResult[]> {
    return inTransaction(db, async (tx) => {
      const quota = await requireRow(quotaId, (id) => lockQuota(tx, id), quotaNotFound);
      const assignments = await assignMany(tx, quota, user_ids, change.actor.subject);
      if (atomic) refuseConflicts(user_ids, quota.type, assignments);
      const assigned = user_ids.filter((userId) => assignments.get(userId) === null);
      const entries = (await listUsersOfQuota(tx, quota.id, assigned)).map(toItem).map((after) => {
        const { id: objectId, ...recorded } = toRecorded("assign", after);
        return { ...recorded, objectId, actor: change.actor, before: null, after };
      });
      await recordAudits(tx, entries);
      const results = toAssignResults(user_ids, quota.type, assignments);
      await change.beforeCommit(tx, results);
      return results;
    });
  }

  /**
   * Changes the user's own values that are given; the others stay.
   *
   * @throws USER_QUOTA_NOT_FOUND, PRECONDITION_FAILED, VALIDATION_ERROR
   */
  async function override(
    userId: string,
    quotaId: string,
    input: Override,
    condition: VersionCondition,
    change: Change<UserQuota>,
  ): Promise<UserQuota> {
    const seen = await requireUserQuota(db, userId, quotaId);
    if (input.expire) await requireKnownTimeZone(db, mergeExpire(seen.expire, input.expire));
    return inTransaction(db, async (tx) => {
      const { row, overrides } = await lockUserQuota(tx, userId, quotaId, condition);
      await updateOverrides(tx, userId, row.id, merge(overrides, row, input), change.actor.subject);
      const isThis = sql<boolean>`u.user_id = ${userId} and u.quota_id = ${row.id}`;
      await updateExpiries(tx, isThis);
      await updateThresholds(tx, isThis, warningPercent);
      const after = toItem(await requireUserQuota(tx, userId, row.id));
      return recordChange(tx, change, { ...toRecorded("override", after), before: toItem(row), after });
    });
  }

  /** @throws USER_QUOTA_NOT_FOUND, PRECONDITION_FAILED */
  async function takeAway(
    userId: string,
    quotaId: string,
    condition: VersionCondition,
    change: Change<null>,
  ): Promise<void> {
    await requireUserQuota(db, userId, quotaId);
    await inTransaction(db, async (tx) => {
      const { row } = await lockUserQuota(tx, userId, quotaId, condition);
      await deleteUserQuota(tx, userId, row.id);
      await countAssigned(tx, row.id, -1);
      const before = toItem(row);
      await recordChange(tx, change, { ...toRecorded("take_away", before), before, after: null });
    });
  }

  return { find, list, listUsers, assign, assignToMany, override, takeAway, toItem };
}

/** @throws USER_QUOTA_NOT_FOUND */
function requireUserQuota(db: Database, userId: string, quotaId: string): Promise<UserQuotaRow> {
  return requireRow(
    quotaId,
    (id) => findUserQuota(db, userId, id),
    (id) => userQuotaNotFound(userId, id),
  );
}

/**
 * Locks the quota's row, then the user's, and reads both after that.
 *
 * @throws USER_QUOTA_NOT_FOUND, PRECONDITION_FAILED
 */
async function lockUserQuota(tx: DatabaseTransaction, userId: string, quotaId: string, condition: VersionCondition) {
  const notFound = () => userQuotaNotFound(userId, quotaId);
  await requireRow(quotaId, (id) => lockQuota(tx, id), notFound);
  const overrides = await requireRow(quotaId, (id) => lockOverrides(tx, userId, id), notFound);
  const row = await requireUserQuota(tx, userId, quotaId);
  requireVersion(row, condition);
  return { row, overrides };
}

/** The quota that the user has of the same type as the one to assign; null if either is gone. */
async function findConflict(db: Database, userId: string, quotaId: string) {
  const quota = await findQuota(db, quotaId);
  if (quota === undefined) return null;
  const [holder] = await listHolders(db, quota.type, [userId]);
  return holder === undefined ? null : { type: quota.type, quota_id: holder.quota_id };
}

/** @throws USER_QUOTA_CONFLICT for the first user of the request that has another quota of the type */
function refuseConflicts(userIds: readonly string[], type: QuotaType, assignments: Assignments): void {
  for (const userId of userIds) {
    const other = assignments.get(userId) ?? null;
    if (other !== null) throw userQuotaConflict(userId, type, other);
  }
}

/**
 * @param shown the values that apply to the user, the user's own or the quota's: a change is of what answers show
 * @throws VALIDATION_ERROR when a value of the user's own does not fit the type
 */
function merge(before: Overrides, shown: UserQuotaRow, { value, expire, enable }: Override): Overrides {
  const { type } = shown;
  const own = {
    ...(value && !isEmpty(value) ? { value } : {}),
    ...(expire && !isEmpty(expire) ? { expire: mergeExpire(shown.expire, expire) } : {}),
  };
  refuseMisfits({ type, ...own });
  return {
    value: isKept(value) ? before.value : own.value === undefined ? null : { limit: toLimit(type, own.value) },
    expire: isKept(expire) ? before.expire : (own.expire ?? null),
    enable: enable === undefined ? before.enable : enable,
  };
}

/** Whether a change leaves a part as it is: it is absent, or names no field. Null clears the part. */
function isKept(change: object | null | undefined): boolean {
  return change === undefined || (change !== null && isEmpty(change));
}

function toRecorded(verb: string, { user_id, id }: UserQuota) {
  return { action: `user_quota.${verb}`, kind: "user_quota", id: `${user_id}/${id}` };
}
