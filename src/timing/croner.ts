import { Cron } from "croner";

/** The instants of an expression by croner, which throws errors of its own when it refuses it: ask {@link findCronerFault} before. */
export function createCroner(expression: string, timezone: string): Cron {
  return new Cron(expression, { timezone, mode: "5-or-6-parts", paused: true });
}

/** croner's message when it refuses the expression; null when it accepts it. */
export function findCronerFault(expression: string): string | null {
  try {
    createCroner(expression, "UTC");
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
