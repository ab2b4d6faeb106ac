import type { Version } from "../call-options.ts";

/**
 * The path with its parameters filled in, in their order.
 *
 * @throws RangeError for a value that no path can have: URL parsers resolve `.` and `..`, escaped or not, as path segments
 */
export function toPath(path: string, values: readonly unknown[]): string {
  let index = 0;
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[index++];
    if (typeof value !== "string" || value === "" || value === "." || value === "..") {
      throw new RangeError(`${name} must be a text other than "", "." and "..", got ${JSON.stringify(value)}`);
    }
    return encodeURIComponent(value);
  });
}

/** The number of parameters of a path. */
export function countParameters(path: string): number {
  return path.split("{").length - 1;
}

/** `?` and the parameters that have a value; a list is its values, repeated. Empty without any. */
export function toQuery(query: Readonly<Record<string, unknown>>): string {
  const pairs = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) if (value !== undefined && value !== null) pairs.append(name, String(value));
  }
  const text = String(pairs);
  return text === "" ? "" : `?${text}`;
}

/** The entity tag of a version. */
export function toEntityTag(version: Version): string {
  if (typeof version === "string") return version;
  return `"${typeof version === "number" ? version : version.version}"`;
}
