import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createId } from "../../src/platform/id.ts";
import type { SecretStore } from "../../src/secrets/store.ts";
import { catchError, expectNoTrace } from "./traces.ts";

interface StartedStore {
  readonly store: SecretStore;
  /** Closes the store and what it stands on. */
  stop(): Promise<void>;
}

const labels = { storage_id: "01a209ba-d02e-741b-a63b-6063454757eb" };
const secret = { secret_access_key: "canary-wJalrXUtnFEMI/K7MDENG+bPxRfiCY", session_token: "canary-IQoJb3JpZ2luX2Vj" };

/** What every secret store guarantees, whatever lies behind it. */
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

    test("gives back what was kept", async () => {
      const ref = newRef();
      await store.create(ref, secret, labels);
      expect(await store.find(ref)).toEqual(secret);
    });

    test("finds nothing where nothing was kept", async () => {
      expect(await store.find(newRef())).toBeNull();
    });

    test("keeps what one reference holds apart from every other", async () => {
      const [one, other] = [newRef(), newRef()];
      await store.create(one, { key: "one" }, labels);
      await store.create(other, { key: "other" }, labels);
      await store.delete(one);
      expect(await store.find(one)).toBeNull();
      expect(await store.find(other)).toEqual({ key: "other" });
    });

    test("finds nothing after it was deleted", async () => {
      const ref = newRef();
      await store.create(ref, secret, labels);
      await store.delete(ref);
      expect(await store.find(ref)).toBeNull();
    });

    test("deletes what is gone already, or never was", async () => {
      const ref = newRef();
      await store.create(ref, secret, labels);
      await store.delete(ref);
      await store.delete(ref);
      await store.delete(newRef());
    });

    test("takes the same secret a second time, in any order of its fields", async () => {
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

    test("takes and refuses secrets of a single letter, whatever words the store answers with", async () => {
      for (const letter of "etaoinshrdluc-") {
        const ref = newRef();
        await store.create(ref, { key: letter }, labels);
        await store.create(ref, { key: letter }, labels);
        expect(await catchError(store.create(ref, { key: `${letter}${letter}` }, labels))).toMatchObject({
          message: expect.stringContaining("was used before"),
        });
      }
    });

    test("lets one of many that write at once under one reference win, whole", async () => {
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

    test("takes the same secret from many that write it at once", async () => {
      const ref = newRef();
      await Promise.all(Array.from({ length: 8 }, () => store.create(ref, secret, labels)));
      expect(await store.find(ref)).toEqual(secret);
    });

    test("gives back any text to the letter", async () => {
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

    test("takes labels, and none", async () => {
      const ref = newRef();
      await store.create(ref, secret, { storage_name: "Zürich – 東京", deployment: createId() });
      await store.create(newRef(), secret, {});
      expect(await store.find(ref)).toEqual(secret);
    });

    test("closes twice", async () => {
      const other = await start();
      await other.store.close();
      await other.store.close();
      await other.stop();
    });
  });
}

/** As the storage service makes them. */
export function newRef(): string {
  return `${createId()}/storages/${createId()}/${createId()}`;
}
