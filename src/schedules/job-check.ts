import type { JobReference, JobVerdict } from "../engines/engine.ts";
import type { Job } from "../engines/job.ts";
import type { Engines } from "../engines/registry.ts";
import { type StoragesForRuns, toRunStorage } from "../engines/run-storage.ts";
import type { RunStorage } from "../kinds/kind.ts";
import { requireKind } from "../kinds/kinds.ts";
import type { Clock } from "../platform/clock.ts";
import { type Failure, fail } from "../platform/failure.ts";
import type { Logger } from "../platform/log.ts";
import { answerInTime } from "../platform/outbound/answer-in-time.ts";
import { unknownEngine, unknownStorage } from "./errors.ts";

/** Whoever saves a schedule waits for it. */
const patienceSeconds = 5;

interface JobCheckNeeds {
  readonly engines: Engines;
  readonly storages: StoragesForRuns;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What of a schedule its engine judges. */
export interface CheckedJob {
  readonly name: string;
  readonly kind: number;
  readonly engine: string;
  readonly job: Job;
  readonly params: Record<string, unknown>;
}

/**
 * Lets the engine judge the job and the run config that sessions of the schedule would have. When it gives no answer in time the
 * schedule is taken as it is, and its sessions will tell.
 *
 * @throws VALIDATION_ERROR with what the engine said, each at its place in the schedule
 */
export async function checkJob(needs: JobCheckNeeds, checked: CheckedJob): Promise<void> {
  const engine = needs.engines.find(checked.engine);
  if (engine === undefined)
    throw unknownEngine(
      checked.engine,
      needs.engines.all.map(({ name }) => name),
    );
  const storage = await findStorage(needs, checked);
  if (storage === "disabled") return;
  const reference = toReference(checked, storage, needs.clock.now());
  const verdict = await answerInTime<JobVerdict>(engine.checkJob(reference), patienceSeconds, () => ({
    verdict: "unanswered",
    message: `The engine ${engine.name} gave no answer within ${patienceSeconds} s`,
  }));
  switch (verdict.verdict) {
    case "accepted":
      return;
    case "unanswered":
      needs.log.warn(
        { schedule: checked.name, engine: engine.name, reason: verdict.message },
        "job could not be checked",
      );
      return;
    case "refused":
      throw toFailure(verdict.issues);
    default:
      verdict satisfies never;
  }
}

/** Of a disabled one no session will be launched, and so none can be judged. @throws VALIDATION_ERROR for one that is not there */
async function findStorage(
  { storages }: JobCheckNeeds,
  { kind, params }: CheckedJob,
): Promise<RunStorage | "disabled" | null> {
  const id = requireKind(kind).findStorageId(params);
  if (id === null) return null;
  const storage = toRunStorage(id, (await storages.findStoragesForRuns([id])).get(id));
  if (!("code" in storage)) return storage;
  if (storage.code === "STORAGE_MISSING") throw unknownStorage(id);
  return "disabled";
}

function toFailure(issues: Extract<JobVerdict, { verdict: "refused" }>["issues"]): Failure {
  const told = issues.map(({ path, message, code }) => ({ path: toPointer(path), message, code }));
  return fail("VALIDATION_ERROR", `The request is not valid: ${told[0]?.path} ${told[0]?.message}`, { issues: told });
}

/** RFC 6901, section 3. */
function toPointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The nil UUID (RFC 9562, section 5.9): a session as there might be one. */
const nobody = "00000000-0000-0000-0000-000000000000";

function toReference(
  { name, kind: number, job, params }: CheckedJob,
  storage: RunStorage | null,
  now: Date,
): JobReference {
  const kind = requireKind(number);
  const context = {
    sessionId: nobody,
    scheduleId: nobody,
    scheduleName: name,
    attempt: 1,
    slot: now,
    dataIntervalStart: now,
    storage,
  };
  const runConfig = kind.toRunConfig(params, context);
  return { kind: number, job, runConfig, runConfigOf: kind.runConfigOf, tags: kind.toTags(params) };
}
