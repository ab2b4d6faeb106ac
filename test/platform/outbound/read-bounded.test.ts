import { describe, expect, test } from "vitest";
import { BodyTooLarge, readBounded } from "../../../src/platform/outbound/read-bounded.ts";

describe("readBounded", () => {
  /** Sends chunks of three bytes until nobody reads on. */
  async function* send(chunks: number, seen: { sent: number; closed: boolean }) {
    try {
      for (; seen.sent < chunks; seen.sent += 1) yield Buffer.from("abc");
    } finally {
      seen.closed = true;
    }
  }

  test("reads a body of exactly the limit", async () => {
    const seen = { sent: 0, closed: false };
    expect((await readBounded(send(2, seen), 6)).toString()).toBe("abcabc");
  });

  test("stops reading and closes the body at the first chunk beyond the limit", async () => {
    const seen = { sent: 0, closed: false };
    await expect(readBounded(send(1_000, seen), 5)).rejects.toThrow(new BodyTooLarge(5));
    expect(seen).toEqual({ sent: 1, closed: true });
  });

  test("takes no body for an empty one", async () => {
    expect(await readBounded(null, 5)).toHaveLength(0);
  });

  test("reads the body of a fetched response", async () => {
    expect((await readBounded(new Response("ok").body, 5)).toString()).toBe("ok");
  });

  test("rejects with the fault of a body that breaks off", async () => {
    const broken = async function* () {
      yield Buffer.from("abc");
      throw new Error("cut off");
    };
    await expect(readBounded(broken(), 5)).rejects.toThrow("cut off");
  });
});
