import { randomUUID } from "node:crypto";

export const storages = "/eom/admin/storages";
export const schedules = "/ailbl/admin/schedules";

/** The body of a storage that cannot be reached. Each has its own name and location. */
export function describeStorage(changes: Record<string, unknown> = {}, resource: Record<string, unknown> = {}) {
  return {
    name: randomUUID(),
    resource: {
      type: "s3",
      endpoint: "http://127.0.0.1:9",
      bucket: "scenes",
      prefix: randomUUID(),
      credential: { access_key_id: "AK", secret_access_key: "SK" },
      ...resource,
    },
    ...changes,
  };
}

/** The body of a schedule that runs an inventory. Its storage does not exist, unless `changes` names another. */
export function describeSchedule(changes: Record<string, unknown> = {}) {
  return {
    name: randomUUID(),
    kind: 5,
    trigger: { type: "cron", expression: "0 3 * * *" },
    job: { name: "inventory" },
    params: { storage_id: randomUUID() },
    ...changes,
  };
}
