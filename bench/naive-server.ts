import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { readEnvironment, serveParent } from "./child.ts";
import { createNaive } from "./metering-ways.ts";

// The naive transaction behind node:http. It believes every request, as bare-server.ts does, and answers next to nothing.

const naive = createNaive(readEnvironment("EOM_DATABASE_URL"), Number(readEnvironment("EOM_DATABASE_POOL")));
const server = createServer(async (request, response) => {
  // As in /eom/admin/users/u1/usage/consume.
  const userId = request.url?.split("/")[4] ?? "";
  JSON.parse(await text(request));
  await naive.consume(userId);
  const body = JSON.stringify({ user_id: userId });
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const close = async () => {
  server.close();
  server.closeAllConnections();
  await naive.close();
};
serveParent({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close });
