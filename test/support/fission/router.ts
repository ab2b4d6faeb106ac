import type { Spec } from "./specs.ts";

/** The function that gets a request, and the request as the router forwards it. */
export interface Routed {
  readonly functionName: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer of the router itself. */
export interface Refused {
  readonly status: number;
  readonly text: string;
}

interface Trigger {
  readonly functionName: string;
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly prefix: string | null;
  readonly keepPrefix: boolean;
}

/** Fission's router, as documented: exact paths first, then the longest prefix. */
export function createRouter(specs: readonly Spec[]) {
  const triggers = specs.filter(({ kind }) => kind === "HTTPTrigger").map(toTrigger);
  const ordered = triggers.toSorted((left, right) => (right.prefix?.length ?? 1e6) - (left.prefix?.length ?? 1e6));
  return (method: string, url: string, headers: Readonly<Record<string, string>>): Routed | Refused => {
    const { pathname, search } = new URL(url, "http://router");
    const decoded = decode(pathname);
    const matching = ordered.filter(({ pattern }) => pattern.test(decoded));
    if (matching.length === 0) return { status: 404, text: "404 page not found" };
    const trigger = matching.find(({ methods, prefix }) => methods.includes(method) && prefix === matching[0]?.prefix);
    if (trigger === undefined) return { status: 405, text: "" };
    const values = trigger.pattern.exec(decoded)?.slice(1) ?? [];
    const params = trigger.names.map((name, index) => [toCanonical(`X-Fission-Params-${name}`), values[index] ?? ""]);
    const own = { ...Object.fromEntries(params), "X-Fission-Full-Url": `${pathname}${search}` };
    return {
      functionName: trigger.functionName,
      target: `${toPath(trigger, pathname)}${search}`,
      headers: withoutHopByHop(merge(headers, { ...own, "X-Fission-Function-Name": trigger.functionName })),
    };
  };
}

function toTrigger({ spec }: Spec): Trigger {
  const { prefix, relativeurl, methods, keepPrefix, functionref } = spec;
  const hasPrefix = typeof prefix === "string" && prefix !== "";
  const names: string[] = hasPrefix ? [] : [...relativeurl.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const pattern = hasPrefix
    ? `${prefix}(?:/[^\n]*)?`
    : relativeurl.replaceAll(".", "\\.").replace(/\{\w+\}/g, "([^/]+)");
  return {
    functionName: functionref.name,
    methods,
    pattern: new RegExp(`^${pattern}$`),
    names,
    prefix: hasPrefix ? prefix : null,
    keepPrefix: keepPrefix === true,
  };
}

function toPath({ prefix, keepPrefix }: Trigger, path: string): string {
  if (prefix === null) return "/";
  return keepPrefix ? path : path.slice(prefix.length) || "/";
}

/** As Go writes header names: `{StorageId}` arrives as `X-Fission-Params-Storageid`. */
function toCanonical(name: string): string {
  return name.toLowerCase().replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** The router's headers replace a client's headers of the same name, in any case. */
function merge(given: Readonly<Record<string, string>>, own: Readonly<Record<string, string>>) {
  const named = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), [name, value] as const]));
  for (const [name, value] of Object.entries(own)) named.set(name.toLowerCase(), [name, value]);
  return Object.fromEntries(named.values());
}

/** Removes the headers that `Connection` lists, after the router has set its own: so a client can have those removed too. */
function withoutHopByHop(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers);
  const listed = entries
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(","));
  const removed = new Set(["connection", ...listed.map((name) => name.trim().toLowerCase())]);
  return Object.fromEntries(entries.filter(([name]) => !removed.has(name.toLowerCase())));
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
