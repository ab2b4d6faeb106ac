import { invalid } from "../platform/failure.ts";
import type { Route } from "../platform/http/route.ts";
import type { FissionRequest } from "./context.ts";

/**
 * The path and query that the client requested.
 *
 * | trigger | path of the request | headers |
 * | --- | --- | --- |
 * | `prefix` with `keepPrefix` | as the client sent it | not read |
 * | `relativeurl` | always `/` | path in `X-Fission-Full-Url`, value of `{StorageId}` in `X-Fission-Params-StorageId` |
 *
 * Only parameters that the route declares are read: the router passes a client's own `X-Fission-Params-` headers through.
 * Every declared parameter must be there: a client can have the header removed on the way
 * (`Connection: X-Fission-Params-StorageId`), and the request would then mean another path.
 *
 * @throws VALIDATION_ERROR when a header is missing, or differs from its segment of the path
 */
export function findTarget(request: FissionRequest, listRoutes: () => readonly Route[]): string {
  const url = request.url ?? "/";
  const [path, query] = splitQuery(url);
  if (path !== "/") return url;
  const [fullPath] = splitQuery(readHeader(request, "X-Fission-Full-Url"));
  const template = findTemplate(fullPath, listRoutes());
  const target = template === null ? fullPath : fillIn(template, fullPath, request);
  return query === "" ? target : `${target}?${query}`;
}

function splitQuery(url: string): [path: string, query: string] {
  const at = url.indexOf("?");
  return at === -1 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
}

/** The matching template with the fewest parameters: `/storages/verify` before `/storages/{StorageId}`. */
function findTemplate(path: string, routes: readonly Route[]): string | null {
  const templates = routes.map(({ spec }) => spec.path).filter((template) => toPattern(template).test(path));
  return templates.toSorted((left, right) => listNames(left).length - listNames(right).length)[0] ?? null;
}

function fillIn(template: string, path: string, request: FissionRequest): string {
  const segments = path.split("/");
  const filled = template.split("/").map((step, index) => {
    const name = /^\{(\w+)\}$/.exec(step)?.[1];
    if (name === undefined) return step;
    const header = `X-Fission-Params-${name}`;
    const value = encodeURIComponent(fromLatin1(readHeader(request, header)));
    if (value !== encodeURIComponent(decode(segments[index] ?? "")))
      throw invalid(`/${header}`, "differs from its segment of the path in X-Fission-Full-Url");
    return value;
  });
  return filled.join("/");
}

function readHeader({ headers }: FissionRequest, name: string): string {
  const value = headers[name.toLowerCase()];
  if (typeof value !== "string" || value === "")
    throw invalid(
      `/${name}`,
      "is missing: Fission's router sets it, so the request must come through the router unchanged",
      "required",
    );
  return value;
}

/** Node decodes headers as latin1; the router sends UTF-8. */
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
