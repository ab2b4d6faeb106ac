/**
 * Preloaded into a process of a test (`--import`): its `Date` is ahead of the machine's clock by the seconds that the file
 * TEST_SHIFT_FILE names, read at each use. The process's monotonic clock and the machine's uptime stay as they are, as when
 * somebody sets the clock of one machine.
 */
import { readFileSync } from "node:fs";

const file = process.env["TEST_SHIFT_FILE"] ?? "";
const RealDate = Date;

function now(): number {
  return RealDate.now() + Number(readFileSync(file, "utf8")) * 1000;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: [], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === globalThis.Date ? target : newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});
