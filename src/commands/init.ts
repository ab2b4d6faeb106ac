import { existsSync } from "node:fs";

const shell = "/bin/sh";

/**
 * Starts its arguments as a child, passes signals on, reaps every process that is left to it (a shell that waits for a child reaps
 * others too), and exits as the child does. `wait` returns early for a signal, so it is repeated while the child lives. The child gets
 * the standard input, which a shell would replace.
 */
const script = `exec 3<&0
"$@" <&3 3<&- &
child=$!
exec 3<&-
for signal in TERM INT HUP QUIT; do trap "kill -s $signal $child 2>/dev/null" "$signal"; done
while wait "$child"; status=$?; kill -0 "$child" 2>/dev/null; do :; done
exit "$status"`;

/**
 * If this is process 1, as in a container without an init, a shell takes its place and starts EOM again as its child. The kernel
 * leaves orphans, such as a job's daemons, to process 1, and Node reaps none but its own children: each would stay a zombie and keep
 * its process id. Does nothing without a shell.
 */
export function leaveProcessOne(): void {
  if (process.pid !== 1 || !existsSync(shell) || process.execve === undefined) return;
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(shell, ["sh", "-c", script, "eom-init", ...command], process.env);
}
