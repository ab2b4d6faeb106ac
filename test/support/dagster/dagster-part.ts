import { spawn } from "node:child_process";
import { type OwnedChild, own, partBinary, until } from "../../../scripts/parts/child.ts";
import { partPatience } from "../time-limits.ts";

/** A process of Dagster, with all processes that it started. */
export interface DagsterPart {
  /** Starts it, and waits until it serves. Does nothing while it runs. */
  start(): Promise<void>;
  /** Kills it and all processes that it started, as a crash of the machine would. Does nothing after its end. */
  kill(): Promise<void>;
}

interface PartNeeds {
  readonly environment: Record<string, string>;
  isReady(): Promise<boolean>;
}

/**
 * Creates a part that is not started.
 *
 * @param name for errors
 * @param program a program of the virtual environment
 */
export function createPart(name: string, program: string, args: readonly string[], needs: PartNeeds): DagsterPart {
  let running: { readonly child: OwnedChild; readonly killGroup: () => void } | null = null;
  const kill = async () => {
    const ending = running;
    running = null;
    if (ending === null) return;
    process.off("exit", ending.killGroup);
    ending.killGroup();
    await ending.child.stop();
  };
  const start = async () => {
    if (running !== null) return;
    running = launch(name, program, args, needs.environment);
    try {
      await Promise.race([until(name, needs.isReady, partPatience.timeout / 1000), running.child.failed]);
    } catch (error) {
      await kill();
      throw error;
    }
  };
  return { start, kill };
}

/** Starts the program in a process group of its own, so that the runs that it starts can be killed with it. */
function launch(name: string, program: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(partBinary("dagster", `venv/bin/${program}`), args, {
    env,
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const killGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // The group has ended.
    }
  };
  process.once("exit", killGroup);
  return { child: own(child, name), killGroup };
}
