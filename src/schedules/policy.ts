import { withoutUndefined } from "../platform/resource/partial.ts";
import { z } from "../platform/resource/schema.ts";
import { dstPolicyFields } from "../timing/model.ts";

const daySeconds = 86_400;

const policyFields = {
  overlap: z.enum(["skip", "queue", "allow", "cancel_previous"]).openapi({
    description:
      "A slot that comes while another session of the schedule is under way: skip it, queue it (one slot at most waits), " +
      "allow it to start beside the other, or cancel the other first. Manual sessions always start.",
  }),
  misfire: z.enum(["skip", "latest", "all"]).openapi({
    description: "Missed slots (older than 10 seconds when a worker first looks): which of them still run.",
  }),
  catch_up_seconds: z
    .int()
    .min(0)
    .max(30 * daySeconds)
    .openapi({ description: "A missed slot that is older than this never runs." }),
  max_catch_up: z
    .int()
    .min(1)
    .max(1000)
    .openapi({ description: "With misfire all: at most this many missed slots run, the newest." }),
  spread_seconds: z.int().min(0).max(daySeconds).openapi({
    description:
      "Each schedule starts up to this many seconds after its slot, always by the same amount, and always before its next slot.",
  }),
  ...dstPolicyFields,
  max_retries: z
    .int()
    .min(0)
    .max(100)
    .openapi({ description: "How often a run that failed, was lost or timed out is tried again." }),
  retry_delay_seconds: z.int().min(1).max(daySeconds).openapi({
    description: "Delay before the first retry. It doubles for each further one, up to a day; half of it is random.",
  }),
  launch_timeout_seconds: z
    .int()
    .min(1)
    .max(7 * daySeconds)
    .openapi({ description: "How long a launched run may wait in its engine before it starts." }),
  max_runtime_seconds: z
    .int()
    .min(1)
    .max(30 * daySeconds)
    .nullable()
    .openapi({ description: "A run that takes longer is ended; null: no limit." }),
  max_sessions: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .nullable()
    .openapi({ description: "The schedule is over after this many slots have become sessions; null: never." }),
  max_consecutive_failures: z
    .int()
    .min(1)
    .max(1000)
    .nullable()
    .openapi({ description: "The schedule is disabled after this many failures in a row; null: never." }),
};

export const policySchema = z
  .object(policyFields)
  .openapi("Policy", { description: "How a schedule treats its slots and runs." });

/** How a schedule treats its slots and runs; every field has a value. */
export type Policy = z.output<typeof policySchema>;

/** The policy of a schedule whose create request gives none. */
export const defaultPolicy: Policy = {
  overlap: "skip",
  misfire: "latest",
  catch_up_seconds: 3600,
  max_catch_up: 100,
  spread_seconds: 0,
  dst_gap: "shift",
  dst_overlap: "first",
  max_retries: 0,
  retry_delay_seconds: 60,
  launch_timeout_seconds: 900,
  max_runtime_seconds: null,
  max_sessions: null,
  max_consecutive_failures: null,
};

/** An omitted field keeps its value; on create it gets its default. */
export const policyChangeSchema = z
  .strictObject(policyFields)
  .partial()
  .openapi("PolicyChange", {
    description: `An omitted field keeps its value; in a new schedule it has its default: ${listDefaults()}.`,
  });

function listDefaults(): string {
  return Object.entries(defaultPolicy)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

/** A policy with the given fields of a change. */
export function mergePolicy(policy: Policy, change: z.output<typeof policyChangeSchema>): Policy {
  return { ...policy, ...withoutUndefined(change) };
}
