import type { DestinationStream } from "pino";

/** Characters that wait for the reader of standard output. A line of the log has some 300. */
const maxWaitingCharacters = 1024 * 1024;

let droppedInAll = 0;

/** Lines of the log that this process has dropped, because nobody read its standard output. */
export function countDroppedLines(): number {
  return droppedInAll;
}

/**
 * Writes the lines of one turn of the event loop at once: one write for each would take longer than the rest of a short request
 * (decision 16). It never waits for the reader: while {@link maxWaitingCharacters} wait, further lines are dropped and counted, and a
 * line says how many when there is room again. Lines logged before an exit are written at the exit.
 *
 * @param toText makes the text of a line, such as one with colours
 * @param toDropReport makes the line that reports dropped lines
 */
export function createStandardOutput(
  toText: (line: string) => string,
  toDropReport: (count: number) => string,
): DestinationStream {
  const output = process.stdout;
  let isOpen = false;
  let isClosed = false;
  let lines = "";
  let dropped = 0;

  // With the first line: a logger that is silent opens nothing.
  const open = (): void => {
    isOpen = true;
    letNotWait();
    // The reader has closed its end: whatever is logged from now on has none.
    output.on("error", () => {
      isClosed = true;
    });
    output.on("drain", report);
    process.on("exit", flush);
  };
  const flush = (): void => {
    const taken = lines;
    lines = "";
    if (taken !== "" && !isClosed) output.write(taken);
  };
  const report = (): void => {
    if (dropped === 0) return;
    const count = dropped;
    dropped = 0;
    output.write(toText(toDropReport(count)));
  };
  return {
    write(line) {
      if (!isOpen) open();
      if (isClosed || output.writableLength + lines.length > maxWaitingCharacters) {
        dropped += 1;
        droppedInAll += 1;
        return;
      }
      report();
      if (lines === "") setImmediate(flush);
      lines += toText(line);
    },
  };
}

/** Node writes to pipes and sockets without waiting, and waits for a terminal: one that is paused by Ctrl-S would stop the process. */
function letNotWait(): void {
  const { _handle: handle } = process.stdout as { _handle?: { setBlocking?(isBlocking: boolean): void } };
  if (process.stdout.isTTY) handle?.setBlocking?.(false);
}
