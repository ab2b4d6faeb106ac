/** Before the first id. */
export const firstId = "00000000-0000-0000-0000-000000000000";

/** Where this process continues to check watermarks: the id of the last schedule. */
export interface MendPosition {
  after: string;
}

/** The position of a process that has checked none. */
export function createMendPosition(): MendPosition {
  return { after: firstId };
}
