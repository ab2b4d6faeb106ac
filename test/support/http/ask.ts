import type { TestApp } from "./app.ts";

/** Sends requests as an admin with a token of its own, and returns the raw response: for bodies that are not JSON. */
export async function createAsk(app: TestApp): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const { body } = await app.request("POST", "/eom/admin/tokens", { label: "asks", role: "admin" });
  return async (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${body.token}`);
    return app.fetch(path, { ...init, headers });
  };
}
