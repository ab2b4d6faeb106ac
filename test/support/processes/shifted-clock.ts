import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The clock of one process, which a test sets while the process runs. */
export interface ShiftedClock {
  /** For startEom: variables of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets it to the machine's clock plus `seconds`. */
  set(seconds: number): void;
  remove(): void;
}

/** A clock that is ahead of the machine's by `seconds` from the start of the process. */
export function createShiftedClock(seconds = 0): ShiftedClock {
  const folder = mkdtempSync(join(tmpdir(), "eom-clock-"));
  const file = join(folder, "seconds");
  const preload = new URL("./shifted-date.ts", import.meta.url);
  const set = (ahead: number) => {
    // By a rename: the process must never read half a number.
    writeFileSync(`${file}.new`, String(ahead));
    renameSync(`${file}.new`, file);
  };
  set(seconds);
  return {
    environment: { NODE_OPTIONS: `--import=${preload.href}`, TEST_SHIFT_FILE: file },
    set,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
