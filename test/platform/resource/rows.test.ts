import { describe, expect, test } from "vitest";
import { fail } from "../../../src/platform/failure.ts";
import { requireRow } from "../../../src/platform/resource/rows.ts";

const notFound = (id: string) => fail("QUOTA_NOT_FOUND", `Quota with id '${id}' does not exist`, null);
const known = "0190b5ba-8ac8-7000-8000-000000000001";

describe("requireRow", () => {
  test("returns the row that the id finds", async () => {
    expect(await requireRow(known, async (id) => ({ id }), notFound)).toEqual({ id: known });
  });

  test("throws the room's failure when there is no such row", async () => {
    await expect(requireRow(known, async () => undefined, notFound)).rejects.toMatchObject({ code: "QUOTA_NOT_FOUND" });
  });

  test("does not ask the database for an id that is no UUID", async () => {
    const ask = async () => expect.unreachable();
    await expect(requireRow("1; drop table", ask, notFound)).rejects.toMatchObject({ code: "QUOTA_NOT_FOUND" });
  });
});
