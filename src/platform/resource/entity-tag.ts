import { fail, invalid } from "../failure.ts";

/** The condition of an If-Match header: any version, one of a list, or (null) none because there is no header. */
export type VersionCondition = "any" | readonly number[] | null;

/** Every object's version is its strong entity tag (RFC 9110, 8.8.3). */
export function toEntityTag(version: number): string {
  return `"${version}"`;
}

/**
 * Reads an If-Match header: `*`, or a list of tags as `"3", "4"`. Weak tags never match (RFC 9110, 13.1.1), nor do tags that
 * are no version of ours; both are left out.
 *
 * @throws VALIDATION_ERROR when it is neither
 */
export function parseIfMatch(header: string | null): VersionCondition {
  if (header === null) return null;
  const tags = parseTags(header);
  if (tags === null) {
    throw invalid("/If-Match", `must be * or entity tags like "3", got ${header.slice(0, 100)}`, "invalid_format");
  }
  return tags === "any"
    ? tags
    : tags.filter((tag) => /^"[1-9]\d{0,8}"$/.test(tag)).map((tag) => Number(tag.slice(1, -1)));
}

/**
 * Reads `*`, or a list of at least one tag. A tag may have commas, and a list may have empty elements (RFC 9110, 5.6.1.2).
 *
 * @returns null when it is neither
 */
function parseTags(header: string): "any" | string[] | null {
  if (header.trim() === "*") return "any";
  if (!/^[\s,]*(?:W\/)?"[^"]*"(?:\s*,[\s,]*(?:W\/)?"[^"]*")*[\s,]*$/.test(header)) return null;
  return header.match(/(?:W\/)?"[^"]*"/g);
}

/** @throws PRECONDITION_FAILED when If-Match names other versions */
export function requireVersion({ version }: { readonly version: number }, condition: VersionCondition): void {
  if (condition === null || condition === "any" || condition.includes(version)) return;
  throw fail(
    "PRECONDITION_FAILED",
    `The object is at version ${version}, which If-Match does not name: read it again`,
    {
      version,
    },
  );
}

/** Whether If-None-Match names the tag, so that a read is answered with 304. It compares weakly (RFC 9110, 13.1.2). */
export function isUnchanged(tag: string, ifNoneMatch: string | null): boolean {
  if (ifNoneMatch === null) return false;
  const tags = parseTags(ifNoneMatch) ?? [];
  return tags === "any" || tags.some((candidate) => candidate.replace(/^W\//, "") === tag);
}
