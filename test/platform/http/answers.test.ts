import { describe, expect, test } from "vitest";
import { created, noContent, ok } from "../../../src/platform/http/answers.ts";

describe("answers", () => {
  test("have the object's version where it has one", () => {
    expect(ok({ id: "a", version: 3 })).toStrictEqual({ status: 200, body: { id: "a", version: 3 }, version: 3 });
    expect(ok({ id: "a" })).toStrictEqual({ status: 200, body: { id: "a" } });
  });

  test("name the place of a created object", () => {
    expect(created("/things/a", { id: "a", version: 1 })).toStrictEqual({
      status: 201,
      body: { id: "a", version: 1 },
      version: 1,
      headers: { location: "/things/a" },
    });
  });

  test("have no body after a delete", () => {
    expect(noContent()).toStrictEqual({ status: 204 });
  });
});
