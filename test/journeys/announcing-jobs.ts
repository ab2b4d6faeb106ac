import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A process that has announced its session over a connection, which stays open as long as the process lives. */
export interface Announcement {
  readonly sessionId: string;
  readonly slot: string;
  readonly who: "job" | "its child";
  /** Resolves when the process has ended. */
  readonly gone: Promise<unknown>;
}

export interface Announcements {
  /** A command for a jobs file: it announces itself, starts a child that does the same, and neither ends by itself. */
  readonly job: { readonly name: string; readonly command: readonly string[]; readonly environment: object };
  /** Job and child of the next session that no earlier call has returned. */
  next(): Promise<readonly [Announcement, Announcement]>;
  stop(): Promise<void>;
}

const script = `
  const socket = require("node:net").connect(process.env.ANNOUNCE_TO);
  const who = process.argv[1] ?? "job";
  socket.write([process.env.EOM_SESSION_ID, process.env.EOM_SLOT, who].join(" ") + "\\n");
  if (who === "job") require("node:child_process").spawn(process.execPath, [...process.execArgv, "child"], { stdio: "ignore" });`;

export async function listenForJobs(folder: string): Promise<Announcements> {
  const path = join(folder, "jobs.socket");
  const waiting: Announcement[] = [];
  const sockets = new Set<Socket>();
  let wake = () => {};
  const server = createServer(async (socket) => {
    sockets.add(socket);
    const gone = once(
      socket.on("error", () => {}),
      "close",
    ).then(() => sockets.delete(socket));
    const [line] = await once(createInterface({ input: socket }), "line");
    const [sessionId = "", slot = "", who] = String(line).split(" ");
    waiting.push({ sessionId, slot, who: who === "job" ? "job" : "its child", gone });
    wake();
  });
  await once(server.listen(path), "listening");

  async function next(): Promise<readonly [Announcement, Announcement]> {
    for (;;) {
      const child = waiting.find(({ who }) => who === "its child");
      const job = waiting.find(({ who, sessionId }) => who === "job" && sessionId === child?.sessionId);
      if (child !== undefined && job !== undefined) {
        for (const announcement of [child, job]) waiting.splice(waiting.indexOf(announcement), 1);
        return [job, child];
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  const job = { name: "announce", command: [process.execPath, "-e", script], environment: { ANNOUNCE_TO: path } };
  return { job, next, stop };
}
