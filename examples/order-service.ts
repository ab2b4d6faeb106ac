import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { createMeteringClient, type Denied, EomUnreachableError, type FailOpenEvent } from "@eom/client/metering";

/*
 * A small order service. Start it with: EOM_URL=http://127.0.0.1:8080 EOM_TOKEN=eom_… node order-service.ts
 *
 *   POST /orders    {"order_id", "user_id", "max_bytes"}   the bytes are known after the work: reserve, work, commit
 *   POST /previews  {"order_id", "user_id"}                always costs one order: consume
 */

const eom = createMeteringClient({
  baseUrl: process.env["EOM_URL"] ?? "http://127.0.0.1:8080",
  token: process.env["EOM_TOKEN"] ?? "",
  // Here, an uncounted order costs less than a refused one. If it costs more, use failClosed.
  whenUnreachable: "failOpen",
  onFailOpen: keepForLater,
});

interface Order {
  readonly order_id: string;
  readonly user_id: string;
  readonly max_bytes?: number;
}

interface OrderAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterSeconds?: number | null;
}

async function placeOrder({ order_id, user_id, max_bytes = 0 }: Order): Promise<OrderAnswer> {
  // Keys are made from the order's id: if this service restarts in between, the same calls still count once.
  const reserved = await eom.reserve(
    user_id,
    { amounts: { MaxOrderTimes: 1, MaxSize: max_bytes }, ttl_seconds: 900 },
    { idempotencyKey: `${order_id} reserve` },
  );
  if (reserved.outcome === "denied") return toRefusal(reserved);
  // Null if EOM could not be reached: then commit and release send nothing, and are kept for later.
  const reservationId = reserved.reservation?.id ?? null;
  const bytes = await deliver(max_bytes).catch(async (error: unknown) => {
    // If this fails too, the reservation expires by itself.
    await eom.release(user_id, reservationId, { idempotencyKey: `${order_id} release` });
    throw error;
  });
  const used = { amounts: { MaxOrderTimes: 1, MaxSize: bytes } };
  await eom.commit(user_id, reservationId, used, { idempotencyKey: `${order_id} commit` });
  return { status: 201, body: { order_id, bytes } };
}

async function placePreview({ order_id, user_id }: Order): Promise<OrderAnswer> {
  const consumed = await eom.consume(
    user_id,
    { amounts: { MaxOrderTimes: 1 } },
    { idempotencyKey: `${order_id} preview` },
  );
  return consumed.outcome === "denied" ? toRefusal(consumed) : { status: 201, body: { order_id } };
}

/** The work. Its bytes are known when it is done. */
async function deliver(maxBytes: number): Promise<number> {
  return Math.ceil(maxBytes * 0.75);
}

function toRefusal({ violations, retryAfterSeconds }: Denied): OrderAnswer {
  return { status: 429, body: { error: "quota_exceeded", violations }, retryAfterSeconds };
}

/** A real service stores the event, and makes the call again with its key within 24 hours. */
function keepForLater(event: FailOpenEvent): void {
  process.stderr.write(`uncounted: ${JSON.stringify(event)}\n`);
}

async function answer(request: IncomingMessage): Promise<OrderAnswer> {
  const order = (await json(request)) as Order;
  return request.url === "/previews" ? placePreview(order) : placeOrder(order);
}

const server = createServer(async (request, response) => {
  const result = await answer(request).catch((error: unknown): OrderAnswer => {
    process.stderr.write(`${error}\n`);
    return { status: error instanceof EomUnreachableError ? 503 : 500, body: { error: "order_failed" } };
  });
  if (result.retryAfterSeconds != null) response.setHeader("retry-after", result.retryAfterSeconds);
  response.writeHead(result.status, { "content-type": "application/json" }).end(JSON.stringify(result.body));
});

server.listen(Number(process.env["PORT"] ?? 0), "127.0.0.1", () => {
  process.stdout.write(`orders are taken on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
