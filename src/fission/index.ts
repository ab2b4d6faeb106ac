/*
 * The entry that Fission's Node environment loads, by names such as `index.storage`. The environment tries several files and
 * reports only why the last one is missing. So this file imports nothing that can fail, loads the rest itself, and prints
 * the error.
 */

import { provideTemporal } from "../platform/temporal.ts";

const functions = await load();

export const storage = functions.storage;
export const quota = functions.quota;
export const scheduler = functions.scheduler;
export const admin = functions.admin;
export const workerSchedulerScan = functions["worker-scheduler-scan"];
export const workerSessionPicker = functions["worker-session-picker"];
export const workerSessionPoller = functions["worker-session-poller"];
export const workerScheduleAutoDisable = functions["worker-schedule-auto-disable"];
export const workerSweep = functions["worker-sweep"];

async function load() {
  try {
    await provideTemporal();
    return (await import("./functions.ts")).functions;
  } catch (error) {
    process.stderr.write(`EOM cannot be loaded: ${error instanceof Error ? error.stack : String(error)}\n`);
    throw error;
  }
}
