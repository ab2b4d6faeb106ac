import { runDemo } from "../demo/demo.ts";
import { serveTourS3 } from "../demo/tour-s3.ts";
import { UsageError } from "./usage.ts";

/**
 * `eom demo`: reads no variables. Ends with SIGINT or SIGTERM.
 *
 * @param part of the demo; without it, all
 * @param sessions a whole number of 1 or more: the demo also ends when as many have succeeded
 * @throws UsageError for another number, and for a number of sessions of the S3 server
 */
export async function showDemo(part: "s3" | undefined, sessions: string | undefined): Promise<number> {
  if (!/^[1-9]\d*$/.test(sessions ?? "1"))
    throw new UsageError(`--sessions must be a whole number of 1 or more, not ${JSON.stringify(sessions)}`);
  if (part === undefined) await runDemo(Number(sessions ?? Number.POSITIVE_INFINITY), listenForStop());
  else if (sessions === undefined) await serveTourS3(listenForStop());
  else throw new UsageError("eom demo s3 opens no sessions: leave out --sessions");
  return 0;
}

/** A second signal changes nothing: the demo's EOM must be stopped first. */
function listenForStop(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());
  return stopping.signal;
}
