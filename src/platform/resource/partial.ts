/** As T, but a field that may be undefined may be absent instead. */
export type Given<T> = {
  [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/**
 * An object whose fields depend on its `type`, after a change: of the same type, or without one, field by field; of another
 * type, the change alone.
 *
 * @example
 * mergeTyped({ type: "cron", expression: "0 3 * * *", time_zone: "Asia/Tokyo" }, { expression: "30 3 * * *" });
 */
export function mergeTyped<T extends { readonly type: string }>(
  before: T,
  change: { readonly type?: string | undefined },
): Record<string, unknown> {
  const isOther = change.type !== undefined && change.type !== before.type;
  return isOther ? withoutUndefined(change) : { ...before, ...withoutUndefined(change) };
}

/**
 * The fields of a partial update that were given, so that spreading them over an object overwrites nothing with
 * undefined: `{ ...before, ...withoutUndefined(input) }`. A field that was given as null stays.
 */
export function withoutUndefined<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}

/** Whether an object, such as a change of a part, names no field. */
export function isEmpty(object: object): boolean {
  return Object.keys(withoutUndefined(object)).length === 0;
}
