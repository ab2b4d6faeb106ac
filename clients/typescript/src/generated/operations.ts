// Made from the OpenAPI document by scripts/generate.ts: do not edit.
import type { Rows } from "../row.ts";

/** Operations of `storages`. */
export const storages = {
  list: ["GET", "/eom/admin/storages", "list paged"],
  create: ["POST", "/eom/admin/storages", "key body"],
  get: ["GET", "/eom/admin/storages/{StorageId}", "conditional"],
  update: ["PUT", "/eom/admin/storages/{StorageId}", "body"],
  delete: ["DELETE", "/eom/admin/storages/{StorageId}", "empty"],
  verify: ["POST", "/eom/admin/storages/{StorageId}/verify", ""],
  verifyUnsaved: ["POST", "/eom/admin/storages/verify", "body"],
  dependants: ["GET", "/eom/admin/storages/{StorageId}/dependants", ""],
  bindCollection: ["PUT", "/eom/admin/storages/{StorageId}/collections/{CollectionId}", ""],
  unbindCollection: ["DELETE", "/eom/admin/storages/{StorageId}/collections/{CollectionId}", "empty"],
} as const satisfies Rows;

/** Operations of `quotas`. */
export const quotas = {
  list: ["GET", "/eom/admin/quotas", "list paged"],
  create: ["POST", "/eom/admin/quotas", "key body"],
  get: ["GET", "/eom/admin/quotas/{QuotaId}", "conditional"],
  update: ["PUT", "/eom/admin/quotas/{QuotaId}", "body"],
  delete: ["DELETE", "/eom/admin/quotas/{QuotaId}", "empty"],
  assign: ["POST", "/eom/admin/quotas/{QuotaId}/users", "key body"],
} as const satisfies Rows;

/** Operations of `users`. */
export const users = {
  list: ["GET", "/eom/admin/users", "list paged"],
  quotas: ["GET", "/eom/admin/users/{UserId}/quotas", "list paged"],
  quota: ["GET", "/eom/admin/users/{UserId}/quotas/{QuotaId}", "conditional"],
  assign: ["POST", "/eom/admin/users/{UserId}/quotas", "key body"],
  assignById: ["POST", "/eom/admin/users/{UserId}/quotas/{QuotaId}", "key"],
  override: ["PUT", "/eom/admin/users/{UserId}/quotas/{QuotaId}", "body"],
  unassign: ["DELETE", "/eom/admin/users/{UserId}/quotas/{QuotaId}", "empty"],
} as const satisfies Rows;

/** Operations of `usage`. */
export const usage = {
  get: ["GET", "/eom/admin/users/{UserId}/usage", ""],
  check: ["POST", "/eom/admin/users/{UserId}/usage/check", "key amounts"],
  consume: ["POST", "/eom/admin/users/{UserId}/usage/consume", "key amounts"],
  adjust: ["POST", "/eom/admin/users/{UserId}/usage/adjust", "key amounts"],
  ledger: ["GET", "/eom/admin/users/{UserId}/usage/ledger", "list paged"],
} as const satisfies Rows;

/** Operations of `reservations`. */
export const reservations = {
  create: ["POST", "/eom/admin/users/{UserId}/reservations", "key amounts"],
  get: ["GET", "/eom/admin/users/{UserId}/reservations/{ReservationId}", ""],
  commit: ["POST", "/eom/admin/users/{UserId}/reservations/{ReservationId}/commit", "key amounts"],
  release: ["POST", "/eom/admin/users/{UserId}/reservations/{ReservationId}/release", "key"],
} as const satisfies Rows;

/** Operations of `schedules`. */
export const schedules = {
  list: ["GET", "/ailbl/admin/schedules", "list paged"],
  create: ["POST", "/ailbl/admin/schedules", "key body"],
  get: ["GET", "/ailbl/admin/schedules/{ScheduleId}", "conditional"],
  update: ["PUT", "/ailbl/admin/schedules/{ScheduleId}", "body"],
  delete: ["DELETE", "/ailbl/admin/schedules/{ScheduleId}", "empty"],
  enable: ["POST", "/ailbl/admin/schedules/{ScheduleId}/enable", "body"],
  disable: ["POST", "/ailbl/admin/schedules/{ScheduleId}/disable", "body"],
  trigger: ["POST", "/ailbl/admin/schedules/{ScheduleId}/trigger", "key"],
  slots: ["GET", "/ailbl/admin/schedules/{ScheduleId}/slots", ""],
  preview: ["POST", "/ailbl/admin/schedules/preview", "body"],
  backfill: ["POST", "/ailbl/admin/schedules/{ScheduleId}/backfill", "key body"],
} as const satisfies Rows;

/** Operations of `sessions`. */
export const sessions = {
  list: ["GET", "/ailbl/admin/sessions", "list paged"],
  get: ["GET", "/ailbl/admin/sessions/{SessionId}", "conditional"],
  retry: ["POST", "/ailbl/admin/sessions/{SessionId}/retry", "key"],
  cancel: ["POST", "/ailbl/admin/sessions/{SessionId}/cancel", ""],
  log: ["GET", "/ailbl/admin/sessions/{SessionId}/log", ""],
} as const satisfies Rows;

/** Operations of `backfills`. */
export const backfills = {
  list: ["GET", "/ailbl/admin/schedules/{ScheduleId}/backfills", "list paged"],
  get: ["GET", "/ailbl/admin/schedules/{ScheduleId}/backfills/{BackfillId}", ""],
  cancel: ["POST", "/ailbl/admin/schedules/{ScheduleId}/backfills/{BackfillId}/cancel", ""],
} as const satisfies Rows;

/** Operations of `bulk`. */
export const bulk = {
  list: ["GET", "/ailbl/admin/bulk", "list paged"],
  get: ["GET", "/ailbl/admin/bulk/{BulkId}", ""],
  cancel: ["POST", "/ailbl/admin/bulk/{BulkId}/cancel", ""],
  sessions: ["POST", "/ailbl/admin/sessions/bulk", "key body"],
  schedules: ["POST", "/ailbl/admin/schedules/bulk", "key body"],
} as const satisfies Rows;

/** Operations of `engines`. */
export const engines = {
  list: ["GET", "/ailbl/admin/engines", "list"],
  jobs: ["GET", "/ailbl/admin/engines/{EngineName}/jobs", "list"],
  locations: ["GET", "/ailbl/admin/engines/{EngineName}/locations", "list"],
} as const satisfies Rows;

/** Operations of `webhooks`. */
export const webhooks = {
  list: ["GET", "/eom/admin/webhooks", "list paged"],
  create: ["POST", "/eom/admin/webhooks", "key body"],
  get: ["GET", "/eom/admin/webhooks/{WebhookId}", "conditional"],
  update: ["PUT", "/eom/admin/webhooks/{WebhookId}", "body"],
  delete: ["DELETE", "/eom/admin/webhooks/{WebhookId}", "empty"],
  test: ["POST", "/eom/admin/webhooks/{WebhookId}/test", ""],
  redrive: ["POST", "/eom/admin/webhooks/{WebhookId}/redrive", ""],
} as const satisfies Rows;

/** Operations of `deliveries`. */
export const deliveries = {
  list: ["GET", "/eom/admin/webhooks/{WebhookId}/deliveries", "list paged"],
  redrive: ["POST", "/eom/admin/webhooks/{WebhookId}/deliveries/{DeliveryId}/redrive", ""],
} as const satisfies Rows;

/** Operations of `tokens`. */
export const tokens = {
  list: ["GET", "/eom/admin/tokens", "list paged"],
  create: ["POST", "/eom/admin/tokens", "key body"],
  get: ["GET", "/eom/admin/tokens/{TokenId}", ""],
  revoke: ["DELETE", "/eom/admin/tokens/{TokenId}", "empty"],
} as const satisfies Rows;

/** Operations of `audit`. */
export const audit = {
  list: ["GET", "/eom/admin/audit", "list paged"],
} as const satisfies Rows;

/** Operations of `root`. */
export const root = {
  me: ["GET", "/eom/admin/me", ""],
  timeline: ["GET", "/ailbl/admin/timeline", "list paged"],
  overview: ["GET", "/eom/admin/overview", ""],
  doctor: ["GET", "/eom/admin/doctor", ""],
  health: ["GET", "/healthz", ""],
  readiness: ["GET", "/readyz", ""],
  metrics: ["GET", "/metrics", "text"],
  document: ["GET", "/openapi.json", "conditional"],
} as const satisfies Rows;
