/**
 * JSON in which the members of every object are in the order of their names: the same text for the same value, whatever
 * order it was sent in (RFC 8259, section 4). The order of an array is part of its value.
 */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => (isObject(member) ? sortMembers(member) : member));
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function sortMembers(object: object): object {
  return Object.fromEntries(Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1)));
}
