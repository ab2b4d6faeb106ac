/** A field of a cron expression as it was sent. */
export interface CronField {
  readonly text: string;
  /** Index in the expression of its first character. */
  readonly position: number;
}

/** The fields of an expression, which one or more spaces separate. */
export function splitFields(sent: string): CronField[] {
  return Array.from(sent.matchAll(/\S+/g), (match) => ({ text: match[0], position: match.index }));
}

/** The expression with single spaces. */
export function joinFields(fields: readonly CronField[]): string {
  return fields.map(({ text }) => text).join(" ");
}
