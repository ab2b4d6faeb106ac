import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { toCanonicalJson } from "../canonical-json.ts";
import { invalid } from "../failure.ts";
import { isUuid } from "../id.ts";
import { z } from "./schema.ts";

/** The place of a row in its list: its sort value, as text that the database reads back unchanged, and its id. */
export interface RowKey {
  readonly value: string;
  /** Null where no two rows have the same value. */
  readonly id: string | null;
}

/** The cursors of one list. */
export interface Cursors {
  /** The cursor of the page after this row. @param bound all that selects and orders the rows */
  seal(key: RowKey, bound: object): string;
  /** The row that the cursor names. @throws VALIDATION_ERROR for a text that is no cursor, or a cursor of another list */
  open(cursor: string, bound: object): RowKey;
}

const cursorSchema = z.tuple([z.string(), z.string(), z.string().refine(isUuid).nullable(), z.string()]);

/**
 * Makes the cursors of one list. A cursor is signed, because the database might not be able to read a value that EOM did not
 * write (a time, say). It contains no right and no secret.
 *
 * @param key the deployment's: a cursor of one process is accepted by the others
 * @param list names the list: the template of its path, and the parameters of the path
 */
export function createCursors(key: Uint8Array, list: unknown): Cursors {
  const toBinding = (bound: object) => hash("sha256", toCanonicalJson([list, bound]), "base64url").slice(0, 16);
  const sign = (signed: readonly unknown[]) =>
    createHmac("sha256", key).update(JSON.stringify(signed)).digest().subarray(0, 16);
  return {
    seal({ value, id }, bound) {
      const signed = [toBinding(bound), value, id];
      return Buffer.from(JSON.stringify([...signed, sign(signed).toString("base64url")])).toString("base64url");
    },
    open(cursor, bound) {
      const [binding, value, id, signature] = parseCursor(cursor);
      const given = Buffer.from(signature, "base64url");
      const expected = sign([binding, value, id]);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw notACursor();
      if (binding === toBinding(bound)) return { value, id };
      throw invalid(
        "/cursor",
        "was made for another list, other filters or another order: start again without it",
        "cursor_of_another_list",
      );
    },
  };
}

function parseCursor(cursor: string): z.output<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    throw notACursor();
  }
}

function notACursor() {
  return invalid("/cursor", "is not a cursor that EOM made", "invalid_cursor");
}
