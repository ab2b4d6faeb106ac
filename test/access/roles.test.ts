import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listRoutes } from "../../src/compose/program.ts";
import { type Role, roleSchema } from "../../src/platform/resource/caller.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

/** As in the contract: the roles that may, beside the admin. */
const mayAlso: Readonly<Record<Role | "any", readonly Role[]>> = {
  any: ["viewer", "meter", "operator"],
  viewer: ["viewer", "operator"],
  meter: ["meter"],
  operator: ["operator"],
  admin: [],
};

const routes = listRoutes().map(({ spec }) => ({
  method: spec.method,
  path: spec.path,
  role: spec.role as Role | "any",
  name: `${spec.method} ${spec.path}`,
}));

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp("postgres");
});
afterAll(() => app.close());

describe.each(routes)("$name", ({ method, path, role }) => {
  const asked = path.replace(/\{\w+\}/g, () => randomUUID());
  const pathUser = path.includes("{UserId}") ? asked.split("/")[4] : null;

  test("refuses callers without authentication", async () => {
    expect(await app.request(method, asked, undefined, { role: null })).toMatchObject({
      status: 401,
      body: { error_code: "UNAUTHENTICATED", x_user: pathUser, details: null },
    });
  });

  test.each(roleSchema.options)("accepts or refuses the role %s as its spec says", async (asking) => {
    const answer = await app.request(method, asked, undefined, { role: asking });
    if (asking === "admin" || mayAlso[role].includes(asking)) expect([401, 403]).not.toContain(answer.status);
    else
      expect(answer).toMatchObject({
        status: 403,
        body: { error_code: "FORBIDDEN", x_user: pathUser ?? asking, details: { required_role: role } },
      });
  });
});

const isMetering = (path: string) => /\{UserId\}\/(usage|reservations)/.test(path);

test("viewers may read; callers with the role meter may read what metering needs", () => {
  for (const { method, path, role } of routes.filter(({ method }) => method === "GET")) {
    const expected = path === "/eom/admin/me" || isMetering(path) ? "any" : "viewer";
    expect(role, `${method} ${path}`).toBe(expected);
  }
});

test("admins may change; operators may use switches, and callers with the role meter may meter", () => {
  for (const { method, path, role } of routes.filter(({ method }) => method !== "GET")) {
    const isSwitch = /\/(enable|disable|trigger|cancel|retry|test|redrive|bulk)$/.test(path);
    const expected = isMetering(path) && !path.endsWith("/adjust") ? "meter" : isSwitch ? "operator" : "admin";
    expect(role, `${method} ${path}`).toBe(expected);
  }
});
