import { sql } from "kysely";
import { type Actor, recordAudit, recordAudits } from "../../platform/audit/record.ts";
import { isUniqueViolation } from "../../platform/database/faults.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { isUuid } from "../../platform/id.ts";
import type { Change } from "../../platform/resource/change.ts";
import { requireVersion, type VersionCondition } from "../../platform/resource/entity-tag.ts";
import { type Page, parsePageStart } from "../../platform/resource/paging.ts";
import { quotaNotFound, userQuotaConflict, userQuotaNotFound } from "../errors.ts";
import { refuseMisfits } from "../misfits.ts";
import type { AssignResult, ListQuotas, ListUsers, Override, QuotaType, QuotaUser, UserQuota } from "../model.ts";
import { toLimit } from "../model.ts";
import { countAssigned, findQuota, lockQuota, type QuotaRow } from "../queries.ts";
import { updateExpiries, updateThresholds } from "../standing/update.ts";
import { requireKnownTimeZone } from "../time-zone.ts";
import { type Assignments, assignMany } from "./assign-many.ts";
import { type ListedUserQuota, listUserQuotas } from "./list.ts";
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
import { listUsers } from "./users-list.ts";

interface UserQuotaNeeds {
  readonly db: Database;
  /** The share of a limit at which a level is in warning. */
  readonly warningPercent: number;
}

/** Of a conflict that is gone when it is looked for; then assigning is tried again. */
const maxAttempts = 3;

export type UserQuotaService = ReturnType<typeof createUserQuotaService>;

/**
 * Who has which quota; each use case owns its transaction. Whoever changes something holds the quota's row first and rows
 * of users after it. Times of assignments are the database's, which also decides when they are over.
 */
export function createUserQuotaService({ db, warningPercent }: UserQuotaNeeds) {
  const toItem = (row: UserQuotaRow) => toUserQuota(row, warningPercent);

  async function find(userId: string, quotaId: string): Promise<UserQuota> {
    return toItem(await requireUserQuota(db, userId, quotaId));
  }

  function list(userId: string, query: ListQuotas): Promise<Page<ListedUserQuota>> {
    return listUserQuotas(db, userId, query, parsePageStart(query));
  }

  /** The quotas of a whole page are read at once. */
  async function listOfUsers(query: ListUsers): Promise<Page<QuotaUser>> {
    const { rows, total } = await listUsers(db, query, parsePageStart(query));
    const quotas =
      rows.length === 0
        ? []
        : await listQuotasOfUsers(
            db,
            rows.map(({ user_id }) => user_id),
          );
    const byUser = Map.groupBy(quotas, ({ user_id }) => user_id);
    return { rows: rows.map(({ user_id }) => ({ user_id, quotas: (byUser.get(user_id) ?? []).map(toItem) })), total };
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
    const told = toItem(await requireUserQuota(tx, userId, quotaId));
    await recordAudit(tx, { ...toEntry("assign", told, change.actor), before: null, after: told });
    await change.beforeCommit(tx, told);
    return told;
  }

  /**
   * Assigns to all who have no quota of this type; `atomic` to all or nobody.
   *
   * @throws QUOTA_NOT_FOUND, and USER_QUOTA_CONFLICT when it is atomic
   */
  async function assignToMany(
    quotaId: string,
    { user_ids, atomic }: { readonly user_ids: readonly string[]; readonly atomic: boolean },
    change: Change<AssignResult[]>,
  ): Promise<AssignResult[]> {
    return inTransaction(db, async (tx) => {
      const quota = await requireLocked(tx, quotaId, () => quotaNotFound(quotaId));
      const assignments = await assignMany(tx, quota, user_ids, change.actor.subject);
      if (atomic) refuseConflicts(user_ids, quota.type, assignments);
      const assigned = user_ids.filter((userId) => assignments.get(userId) === null);
      const rows = await listUsersOfQuota(tx, quota.id, assigned);
      const entries = rows
        .map(toItem)
        .map((after) => ({ ...toEntry("assign", after, change.actor), before: null, after }));
      await recordAudits(tx, entries);
      const results = toAssignResults(user_ids, quota.type, assignments);
      await change.beforeCommit(tx, results);
      return results;
    });
  }

  /** Partial: what is left out stays. @throws USER_QUOTA_NOT_FOUND, PRECONDITION_FAILED, VALIDATION_ERROR */
  async function override(
    userId: string,
    quotaId: string,
    input: Override,
    condition: VersionCondition,
    actor: Actor,
  ): Promise<UserQuota> {
    await requireUserQuota(db, userId, quotaId);
    await requireKnownTimeZone(db, input.expire);
    return inTransaction(db, async (tx) => {
      const { before, own } = await lockUserQuota(tx, userId, quotaId, condition);
      await updateOverrides(tx, userId, before.id, merge(own, before.type, input), actor.subject);
      const isThis = sql<boolean>`u.user_id = ${userId} and u.quota_id = ${before.id}`;
      await updateExpiries(tx, isThis);
      await updateThresholds(tx, isThis, warningPercent);
      const after = toItem(await requireUserQuota(tx, userId, before.id));
      await recordAudit(tx, { ...toEntry("override", after, actor), before: toItem(before), after });
      return after;
    });
  }

  /** @throws USER_QUOTA_NOT_FOUND, PRECONDITION_FAILED */
  async function takeAway(userId: string, quotaId: string, condition: VersionCondition, actor: Actor): Promise<void> {
    await requireUserQuota(db, userId, quotaId);
    await inTransaction(db, async (tx) => {
      const { before } = await lockUserQuota(tx, userId, quotaId, condition);
      await deleteUserQuota(tx, userId, before.id);
      await countAssigned(tx, before.id, -1);
      const told = toItem(before);
      await recordAudit(tx, { ...toEntry("take_away", told, actor), before: told, after: null });
    });
  }

  return { find, list, listOfUsers, assign, assignToMany, override, takeAway, toItem };
}

async function requireUserQuota(db: Database, userId: string, quotaId: string): Promise<UserQuotaRow> {
  const row = isUuid(quotaId) ? await findUserQuota(db, userId, quotaId) : undefined;
  if (row === undefined) throw userQuotaNotFound(userId, quotaId);
  return row;
}

async function requireLocked(tx: DatabaseTransaction, quotaId: string, toFailure: () => Error): Promise<QuotaRow> {
  const row = isUuid(quotaId) ? await lockQuota(tx, quotaId) : undefined;
  if (row === undefined) throw toFailure();
  return row;
}

/** Both rows, read anew once they are held. */
async function lockUserQuota(tx: DatabaseTransaction, userId: string, quotaId: string, condition: VersionCondition) {
  const notFound = () => userQuotaNotFound(userId, quotaId);
  await requireLocked(tx, quotaId, notFound);
  const own = await lockOverrides(tx, userId, quotaId);
  if (own === undefined) throw notFound();
  const before = await requireUserQuota(tx, userId, quotaId);
  requireVersion(before, condition);
  return { before, own };
}

/** The quota that the user has of the type of the one that was to be assigned; null when either is gone. */
async function findConflict(db: Database, userId: string, quotaId: string) {
  const quota = await findQuota(db, quotaId);
  if (quota === undefined) return null;
  const [holder] = await listHolders(db, quota.type, [userId]);
  return holder === undefined ? null : { type: quota.type, quota_id: holder.quota_id };
}

/** @throws USER_QUOTA_CONFLICT of the first user, in the order given */
function refuseConflicts(userIds: readonly string[], type: QuotaType, assignments: Assignments): void {
  for (const userId of userIds) {
    const other = assignments.get(userId) ?? null;
    if (other !== null) throw userQuotaConflict(userId, type, other);
  }
}

/** @throws VALIDATION_ERROR when what is the user's own does not fit the type */
function merge(own: Overrides, type: QuotaType, { value, expire, enable }: Override): Overrides {
  refuseMisfits({ type, ...(value == null ? {} : { value }), ...(expire == null ? {} : { expire }) });
  return {
    value: value === undefined ? own.value : value && { limit: toLimit(type, value) },
    expire: expire === undefined ? own.expire : expire,
    enable: enable === undefined ? own.enable : enable,
  };
}

function toEntry(verb: string, { user_id, id }: UserQuota, actor: Actor) {
  return { actor, action: `user_quota.${verb}`, kind: "user_quota", objectId: `${user_id}/${id}` };
}
