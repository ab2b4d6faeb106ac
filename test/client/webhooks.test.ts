import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { verifyWebhook, WebhookVerificationError } from "../../clients/typescript/src/webhooks.ts";
import { createSecret, toSignatureHeaders } from "../../src/notifications/signature.ts";

const id = randomUUID();
const at = new Date();
const event = { specversion: "1.0", id, type: "eom.schedule.auto_disabled", data: { name: "nächtlich" } };
const body = JSON.stringify(event);
const [secret, previous] = [createSecret(), createSecret()];

const sign = (secrets: readonly string[], changes: Partial<{ at: Date; body: string }> = {}) =>
  toSignatureHeaders({ id, at, body, ...changes }, secrets);

describe("a message of EOM", () => {
  test("is verified, with headers of Node, of fetch, and its bytes or text", async () => {
    const headers = sign([secret]);
    expect(await verifyWebhook(headers, body, secret)).toEqual(event);
    expect(await verifyWebhook(new Headers(headers), new TextEncoder().encode(body), [secret])).toEqual(event);
  });

  test("is verified during a rotation by either secret, on both sides", async () => {
    expect(await verifyWebhook(sign([secret, previous]), body, previous)).toEqual(event);
    expect(await verifyWebhook(sign([previous]), body, [secret, previous])).toEqual(event);
  });

  test("has a type that decides the type of its data", async () => {
    const received = await verifyWebhook(sign([secret]), body, secret);
    if (received.type !== "eom.schedule.auto_disabled") throw new Error("it has another type");
    const { name }: { readonly name: string } = received.data;
    expect(name).toBe("nächtlich");
  });
});

test.each<[string, () => Promise<unknown>, WebhookVerificationError["reason"]]>([
  ["was signed with another secret", () => verifyWebhook(sign([previous]), body, secret), "signature"],
  ["was changed", () => verifyWebhook(sign([secret]), `${body} `, secret), "signature"],
  ["has another id", () => verifyWebhook({ ...sign([secret]), "webhook-id": "x" }, body, secret), "signature"],
  [
    "has a signature of a later version",
    () => verifyWebhook({ ...sign([secret]), "webhook-signature": "v2,AAAA v1,%" }, body, secret),
    "signature",
  ],
  [
    "is too old",
    () => verifyWebhook(sign([secret], { at: new Date(Date.now() - 301_000) }), body, secret),
    "timestamp",
  ],
  [
    "is too new",
    () => verifyWebhook(sign([secret], { at: new Date(Date.now() + 400_000) }), body, secret),
    "timestamp",
  ],
  ["has no time", () => verifyWebhook({ ...sign([secret]), "webhook-timestamp": "now" }, body, secret), "timestamp"],
  ["is not signed", () => verifyWebhook({}, body, secret), "missing_header"],
  ["is not JSON", () => verifyWebhook(sign([secret], { body: "x" }), "x", secret), "body"],
])("a message that %s is refused", async (_, verify, reason) => {
  await expect(verify()).rejects.toBeInstanceOf(WebhookVerificationError);
  await expect(verify()).rejects.toMatchObject({ reason });
});

test("a secret that is none is refused without being in the message", async () => {
  const verify = verifyWebhook(sign([secret]), body, "whsec_%secret");
  await expect(verify).rejects.toThrow(TypeError);
  await expect(verify).rejects.not.toThrow(/%secret/);
});

test("a tolerance decides how old a message may be", async () => {
  const headers = sign([secret], { at: new Date(Date.now() - 400_000) });
  expect(await verifyWebhook(headers, body, secret, { toleranceSeconds: 900 })).toEqual(event);
});
