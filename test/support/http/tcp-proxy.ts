import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** forward: passes bytes; slam: accepts connections and closes them; mute: accepts connections and sends nothing. */
type Manner = "forward" | "slam" | "mute";

export interface TcpProxy {
  readonly port: number;
  /** Sets the manner of new connections and, except for `slam`, of open connections. */
  behave(manner: Manner): void;
  /** Resets every open connection. */
  cut(): void;
  stop(): Promise<void>;
}

/** A proxy on a free loopback port, to the port `target` of loopback. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let current: Manner = "forward";
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  };
  const pass = (from: Socket, to: Socket) => {
    from.on("data", (bytes) => {
      if (current !== "mute") to.write(bytes);
    });
    from.on("close", () => {
      if (current !== "mute") to.destroy();
    });
  };
  const server = createServer((client) => {
    keep(client);
    if (current === "slam") return void client.destroy();
    if (current === "mute") return void client.resume();
    const upstream = keep(connect(target, "127.0.0.1"));
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    behave: (manner) => {
      current = manner;
    },
    cut,
    stop: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
