import { spawn } from "node:child_process";
import { type OwnedChild, own, partBinary, until } from "../../../scripts/parts/child.ts";
import { partPatience } from "../time-limits.ts";

/** A process of Dagster, with the processes that it started. */
export interface DagsterPart {
  /** Starts it and waits until it serves. Does nothing if it runs. */
  start(): Promise<void>;
  /** Kills it and the processes that it started, as when a machine goes down. Does nothing if it has ended. */
  kill(): Promise<void>;
}

interface PartNeeds {
  readonly environment: Record<string, string>;
  isReady(): Promise<boolean>;
}

/**
 * @param name what to call it in an error
 * @param program one of the virtual environment's
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

/** A process group of its own, so that its runs can be killed with it. */
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
      // No process of the group runs any more.
    }
  };
  process.once("exit", killGroup);
  return { child: own(child, name), killGroup };
}
