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

/**
 * Whether JSON.parse read a number as its text says it. The digits of a fraction may be rounded, as binary numbers need it: `0.1`.
 * False for an integer beyond ±(2^53 - 1), for a number that became an integer, and for a number beyond 1.8e308.
 *
 * @param source the number's JSON text, which a reviver gets in its third argument
 * @example
 * isKeptNumber(1, "1.0"); // true
 * isKeptNumber(1, "1.0000000000000000001"); // false
 */
export function isKeptNumber(value: number, source: string): boolean {
  if (!Number.isInteger(value)) return Number.isFinite(value);
  const [, digits = "", fraction = "", exponent = "0"] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(source) ?? [];
  if (digits.length === source.length || source === `-${digits}`) return Number.isSafeInteger(value);
  // A number such as 1e300 is an integer by chance.
  if (!Number.isSafeInteger(value)) return true;
  const behindPoint = fraction.length - Number(exponent);
  if (value !== 0 && behindPoint <= 0) return true;
  const lost = value === 0 ? digits + fraction : (digits + fraction).slice(-behindPoint);
  return /^0*$/.test(lost);
}
