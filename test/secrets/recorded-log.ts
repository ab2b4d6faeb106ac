import { createLogger, type Logger } from "../../src/platform/log.ts";

/** A logger and its lines. */
export interface RecordedLog {
  readonly log: Logger;
  readonly lines: readonly string[];
  /** The first line after the last awaited one that contains `text`; waits until it is written. */
  line(text: string): Promise<string>;
}

/** A logger whose lines can be read and awaited. */
export function createRecordedLog(): RecordedLog {
  const lines: string[] = [];
  const unread: string[] = [];
  let wake: (() => void) | null = null;
  const write = (line: string) => {
    lines.push(line);
    unread.push(line);
    wake?.();
  };
  const line = async (text: string): Promise<string> => {
    for (;;) {
      const index = unread.findIndex((each) => each.includes(text));
      if (index >= 0) return unread.splice(0, index + 1).at(-1) ?? "";
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { log: createLogger({ level: "debug", format: "json" }, { write }), lines, line };
}
