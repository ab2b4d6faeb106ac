import { Agent, buildConnector, fetch, type Response } from "undici";
import type { DagsterAddress } from "./address.ts";
import { Unconnected } from "./fault.ts";
import type { Exchanged } from "./judge.ts";

const connectSeconds = 5;
/** dagster-webserver (uvicorn) closes connections that rest for 5 s: a launch on one that is being closed would be in doubt. */
const keepAliveSeconds = 3;

export function createAgent(): Agent {
  const keepAlive = keepAliveSeconds * 1000;
  const connect = buildConnector({ timeout: connectSeconds * 1000, allowH2: false });
  return new Agent({
    // TLS fails with the same codes in the middle of a connection, where what was asked may have been carried out.
    connect: (options, callback) =>
      connect(options, (...[cause, socket]) => {
        if (cause === null) callback(null, socket);
        else callback(new Unconnected("no connection", { cause }), null);
      }),
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    allowH2: false,
  });
}

interface PostOptions {
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly maxAnswerBytes: number;
}

/** @throws RangeError when the answer is larger; what undici throws, with {@link Unconnected} in it where nothing was sent */
export async function post(
  address: DagsterAddress,
  body: string,
  { agent, signal, maxAnswerBytes }: PostOptions,
): Promise<Exchanged> {
  const response = await fetch(address.graphql, {
    method: "POST",
    headers: { ...address.headers, "content-type": "application/json", accept: "application/json" },
    body,
    redirect: "manual",
    dispatcher: agent,
    signal,
  });
  const type = response.headers.get("content-type") ?? "";
  return {
    status: response.status,
    isHtml: type.includes("html"),
    text: await readBounded(response, maxAnswerBytes),
  };
}

async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new RangeError("answer too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
