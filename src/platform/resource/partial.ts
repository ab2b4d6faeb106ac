/** As T, but a field that may be undefined may be absent instead. */
export type Given<T> = {
  [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/**
 * The fields of a partial update that were given, so that spreading them over an object overwrites nothing with
 * undefined: `{ ...before, ...withoutUndefined(input) }`. A field that was given as null stays.
 */
export function withoutUndefined<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
