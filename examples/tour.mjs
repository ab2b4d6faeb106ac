// The README's tour through @eom/client. Needs EOM_URL, EOM_TOKEN, and the variables that `eom demo s3` prints.
import { createEomClient, EomError } from "@eom/client";

const { EOM_URL: baseUrl, EOM_TOKEN: token, S3_ENDPOINT: endpoint, S3_KEY, S3_SECRET } = process.env;
const eom = createEomClient({ baseUrl, token });
const refusal = (error) => (error instanceof EomError ? error.code : Promise.reject(error));

const credential = { access_key_id: S3_KEY, secret_access_key: S3_SECRET };
const resource = { type: "s3", endpoint, bucket: "scenes", prefix: "2026/", credential };
const storage = await eom.storages.create({ name: "scenes-eu", resource });
console.log("storage", storage.name, (await eom.storages.verify(storage.id)).status);

const trigger = { type: "cron", expression: "30 2 * * *", time_zone: "Europe/Berlin" };
const job = { name: "inventory" };
const params = { storage_id: storage.id };
const schedule = await eom.schedules.create({ name: "inventory of scenes-eu", kind: 5, job, trigger, params });
const session = await eom.schedules.trigger(schedule.id);
console.log("session", (await eom.sessions.get(session.id)).cause);
console.log("slots", (await eom.schedules.slots(schedule.id, { count: 2 })).next.length);
console.log("well", (await eom.overview()).ok);
console.log("delete", await eom.storages.delete(storage.id).catch(refusal));

const expire = { type: "every", unit: "day", time_zone: "Europe/Berlin" };
const quota = await eom.quotas.create({ name: "trial", type: "MaxOrderTimes", value: { max_order_times: 2 }, expire });
await eom.users.assign("user123", { quota_id: quota.id });
console.log("used", (await eom.usage.consume("user123", { MaxOrderTimes: 2 })).usage.MaxOrderTimes.used);
console.log("again", await eom.usage.consume("user123", { MaxOrderTimes: 1 }).catch(refusal));
