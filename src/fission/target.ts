import { invalid } from "../platform/failure.ts";
import type { Route } from "../platform/http/route.ts";
import type { FissionRequest } from "./context.ts";

/**
 * The path and query that the client asked for. With `prefix` and `keepPrefix` they arrive as they are, and no header of
 * Fission is looked at. With `relativeurl` every path has become `/`: the router tells the path in `X-Fission-Full-Url`, and
 * what it took for `{StorageId}` in `X-Fission-Params-StorageId`. Of the latter only those count that the route declares,
 * since the router lets a client's others through; and each must be there, since a client can have it removed on the way
 * (`Connection: X-Fission-Params-StorageId`), and a request without it would mean something else.
 *
 * @throws VALIDATION_ERROR when one of the headers is missing or two of them disagree
 */
export function findTarget(request: FissionRequest, listRoutes: () => readonly Route[]): string {
  const url = request.url ?? "/";
  const [path, query] = splitQuery(url);
  if (path !== "/") return url;
  const [fullPath] = splitQuery(readHeader(request, "X-Fission-Full-Url"));
  const template = findTemplate(fullPath, listRoutes());
  const found = template === null ? fullPath : fillIn(template, fullPath, request);
  return query === "" ? found : `${found}?${query}`;
}

function splitQuery(url: string): [path: string, query: string] {
  const at = url.indexOf("?");
  return at === -1 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
}

/** Of those that fit, the one with the fewest parameters: `/storages/verify` before `/storages/{StorageId}`. */
function findTemplate(path: string, routes: readonly Route[]): string | null {
  const templates = routes.map(({ spec }) => spec.path).filter((template) => toPattern(template).test(path));
  return templates.toSorted((one, other) => listNames(one).length - listNames(other).length)[0] ?? null;
}

function fillIn(template: string, path: string, request: FissionRequest): string {
  const segments = path.split("/");
  const filled = template.split("/").map((step, index) => {
    const name = /^\{(\w+)\}$/.exec(step)?.[1];
    if (name === undefined) return step;
    const header = `X-Fission-Params-${name}`;
    const value = encodeURIComponent(fromLatin1(readHeader(request, header)));
    if (value !== encodeURIComponent(decode(segments[index] ?? "")))
      throw invalid(`/${header}`, "is not what X-Fission-Full-Url has in its place");
    return value;
  });
  return filled.join("/");
}

function readHeader({ headers }: FissionRequest, name: string): string {
  const value = headers[name.toLowerCase()];
  if (typeof value !== "string" || value === "")
    throw invalid(`/${name}`, "is missing, which Fission's router sets", "required");
  return value;
}

/** Node takes the bytes of a header for latin1; the router sends UTF-8. */
function fromLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function listNames(template: string): string[] {
  return template.match(/\{\w+\}/g) ?? [];
}

function toPattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);
}
