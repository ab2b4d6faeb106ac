import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { createEomClient, type Denied, EomUnreachableError, type FailOpenEvent } from "eom/client";

/*
 * A small order service: EOM_URL=http://127.0.0.1:8080 EOM_TOKEN=eom_… node order-service.ts
 *
 *   POST /orders    {"order_id", "user_id", "max_bytes"}   bytes are known when it is done: reserve, work, commit
 *   POST /previews  {"order_id", "user_id"}                costs one order and nothing else: consume
 */

const eom = createEomClient({
  baseUrl: process.env["EOM_URL"] ?? "http://127.0.0.1:8080",
  token: process.env["EOM_TOKEN"] ?? "",
  // Here an order that is not counted costs less than one that is refused. Where it is the other way round: failClosed.
  whenUnreachable: "failOpen",
  onFailOpen: keepForLater,
});

interface Order {
  readonly order_id: string;
  readonly user_id: string;
  readonly max_bytes?: number;
}

interface Told {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number | null;
}

async function placeOrder({ order_id, user_id, max_bytes = 0 }: Order): Promise<Told> {
  // Keys made of the order's id: were this service to restart in between, the same calls would still count once.
  const reserved = await eom.reserve(
    user_id,
    { amounts: { MaxOrderTimes: 1, MaxSize: max_bytes }, ttl_seconds: 900 },
    { idempotencyKey: `${order_id} reserve` },
  );
  if (reserved.outcome === "denied") return toRefusal(reserved);
  // Null if EOM could not be reached: closing it then asks nobody, and is kept for later.
  const reservationId = reserved.reservation?.id ?? null;
  const bytes = await deliver(max_bytes).catch(async (error: unknown) => {
    // Should this fail as well, the reservation expires by itself.
    await eom.release(user_id, reservationId, { idempotencyKey: `${order_id} release` });
    throw error;
  });
  const used = { amounts: { MaxOrderTimes: 1, MaxSize: bytes } };
  await eom.commit(user_id, reservationId, used, { idempotencyKey: `${order_id} commit` });
  return { status: 201, body: { order_id, bytes } };
}

async function placePreview({ order_id, user_id }: Order): Promise<Told> {
  const consumed = await eom.consume(
    user_id,
    { amounts: { MaxOrderTimes: 1 } },
    { idempotencyKey: `${order_id} preview` },
  );
  return consumed.outcome === "denied" ? toRefusal(consumed) : { status: 201, body: { order_id } };
}

/** The work. It knows how much it was when it is done. */
async function deliver(maxBytes: number): Promise<number> {
  return Math.ceil(maxBytes * 0.75);
}

function toRefusal({ violations, retryAfterSeconds }: Denied): Told {
  return { status: 429, body: { error: "quota_exceeded", violations }, retryAfterSeconds };
}

/** A real service keeps it where it lasts, and makes the call again with the key, within 24 hours. */
function keepForLater(event: FailOpenEvent): void {
  process.stderr.write(`uncounted: ${JSON.stringify(event)}\n`);
}

async function answer(request: IncomingMessage): Promise<Told> {
  const order = (await json(request)) as Order;
  return request.url === "/previews" ? placePreview(order) : placeOrder(order);
}

const server = createServer(async (request, response) => {
  const told = await answer(request).catch((error: unknown): Told => {
    process.stderr.write(`${error}\n`);
    return { status: error instanceof EomUnreachableError ? 503 : 500, body: { error: "order_failed" } };
  });
  if (told.retryAfterSeconds != null) response.setHeader("retry-after", told.retryAfterSeconds);
  response.writeHead(told.status, { "content-type": "application/json" }).end(JSON.stringify(told.body));
});

server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
  process.stdout.write(`orders are taken on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
