import type { Engine, JobReference, JobVerdict } from "../engines/engine.ts";
import type { Job } from "../engines/job.ts";
import type { Engines } from "../engines/registry.ts";
import { type StoragesForRuns, toRunStorage } from "../engines/run-storage.ts";
import type { RunStorage } from "../kinds/kind.ts";
import { requireKind } from "../kinds/kinds.ts";
import type { Clock } from "../platform/clock.ts";
import { type Failure, invalidRequest } from "../platform/failure.ts";
import type { Logger } from "../platform/log.ts";
import { answerWithin } from "../platform/outbound/answer-within.ts";
import { unknownEngine, unknownStorage } from "./errors.ts";

/** The request that saves the schedule waits for this answer. */
const maxSeconds = 5;

interface JobCheckNeeds {
  readonly engines: Engines;
  readonly storages: StoragesForRuns;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The part of a schedule that its engine checks. */
interface CheckedJob {
  readonly name: string;
  readonly kind: number;
  readonly engine: string;
  readonly job: Job;
  readonly params: Record<string, unknown>;
}

/**
 * Asks the engine whether it has the job, and accepts the run config that sessions of the schedule would have. If the engine does
 * not answer within 5 seconds, the schedule is accepted with a warning in the log; a wrong job then fails its sessions.
 *
 * @throws VALIDATION_ERROR with the engine's issues, each at its path in the schedule; also for an unknown engine or storage
 */
export async function checkJob(needs: JobCheckNeeds, checked: CheckedJob): Promise<void> {
  const engine = requireEngine(needs.engines, checked.engine);
  const storage = await findStorage(needs, checked);
  if (storage === "disabled") return;
  const answer = await askEngine(engine, toReference(checked, storage, needs.clock.now()));
  switch (answer.verdict) {
    case "accepted":
      return;
    case "unanswered": {
      const fields = { schedule: checked.name, engine: engine.name, reason: answer.message };
      needs.log.warn(fields, "job could not be checked");
      return;
    }
    case "refused":
      throw toFailure(answer.issues);
    default:
      answer satisfies never;
  }
}

/** @throws VALIDATION_ERROR */
function requireEngine(engines: Engines, name: string): Engine {
  const engine = engines.find(name);
  if (engine !== undefined) return engine;
  const names = engines.all.map((other) => other.name);
  throw unknownEngine(name, names);
}

/**
 * The storage of the job; null for a kind without one. A job with a disabled storage is not checked: no session of it is launched.
 *
 * @throws VALIDATION_ERROR when the storage does not exist
 */
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

function askEngine(engine: Engine, reference: JobReference): Promise<JobVerdict> {
  return answerWithin<JobVerdict>(
    maxSeconds,
    () => engine.checkJob(reference),
    () => ({ verdict: "unanswered", message: `The engine ${engine.name} gave no answer within ${maxSeconds} s` }),
  );
}

function toFailure(refused: Extract<JobVerdict, { verdict: "refused" }>["issues"]): Failure {
  const issues = refused.map(({ path, message, code }) => ({ path: toPointer(path), message, code }));
  return invalidRequest(issues);
}

/** RFC 6901, section 3. */
function toPointer(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The id of an imagined session and schedule: the nil UUID (RFC 9562, section 5.9). */
const nilId = "00000000-0000-0000-0000-000000000000";

/** The job as the first session of the schedule would ask for it, with a slot at `now`. */
function toReference(
  { name, kind: number, job, params }: CheckedJob,
  storage: RunStorage | null,
  now: Date,
): JobReference {
  const kind = requireKind(number);
  const context = {
    sessionId: nilId,
    scheduleId: nilId,
    scheduleName: name,
    attempt: 1,
    slot: now,
    dataIntervalStart: now,
    storage,
  };
  const runConfig = kind.toRunConfig(params, context);
  return { kind: number, job, runConfig, runConfigOf: kind.runConfigOf, tags: kind.toTags(params) };
}
