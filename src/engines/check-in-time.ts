import { answerWithin } from "../platform/outbound/answer-within.ts";
import type { Engine, EngineCheck } from "./engine.ts";

/** A person or a health probe waits for the answer, and gives up soon after. */
const defaultSeconds = 5;

/**
 * Checks an engine within a time limit. A check that hangs or throws becomes a `failing` answer, so the promise never rejects.
 *
 * @param seconds 5 unless given
 */
export function checkInTime(engine: Engine, seconds = defaultSeconds): Promise<EngineCheck> {
  // The thrown message may contain a credential. An engine describes expected faults in its answer.
  const check = async () => {
    try {
      return await engine.check();
    } catch {
      return toFailing(`The engine ${engine.name} could not be asked`);
    }
  };
  return answerWithin(seconds, check, () => toFailing(`The engine ${engine.name} gave no answer within ${seconds} s`));
}

function toFailing(detail: string): EngineCheck {
  return { state: "failing", detail };
}
