import type { CallOptions } from "./call-options.ts";
import { PreconditionFailedError } from "./connection/errors.ts";

type Operation = (...args: readonly unknown[]) => unknown;
type Change = (present: unknown) => unknown;

/** Other changes that may come between, before the edit gives up: more is a loop of two programs that undo each other. */
const maxEdits = 10;

/**
 * Makes `edit(id, change, options)` of `get` and `update`.
 *
 * @throws PreconditionFailedError when ten other changes came between; what `change`, `get` and `update` throw
 */
export function createEdit(get: Operation, update: Operation): Operation {
  return async (id: unknown, change: unknown, options: unknown) => {
    for (let edits = 1; ; edits += 1) {
      const present = (await get(id, options)) as { readonly version: number };
      const fields = await (change as Change)(present);
      if (fields === null) return present;
      try {
        return await update(id, fields, { ...(options as CallOptions | undefined), ifMatch: present });
      } catch (error) {
        if (!(error instanceof PreconditionFailedError) || edits === maxEdits) throw error;
      }
    }
  };
}
