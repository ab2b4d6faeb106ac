/**
 * A program with @eom/client, for any runtime: objects, counting, lists, errors, reservations, and a message of a
 * webhook. It uses nothing of a runtime but `crypto`.
 *
 * @param {typeof import("../../clients/typescript/src/client.ts")} client the package as it was imported
 * @param {typeof import("../../clients/typescript/src/webhooks.ts")} webhooks
 * @param {{ baseUrl: string, token: string, name: string }} options
 */
export async function runStory({ createEomClient, QuotaExceededError }, { verifyWebhook }, { baseUrl, token, name }) {
  const eom = createEomClient({ baseUrl, token, timeoutMilliseconds: 60_000, deadlineMilliseconds: 200_000 });
  const user = `user of ${name}`;
  const quota = await eom.quotas.create({ name, type: "MaxOrderTimes", value: { max_order_times: 3 } });
  await eom.users.assign(user, { quota_id: quota.id });
  await eom.usage.consume(user, { MaxOrderTimes: 1 });
  const work = await eom.withReservation(user, { MaxOrderTimes: 2 }, ({ state }) => state);
  const denied = await eom.usage.consume(user, { MaxOrderTimes: 1 }).catch((error) => error);
  const edited = await eom.quotas.edit(quota.id, ({ version }) => ({ description: `version ${version}` }));
  const listed = [];
  for await (const { description } of eom.quotas.list({ keyword: name, size: 1 })) listed.push(description);
  return {
    used: (await eom.usage.get(user)).usage.MaxOrderTimes?.used,
    work,
    isDenied: denied instanceof QuotaExceededError,
    unchanged: await eom.quotas.get(quota.id, { ifNoneMatch: edited }),
    listed,
    event: (await receive(verifyWebhook)).type,
  };
}

/** @param {typeof import("../../clients/typescript/src/webhooks.ts").verifyWebhook} verifyWebhook */
async function receive(verifyWebhook) {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const secret = `whsec_${btoa(String.fromCharCode(...bytes))}`;
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const body = JSON.stringify({ type: "eom.quota.warning" });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`m1.${timestamp}.${body}`));
  const text = `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`;
  const headers = { "webhook-id": "m1", "webhook-timestamp": timestamp, "webhook-signature": text };
  return verifyWebhook(headers, body, secret);
}
