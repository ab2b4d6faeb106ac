import { setTimeout as delay } from "node:timers/promises";

/** The answer, or, after so many seconds, what stands for none. Rejects with what the answer rejects with. */
export async function answerInTime<Answer>(
  answer: Promise<Answer>,
  seconds: number,
  toNone: () => Answer,
): Promise<Answer> {
  const answered = new AbortController();
  const silence = delay(seconds * 1000, undefined, { signal: answered.signal }).then(toNone);
  try {
    return await Promise.race([answer, silence]);
  } finally {
    answered.abort();
    await silence.catch(() => {});
  }
}
