import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../src/platform/log.ts", import.meta.url).href;

/** What a process writes to standard output that runs `script` with a logger `log`. */
function run(script: string): Record<string, unknown>[] {
  const program = `import { createLogger } from ${JSON.stringify(moduleUrl)};
    const log = createLogger({ level: "info", format: "json" });
    ${script}`;
  const told = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  return told
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("the log has every line, in order, also of a process that ends in the turn that logged", () => {
  const lines = run(`for (let turn = 0; turn < 3; turn += 1) {
      log.info({ turn }, "first");
      log.info({ turn }, "second");
      await new Promise(setImmediate);
    }
    log.error("last words");
    process.exit();`);
  expect(lines.map(({ turn, msg }) => [turn, msg])).toEqual([
    ...[0, 1, 2].flatMap((turn) => [
      [turn, "first"],
      [turn, "second"],
    ]),
    [undefined, "last words"],
  ]);
});

test("the log has what was logged before a process died of an error that nobody caught", () => {
  const script = `setTimeout(() => {
      log.warn("before");
      throw new Error("nobody catches this");
    });`;
  expect(() => run(script)).toThrow(expect.objectContaining({ stdout: expect.stringContaining('"msg":"before"') }));
});
