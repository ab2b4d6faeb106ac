import { test as base, describe, expect } from "vitest";
import { databaseKinds } from "../../support/database/database.ts";
import { createTestApp } from "../../support/http/app.ts";

for (const kind of databaseKinds) {
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
  const test = base.extend("app", { scope: "file" }, async ({}, file) => {
    const app = await createTestApp(kind);
    file.onCleanup(() => app.close());
    for (const [name, type, value] of [
      ["a", "MaxOrderTimes", { max_order_times: 1 }],
      ["b", "MaxSize", { max_size: 1 }],
    ]) {
      const { body } = await app.request("POST", "/eom/admin/quotas", { name, type, value });
      for (const user of ["u1", "u2"])
        await app.request("POST", `/eom/admin/users/${user}/quotas`, { quota_id: body.id });
    }
    return app;
  });

  describe(`a cursor on ${kind}`, () => {
    test("is accepted by its own list alone, with its filters and order, and in other page sizes", async ({ app }) => {
      const list = async (path: string, query: string) => {
        const { status, body } = await app.request("GET", `${path}?size=1&${query}`);
        return { status, ids: body.data?.map(({ name }: { name: string }) => name), cursor: body.next_cursor };
      };
      const [quotas, first, second] = ["/eom/admin/quotas", "/eom/admin/users/u1/quotas", "/eom/admin/users/u2/quotas"];
      const { cursor } = await list(first, "enable=true");
      expect(await list(first, `enable=true&cursor=${cursor}`)).toEqual({ status: 200, ids: ["b"], cursor: null });
      expect(await list(first, `filter[enable]=1&asc=1&cursor=${cursor}`)).toMatchObject({ status: 200, ids: ["b"] });
      for (const [path, query] of [
        [second, "enable=true"],
        [quotas, "enable=true"],
        ["/eom/admin/storages", "enable=true"],
        [first, "enable=false"],
        [first, ""],
        [first, "enable=true&asc=false"],
        [first, "enable=true&sortby=type"],
      ] as const) {
        const { status, body } = await app.request("GET", `${path}?${query}&cursor=${cursor}`);
        expect([status, body.details?.issues?.[0]?.code], `${path}?${query}`).toEqual([400, "cursor_of_another_list"]);
      }
    });

    test("is refused if it was changed or made by somebody else", async ({ app }) => {
      const path = "/eom/admin/quotas?size=1&sortby=created";
      const { next_cursor } = (await app.request("GET", path)).body;
      const [binding, value, id, signature] = JSON.parse(Buffer.from(next_cursor, "base64url").toString());
      for (const forged of [
        [binding, "no time", id, signature],
        [binding, value, "01a209ba-d02e-741b-a63b-6063454757eb", signature],
        [binding, value, id, ""],
        [binding, value, id, Buffer.from(signature, "base64url").subarray(1).toString("base64url")],
        [binding, value, id],
        "text",
        null,
      ]) {
        const cursor = Buffer.from(JSON.stringify(forged)).toString("base64url");
        const { status, body } = await app.request("GET", `${path}&cursor=${cursor}`);
        expect([status, body.details.issues[0].code], JSON.stringify(forged)).toEqual([400, "invalid_cursor"]);
      }
      expect((await app.request("GET", `${path}&cursor=${next_cursor}`)).status).toBe(200);
    });
  });
}
