import { EventEmitter, once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A process that has said who it is, over a connection that lasts exactly as long as it lives. */
export interface Present {
  readonly who: string;
  readonly pid: number;
  /** Resolves when the process is gone: the kernel closes what it held. */
  readonly gone: Promise<unknown>;
}

/** Where processes say that they are there, so that a test can wait for their coming and going. */
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
    /** A piece of a node script: says that `who` is there, then does `next`; the connection keeps the process alive. */
    answer: (who: string, next = "") =>
      `require("node:net").connect(${JSON.stringify(path)}).write(${JSON.stringify(who)} + " " + process.pid + "\\n", () => { ${next} });`,
    async wait(who: string): Promise<Present> {
      for (;;) {
        const found = present.find((candidate) => candidate.who === who);
        if (found !== undefined) return found;
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
