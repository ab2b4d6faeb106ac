import { createRefTakenError, isSameSecret, secretSchema } from "../secret.ts";
import type { Secret } from "../store.ts";
import { assertOnlyMissing, isSuccess, readSchema, type VaultAnswer, writtenSchema } from "./answers.ts";
import { VaultFault } from "./fault.ts";
import type { VaultSession } from "./session.ts";

/** The operations on a KV version 2 mount, as SecretStore describes them. They throw VaultFault. */
export interface VaultKv {
  create(ref: string, secret: Secret, labels: Record<string, string>): Promise<void>;
  find(ref: string): Promise<Secret | null>;
  delete(ref: string): Promise<void>;
  /** The path of `ref` in Vault's policies: `secret/data/eom/…`. */
  toPath(part: "data" | "metadata", ref: string): string;
}

interface KvNeeds {
  readonly session: VaultSession;
  readonly mount: string;
  readonly pathPrefix: string;
}

/** Builds the operations. `mount` and `pathPrefix` may have slashes inside, in front and at the end. */
export function createVaultKv({ session, mount, pathPrefix }: KvNeeds): VaultKv {
  const toPath = (part: "data" | "metadata", ref: string) =>
    [...toSegments(mount), part, ...toSegments(pathPrefix), ...toRefSegments(ref)].map(encodeURIComponent).join("/");

  const find = async (ref: string): Promise<Secret | null> => {
    const answer = await session.send({ method: "GET", path: toPath("data", ref) });
    if (isSuccess(answer)) return readSecret(answer);
    if (answer.status !== 404) throw toRefusal(answer);
    assertOnlyMissing(answer);
    return null;
  };

  /**
   * Writes with `cas: 0`, which Vault refuses when the path has a secret.
   *
   * @returns null after the write; else the error to throw unless the path has the same secret
   */
  const write = async (ref: string, secret: Secret): Promise<Error | null> => {
    const path = toPath("data", ref);
    const body = { options: { cas: 0 }, data: secret };
    try {
      const answer = await session.send({ method: "POST", path, body, confidential: Object.values(secret) });
      if (writtenSchema.safeParse(answer.body).success) return null;
      // Vault has no status of its own for a refused `cas`.
      if (answer.errors.some((words) => words.includes("did not match the current version"))) {
        return createRefTakenError(ref);
      }
      // KV version 1 stores the whole request body as the secret, and answers with an empty body: remove it again.
      if (isSuccess(answer)) await session.trySend({ method: "DELETE", path });
      throw isSuccess(answer) ? new VaultFault("mount", answer.summary) : toRefusal(answer);
    } catch (error) {
      // A repeated write after a lost answer needs the right "update", which EOM does not have.
      if (error instanceof VaultFault && error.kind === "forbidden") return error;
      throw error;
    }
  };

  const requireSame = async (ref: string, secret: Secret, otherwise: Error): Promise<void> => {
    const present = await find(ref);
    if (present === null) throw otherwise;
    if (!isSameSecret(present, secret)) throw createRefTakenError(ref);
  };

  return {
    create: async (ref, secret, labels) => {
      const refusal = await write(ref, secret);
      if (refusal !== null) await requireSame(ref, secret, refusal);
      if (Object.keys(labels).length === 0) return;
      await session.trySend({ method: "POST", path: toPath("metadata", ref), body: { custom_metadata: labels } });
    },
    find,
    delete: async (ref) => {
      const answer = await session.send({ method: "DELETE", path: toPath("metadata", ref) });
      if (isSuccess(answer)) return;
      if (answer.status !== 404) throw toRefusal(answer);
      assertOnlyMissing(answer);
    },
    toPath,
  };
}

function readSecret(answer: VaultAnswer): Secret | null {
  const read = readSchema.safeParse(answer.body);
  if (!read.success) throw new VaultFault("mount", answer.summary);
  if (read.data.data.data === null) return null;
  const secret = secretSchema.safeParse(read.data.data.data);
  if (!secret.success) throw new VaultFault("shape", answer.summary);
  return secret.data;
}

function toRefusal(answer: VaultAnswer): VaultFault {
  return new VaultFault(answer.status === 404 || answer.status === 405 ? "mount" : "refused", answer.summary);
}

function toSegments(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

/** `..` and empty parts would lead to another path; Vault refuses paths that end in a dot. */
function toRefSegments(ref: string): string[] {
  const segments = ref.split("/");
  if (segments.some((segment) => segment === "" || segment.endsWith("."))) {
    throw new Error(`${ref} is no reference: a part of it is empty or ends with a dot`);
  }
  return segments;
}
