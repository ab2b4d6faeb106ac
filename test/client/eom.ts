import { randomUUID } from "node:crypto";
import { createEomClient, type EomClient } from "../../clients/typescript/src/client.ts";
import type { ConnectionOptions } from "../../clients/typescript/src/connection/options.ts";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import type { Role } from "../../src/platform/resource/caller.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

/** The whole program behind a socket, and a client of it. */
export interface ClientWorld {
  readonly app: TestApp;
  readonly server: HttpServer;
  readonly token: string;
  readonly eom: EomClient;
  createToken(role: Role): Promise<string>;
  /** A user with a quota of so many orders. */
  createUser(maxOrderTimes: number): Promise<string>;
  close(): Promise<void>;
}

/** Limits of time that a call to an answering server never reaches, however busy the machine is. */
export const patient = { timeoutMilliseconds: 60_000, deadlineMilliseconds: 200_000, backoffMilliseconds: 1 };

export async function startClientWorld(environment: Record<string, string> = {}): Promise<ClientWorld> {
  const app = await createTestApp("postgres", environment);
  const server = await startHttpServer(app.program.app, "127.0.0.1", 0, connectionLimits);
  const createToken = async (role: Role): Promise<string> =>
    (await app.request("POST", "/eom/admin/tokens", { label: "client", role })).body.token;
  const token = await createToken("admin");
  const eom = createClient(server.url, token);
  return {
    app,
    server,
    token,
    eom,
    createToken,
    async createUser(maxOrderTimes) {
      // Characters that a URL must escape.
      const userId = `team/ä?#%2F ${randomUUID()}`;
      const value = { max_order_times: maxOrderTimes };
      const quota = await eom.quotas.create({ name: `quota ${randomUUID()}`, type: "MaxOrderTimes", value });
      await eom.users.assign(userId, { quota_id: quota.id });
      return userId;
    },
    async close() {
      await server.stop(0);
      await app.close();
    },
  };
}

export function createClient(baseUrl: string, token: string, options: Partial<ConnectionOptions> = {}): EomClient {
  return createEomClient({ ...patient, ...options, baseUrl, token });
}
