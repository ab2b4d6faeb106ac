import { closestMatch } from "leven";

/** A name with more wrong letters is another name. */
const maxDistance = 2;

/**
 * Suggests the known name that a misspelt one is close to: at most two letters that are wrong, missing or added, and at
 * most half of them. Upper and lower case are the same.
 *
 * @returns `, did you mean start?`; an empty text when no name is close
 */
export function toSuggestion(written: string, known: readonly string[]): string {
  const name = written.toLowerCase();
  const allowed = Math.min(maxDistance, Math.floor(name.length / 2));
  const spellings = new Map(known.map((other) => [other.toLowerCase(), other]));
  const closest = closestMatch(name, [...spellings.keys()], { maxDistance: allowed });
  return closest === undefined ? "" : `, did you mean ${spellings.get(closest)}?`;
}
