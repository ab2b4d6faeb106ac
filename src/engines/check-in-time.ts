import { answerInTime } from "../platform/outbound/answer-in-time.ts";
import type { Engine, EngineCheck } from "./engine.ts";

/** Whoever asks is a person or a probe: later, and they have gone. */
const patienceSeconds = 5;

/** An engine's check for those who must have an answer: one that hangs or throws is an answer too. Never rejects. */
export function checkInTime(engine: Engine, seconds = patienceSeconds): Promise<EngineCheck> {
  // What was thrown may hold what is nobody's business; the engine itself says in a sentence what it can.
  const check = Promise.try(() => engine.check()).catch(() =>
    toFailing(`The engine ${engine.name} could not be asked`),
  );
  return answerInTime(check, seconds, () => toFailing(`The engine ${engine.name} gave no answer within ${seconds} s`));
}

function toFailing(detail: string): EngineCheck {
  return { state: "failing", detail };
}
