/**
 * JSON that somebody else wrote, to be checked by a schema next.
 *
 * @returns undefined when the text is not JSON, which no schema accepts and no JSON text means
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
