import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const moduleUrl = new URL("../../src/platform/log.ts", import.meta.url).href;

/** The lines that a process writes to standard output when it runs `script` with a logger `log`. */
function run(script: string): Record<string, unknown>[] {
  const program = `import { createLogger } from ${JSON.stringify(moduleUrl)};
    const log = createLogger({ level: "info", format: "json" });
    ${script}`;
  const answer = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  return answer
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("the log has every line in order, also if the process ends in the turn that logged it", () => {
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

test("the log has the lines before an uncaught error ended the process", () => {
  const script = `setTimeout(() => {
      log.warn("before");
      throw new Error("nobody catches this");
    });`;
  expect(() => run(script)).toThrow(expect.objectContaining({ stdout: expect.stringContaining('"msg":"before"') }));
});
