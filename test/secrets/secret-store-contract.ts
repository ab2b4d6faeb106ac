import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createId } from "../../src/platform/id.ts";
import type { SecretStore } from "../../src/secrets/store.ts";
import { catchError, expectNoTrace } from "./traces.ts";

interface StartedStore {
  readonly store: SecretStore;
  /** Closes the store and its server or database. */
  stop(): Promise<void>;
}

const labels = { storage_id: "01a209ba-d02e-741b-a63b-6063454757eb" };
const secret = { secret_access_key: "canary-wJalrXUtnFEMI/K7MDENG+bPxRfiCY", session_token: "canary-IQoJb3JpZ2luX2Vj" };

/** The guarantees of every secret store. */
export function describeSecretStore(name: string, start: () => Promise<StartedStore>): void {
  describe(`secret store ${name}`, () => {
    let started: StartedStore;
    let store: SecretStore;
    beforeAll(async () => {
      started = await start();
      store = started.store;
    });
    afterAll(() => started.stop());

    test("can be used", async () => {
      expect(await store.check()).toBeNull();
    });

    test("returns a stored secret", async () => {
      const ref = newRef();
      await store.create(ref, secret, labels);
      expect(await store.find(ref)).toEqual(secret);
    });

    test("returns null for a reference without a secret", async () => {
      expect(await store.find(newRef())).toBeNull();
    });

    test("keeps the secrets of different references apart", async () => {
      const [first, second] = [newRef(), newRef()];
      await store.create(first, { key: "first" }, labels);
      await store.create(second, { key: "second" }, labels);
      await store.delete(first);
      expect(await store.find(first)).toBeNull();
      expect(await store.find(second)).toEqual({ key: "second" });
    });

    test("returns null after a delete", async () => {
      const ref = newRef();
      await store.create(ref, secret, labels);
      await store.delete(ref);
      expect(await store.find(ref)).toBeNull();
    });

    test("deletes a secret that is gone or never existed", async () => {
      const ref = newRef();
      await store.create(ref, secret, labels);
      await store.delete(ref);
      await store.delete(ref);
      await store.delete(newRef());
    });

    test("accepts the same secret again, in any order of its fields", async () => {
      const ref = newRef();
      await store.create(ref, { a: "1", b: "2" }, labels);
      await store.create(ref, { b: "2", a: "1" }, labels);
      expect(await store.find(ref)).toEqual({ a: "1", b: "2" });
    });

    test.each([
      ["another value", { ...secret, session_token: "canary-other-one" }],
      ["a field less", { secret_access_key: secret.secret_access_key }],
      ["a field more", { ...secret, more: "" }],
    ])("refuses %s under a reference that is taken, and keeps the first", async (_, other) => {
      const ref = newRef();
      await store.create(ref, secret, labels);
      const error = await catchError(store.create(ref, other, labels));
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toContain("was used before");
      expectNoTrace(error, [...Object.values(secret), "canary-other-one"]);
      expect(await store.find(ref)).toEqual(secret);
    });

    test("recognises the same and another secret of one letter, whatever words the store answers with", async () => {
      for (const letter of "etaoinshrdluc-") {
        const ref = newRef();
        await store.create(ref, { key: letter }, labels);
        await store.create(ref, { key: letter }, labels);
        expect(await catchError(store.create(ref, { key: `${letter}${letter}` }, labels))).toMatchObject({
          message: expect.stringContaining("was used before"),
        });
      }
    });

    test("accepts exactly one of many different secrets under one reference at once, whole", async () => {
      const ref = newRef();
      const secrets = Array.from({ length: 8 }, (_, index) => ({ key: `canary-key-${index}`, id: `${index}` }));
      const outcomes = await Promise.allSettled(secrets.map((each) => store.create(ref, each, labels)));
      const winners = secrets.filter((_, index) => outcomes[index]?.status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect(await store.find(ref)).toEqual(winners[0]);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expectNoTrace(outcome.reason, ["canary-key-"]);
      }
    });

    test("accepts the same secret from many writers at once", async () => {
      const ref = newRef();
      await Promise.all(Array.from({ length: 8 }, () => store.create(ref, secret, labels)));
      expect(await store.find(ref)).toEqual(secret);
    });

    test("returns every text unchanged", async () => {
      const odd = {
        "": "empty name",
        empty: "",
        "name with spaces/and slashes.": " spaces around ",
        unicode: "Zürich – 東京 🗝️ \u{1F468}\u200D\u{1F469}",
        composed: "é e\u0301",
        signs: "\"'\\`$&{}<>%00%2F?#;--\u2028\u2029",
        controls: "\u0000\u0001\t\r\n\u007f",
        json: '{"a":[null]}',
        number: "1e3",
        long: "x".repeat(20_000),
      };
      const ref = newRef();
      await store.create(ref, odd, labels);
      expect(await store.find(ref)).toEqual(odd);
    });

    test("accepts secrets with and without labels", async () => {
      const ref = newRef();
      await store.create(ref, secret, { storage_name: "Zürich – 東京", deployment: createId() });
      await store.create(newRef(), secret, {});
      expect(await store.find(ref)).toEqual(secret);
    });

    test("can be closed twice", async () => {
      const other = await start();
      await other.store.close();
      await other.store.close();
      await other.stop();
    });
  });
}

/** A new reference, in the form of those of storages. */
export function newRef(): string {
  return `${createId()}/storages/${createId()}/${createId()}`;
}
