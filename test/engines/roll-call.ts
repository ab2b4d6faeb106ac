import { EventEmitter, once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A process that has connected and sent its name. The connection lasts exactly as long as the process. */
export interface Present {
  readonly who: string;
  readonly pid: number;
  /** Resolves when the process has ended: the kernel closes its connection. */
  readonly gone: Promise<unknown>;
}

/** Creates a socket to which processes connect, so that a test can wait for their start and their end. */
export async function createRollCall(folder: string) {
  const path = join(folder, "roll-call");
  const present: Present[] = [];
  const sockets = new Set<Socket>();
  const arrivals = new EventEmitter();
  const server = createServer(async (socket) => {
    sockets.add(socket.on("error", () => {}));
    const gone = once(socket, "close").then(() => sockets.delete(socket));
    const [line] = await once(createInterface({ input: socket }), "line");
    const [who = "", pid] = String(line).split(" ");
    present.push({ who, pid: Number(pid), gone });
    arrivals.emit("arrival");
  });
  await once(server.listen(path), "listening");
  return {
    /** A piece of a node script: sends `who`, then does `next`. The connection keeps the process alive. */
    answer: (who: string, next = "") =>
      `require("node:net").connect(${JSON.stringify(path)}).write(${JSON.stringify(who)} + " " + process.pid + "\\n", () => { ${next} });`,
    async wait(who: string): Promise<Present> {
      for (;;) {
        const caller = present.find((candidate) => candidate.who === who);
        if (caller !== undefined) return caller;
        await once(arrivals, "arrival");
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

export type RollCall = Awaited<ReturnType<typeof createRollCall>>;
