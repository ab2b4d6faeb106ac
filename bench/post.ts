import { randomUUID } from "node:crypto";

/** With an Idempotency-Key of its own, which also takes the place of each `{key}` in the body. */
export function toPost(path: string, headers: Readonly<Record<string, string>>, body: string) {
  const key = randomUUID();
  return {
    method: "POST",
    path,
    headers: { ...headers, "content-type": "application/json", "idempotency-key": key },
    body: body.replaceAll("{key}", key),
  } as const;
}
