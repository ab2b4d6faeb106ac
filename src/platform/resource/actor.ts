import type { Actor } from "../audit/record.ts";
import type { Caller } from "./caller.ts";

/** Who is behind a request, for the audit trail. */
export function toActor({ caller, requestId }: { caller: Caller; requestId: string }): Actor {
  return { subject: caller.subject, onBehalfOf: caller.onBehalfOf, requestId };
}
