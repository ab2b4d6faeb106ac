import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** Beside this file, `.ts` in the checkout and `.js` in the package. */
const mainFile = join(import.meta.dirname, `../main${extname(import.meta.filename)}`);

/** A running EOM and its first token. */
export interface EomProcess {
  readonly url: string;
  readonly token: string;
  ask<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Body }>;
  /** Returns early when the demo is stopped. */
  pause(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** Runs `eom start` on a free port in a process of its own, and reads its address and token from its output. */
export async function startEom(dataDir: string, signal: AbortSignal): Promise<EomProcess> {
  const child = spawn(process.execPath, [mainFile, "start"], {
    // Ctrl-C signals every process of the terminal; detached, EOM ends when the demo stops it.
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      EOM_DATA_DIR: dataDir,
      EOM_PORT: "0",
      EOM_LOG_LEVEL: "warn",
      EOM_LOG_FORMAT: "json",
    },
  });
  const exited = once(child, "exit");
  const { url, token } = await readBanner(child.stdout);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return {
    url,
    token,
    async ask(method, path, body, more = {}) {
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...more },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    },
    pause: (milliseconds) => delay(milliseconds, undefined, { signal }).catch(() => {}),
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function readBanner(output: NodeJS.ReadableStream): Promise<{ url: string; token: string }> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: output })) {
    lines.push(line);
    const text = lines.join("\n");
    const url = /API +(\S+)/.exec(text)?.[1];
    const token = /shown this once: (\S+)/.exec(text)?.[1];
    if (url !== undefined && token !== undefined) {
      output.on("data", () => {}).resume();
      return { url, token };
    }
  }
  throw new Error(`EOM did not start:\n${lines.join("\n")}`);
}
