import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";

const moduleUrl = new URL("../../src/platform/watchdog.ts", import.meta.url).href;

let children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
});

/** A process with a watchdog of three seconds, which prints `ready` and then runs `script`. */
async function launch(
  script: string,
  { args = [], errors = "pipe" }: { args?: string[]; errors?: "pipe" | number } = {},
) {
  const program = `import { startWatchdog } from ${JSON.stringify(moduleUrl)};
    const watchdog = startWatchdog(3, "See the disk.");
    process.stdin.once("data", () => { console.log("alive"); process.exit(0); });
    console.log("ready");
    ${script}`;
  const child = spawn(process.execPath, [...args, "--input-type=module", "--eval", program], {
    stdio: ["pipe", "pipe", errors],
  });
  if (child.stdin === null || child.stdout === null) throw new Error("no pipes to the process");
  const { stdin, stdout } = child;
  children.push(child);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  expect((await lines.next()).value).toBe("ready");
  const ask = async () => {
    stdin.write("?");
    return (await lines.next()).value;
  };
  return { child, ended, ask };
}

const spin = "setTimeout(() => { for (;;); }, 10);";

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}

test("the watchdog kills a process whose loop stands still, with a line on standard error", async () => {
  const { child, ended } = await launch(spin);
  expect(await read(child.stderr as NodeJS.ReadableStream)).toBe(
    "eom: the event loop has stood still for 3 s, so the watchdog ends this process. See the disk.\n",
  );
  expect(await ended).toEqual([null, "SIGKILL"]);
});

test("the watchdog kills a process although nobody reads its standard error", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eom-watchdog-"));
  const path = join(folder, "fifo");
  execFileSync("mkfifo", [path]);
  const pipe = openSync(path, constants.O_RDWR);
  const { ended } = await launch(
    `const { openSync, writeSync, constants } = await import("node:fs");
    const errors = openSync(${JSON.stringify(path)}, constants.O_WRONLY | constants.O_NONBLOCK);
    try { for (;;) writeSync(errors, "x".repeat(4096)); } catch {}
    ${spin}`,
    { errors: pipe },
  );
  expect(await ended).toEqual([null, "SIGKILL"]);
  closeSync(pipe);
  rmSync(folder, { recursive: true });
});

test("the watchdog leaves a process that was stopped for longer, that works, and that is debugged", async () => {
  const stopped = await launch("setInterval(() => {}, 1000);");
  const debugged = await launch(spin, { args: ["--inspect=127.0.0.1:0"] });
  const working = await launch("setInterval(() => {}, 1000);");
  const unwatched = await launch(`await watchdog.stop(); ${spin}`);
  stopped.child.kill("SIGSTOP");
  // Its limit is a clock for the others.
  const [clock, further] = [await launch(spin), await launch(spin)];
  await Promise.all([clock.ended, further.ended]);
  stopped.child.kill("SIGCONT");
  expect(await stopped.ask()).toBe("alive");
  expect(await working.ask()).toBe("alive");
  for (const { child } of [debugged, unwatched]) expect([child.exitCode, child.signalCode]).toEqual([null, null]);
});
