const printable = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]{1,255}$/u;

/**
 * Whether a text can be part of a line (a log line, a header, a row of a table) as it is: 1 to 255 characters, none of
 * them a control or format character, a surrogate, private or unassigned.
 */
export function isPrintable(text: string): boolean {
  return printable.test(text);
}
