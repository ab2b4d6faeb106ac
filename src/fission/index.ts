/*
 * What Fission's Node environment loads, by names such as `index.storage`. It tries several files and tells only why the
 * last one was not there; so the rest is loaded from here, where what is wrong with it can be told.
 */

import { addPromiseTry } from "./promise-try.ts";

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
    // Of Node 26, before anything uses it: triggers do as they are loaded.
    addPromiseTry();
    if (!("Temporal" in globalThis)) await import("temporal-polyfill/global");
    return (await import("./functions.ts")).functions;
  } catch (error) {
    process.stderr.write(`EOM cannot be loaded: ${error instanceof Error ? error.stack : String(error)}\n`);
    throw error;
  }
}
