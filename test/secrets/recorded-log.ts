import { createLogger, type Logger } from "../../src/platform/log.ts";

export interface RecordedLog {
  readonly log: Logger;
  readonly lines: readonly string[];
  /** Resolves when a line that has not yet been waited for, and contains `text`, was or is written. */
  line(text: string): Promise<string>;
}

/** A logger whose lines can be read, and waited for. */
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
