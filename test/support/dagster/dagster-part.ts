import { spawn } from "node:child_process";
import { type OwnedChild, own, partBinary, until } from "../../../scripts/parts/child.ts";
import { partPatience } from "../time-limits.ts";

/** A process of Dagster's, with all that it started. */
export interface DagsterPart {
  /** Waits until it serves. Does nothing while it runs. */
  start(): Promise<void>;
  /** Ends it and all that it started, at once, as a machine that goes down. Does nothing when it has ended. */
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

/** A group of its own, so that the runs that it starts can be ended with it. */
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
      // Nothing of it runs any more.
    }
  };
  process.once("exit", killGroup);
  return { child: own(child, name), killGroup };
}
