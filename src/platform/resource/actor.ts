import type { Actor } from "../audit/record.ts";
import type { Caller } from "./caller.ts";

/** The actor of a request, for the audit trail. */
export function toActor({ caller, requestId }: { caller: Caller; requestId: string }): Actor {
  return { subject: caller.subject, onBehalfOf: caller.onBehalfOf, requestId };
}
