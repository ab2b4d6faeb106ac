import type { ServerResponse } from "node:http";
import type { FissionAnswer } from "./context.ts";

const lengthHeaders = new Set(["content-length", "transfer-encoding", "connection"]);

/**
 * The answer in the environment's form. The body is bytes, and the content type is set on Express's response directly: Express
 * would add a charset to a text and to a content type among the headers. `Set-Cookie` is a list, as it may come several times.
 */
export async function toAnswer(response: Response, express: ServerResponse): Promise<FissionAnswer> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) {
    if (name === "content-type") express.setHeader(name, value);
    else if (name === "set-cookie") headers[name] = response.headers.getSetCookie();
    else if (!lengthHeaders.has(name)) headers[name] = value;
  }
  const hasBody = response.body !== null && response.status !== 204 && response.status !== 304;
  const body = hasBody ? { body: new Uint8Array(await response.arrayBuffer()) } : {};
  return { status: response.status, headers, ...body };
}
