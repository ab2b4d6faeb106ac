import type { meteringSpecs } from "../../../src/metering/routes.ts";

/** The operations of metering that an order service needs. */
export type OperationName = "check" | "consume" | "adjust" | "reserve" | "commit" | "release" | "usage";

type Routes = typeof meteringSpecs;

type Addresses = {
  readonly [Name in OperationName]: Pick<Routes[Name], "method" | "path"> & {
    readonly status: keyof Routes[Name]["answers"];
  };
};

/** A copy of the parts of a route that the client needs; the route itself stays on the server. */
export interface Operation {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** The status of its only success. */
  readonly status: number;
  /** Whether a body is an answer of this operation: other JSON with the right status must not count as allowed. */
  readonly isAnswer: (body: Readonly<Record<string, unknown>>) => boolean;
}

const user = "/eom/admin/users/{UserId}";

/** All operations. The compiler compares them with the routes of the server. */
export const operations = {
  check: { method: "POST", path: `${user}/usage/check`, status: 200, isAnswer: isMetering },
  consume: { method: "POST", path: `${user}/usage/consume`, status: 200, isAnswer: isCounted },
  adjust: { method: "POST", path: `${user}/usage/adjust`, status: 200, isAnswer: isCounted },
  reserve: { method: "POST", path: `${user}/reservations`, status: 201, isAnswer: isReservation },
  commit: {
    method: "POST",
    path: `${user}/reservations/{ReservationId}/commit`,
    status: 200,
    isAnswer: isReservation,
  },
  release: {
    method: "POST",
    path: `${user}/reservations/{ReservationId}/release`,
    status: 200,
    isAnswer: isReservation,
  },
  usage: { method: "GET", path: `${user}/usage`, status: 200, isAnswer: isUserUsage },
} as const satisfies { readonly [Name in OperationName]: Operation & Addresses[Name] };

function isMetering(body: Readonly<Record<string, unknown>>): boolean {
  return typeof body["allowed"] === "boolean" && Array.isArray(body["violations"]) && isObject(body["usage"]);
}

function isCounted(body: Readonly<Record<string, unknown>>): boolean {
  return isMetering(body) && body["allowed"] === true;
}

function isReservation(body: Readonly<Record<string, unknown>>): boolean {
  return typeof body["id"] === "string" && typeof body["state"] === "string" && isObject(body["amounts"]);
}

function isUserUsage(body: Readonly<Record<string, unknown>>): boolean {
  return typeof body["user_id"] === "string" && isObject(body["usage"]);
}

/** Whether a JSON value is an object, and not an array or null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The path with its parameters filled in.
 *
 * @throws RangeError for a value that no path can have: URL parsers resolve `.` and `..`, escaped or not, as path segments
 */
export function toPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? "";
    if (value === "" || value === "." || value === "..") {
      throw new RangeError(`${name} must be a text other than "." and "..", got "${value}"`);
    }
    return encodeURIComponent(value);
  });
}
