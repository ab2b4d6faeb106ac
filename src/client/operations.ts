import type { meteringSpecs } from "../metering/routes.ts";

/** What of metering an order service needs. */
export type OperationName = "check" | "consume" | "adjust" | "reserve" | "commit" | "release" | "usage";

type Routes = typeof meteringSpecs;

type Addresses = {
  readonly [Name in OperationName]: Pick<Routes[Name], "method" | "path"> & {
    readonly status: keyof Routes[Name]["answers"];
  };
};

/** Everything that is known of an operation before it is asked: the routes themselves stay on the server. */
export interface Operation {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Of its one success. */
  readonly status: number;
  /** Whether a body is what this operation answers. Any JSON with the right status must not pass for a yes. */
  readonly isAnswer: (body: Readonly<Record<string, unknown>>) => boolean;
}

const user = "/eom/admin/users/{UserId}";

/** Held against the routes that serve. */
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

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The path with its parameters filled in.
 *
 * @throws RangeError for what no path can carry: every URL parser takes `.` and `..`, escaped or not, for steps
 */
export function toPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? "";
    if (value === "" || value === "." || value === "..") {
      throw new RangeError(`${name} wants text other than "." and "..", got "${value}"`);
    }
    return encodeURIComponent(value);
  });
}
