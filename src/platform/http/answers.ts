import type { Answer } from "./route.ts";

/** An object of the API. Its version, where it has one, is the entity tag of the answer. */
type Shown = object & { readonly version?: number };

/** 200 with the object: the answer to a read, and to a change that returns the object. */
export function ok<Type extends Shown>(object: Type): Answer {
  const { version } = object;
  return version === undefined ? { status: 200, body: object } : { status: 200, body: object, version };
}

/**
 * 201 with the object: the answer to a create.
 *
 * @param location the path at which the object is from now on
 */
export function created<Type extends Shown>(location: string, object: Type): Answer {
  return { ...ok(object), status: 201, headers: { location } };
}

/** 204: the answer to a delete. */
export function noContent(): Answer {
  return { status: 204 };
}
