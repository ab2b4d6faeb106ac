import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
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

/** Logs 20 MB, answers on standard input meanwhile, and ends when that is closed. */
const chatty = `
    import { createLogger } from ${JSON.stringify(moduleUrl)};
    import { countDroppedLines } from ${JSON.stringify(new URL("../../src/platform/standard-output.ts", import.meta.url).href)};
    import { createInterface } from "node:readline";
    const log = createLogger({ level: "info", format: FORMAT });
    for (let line = 0; line < 20_000; line += 1) {
      log.info({ line, text: "x".repeat(1000) }, "much");
      if (line % 100 === 0) await new Promise(setImmediate);
    }
    for await (const question of createInterface({ input: process.stdin })) {
      process.stderr.write(countDroppedLines() + "\\n");
      log.info({ question }, "asked");
    }`;

test.each(["json", "pretty"])(
  "a process whose standard output nobody reads goes on, and says how many lines were dropped when it is read (%s)",
  async (format) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", chatty.replace("FORMAT", `"${format}"`)]);
    const answers = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
    child.stdin.write("one\n");
    const count = Number((await answers.next()).value);
    expect(count).toBeGreaterThan(15_000);
    let output = "";
    const reported = new Promise<void>((resolve) => {
      child.stdout.on("data", (text) => {
        output += text;
        if (output.includes("were dropped")) resolve();
      });
    });
    await reported;
    // The first question may have found no room.
    expect(/dropped_lines"?: ?\S*?(\d+)/.exec(stripVTControlCharacters(output))?.[1]).toMatch(
      new RegExp(`^(${count}|${count + 1})$`),
    );
    child.stdin.end("two\n");
    await once(child, "close");
    expect(output).toContain("two");
    expect(child.exitCode).toBe(0);
  },
);

test("a process goes on when the reader of its standard output has gone", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", chatty.replace("FORMAT", '"json"')]);
  child.stdout.destroy();
  child.stdin.end("one\n");
  const [count] = (await once(child.stderr, "data")) as [Buffer];
  expect(Number(count)).toBeGreaterThan(0);
  expect(await once(child, "exit")).toEqual([0, null]);
});
