import { invalidRequest } from "../platform/failure.ts";
import { toPointerStep } from "../platform/json-pointer.ts";
import type { Expire } from "./expire.ts";
import { listOtherValueNames, type QuotaType, toValueName, type Value } from "./quota-type.ts";

interface TypedQuota {
  readonly type: QuotaType;
  readonly value?: Value;
  readonly expire?: Expire;
}

interface Misfit {
  readonly path: string[];
  readonly message: string;
}

/** The fields of `value` and `expire` that do not fit the type, such as `max_size` in a quota of type `MaxOrderTimes`. */
export function findMisfits({ type, value, expire }: TypedQuota): Misfit[] {
  const misfits: Misfit[] = [];
  const expected = toValueName(type);
  if (value !== undefined && value[expected] === undefined) {
    misfits.push({ path: ["value", expected], message: `is required for ${type}: a number, or null for unlimited` });
  }
  for (const name of listOtherValueNames(type, value ?? {})) {
    misfits.push({ path: ["value", name], message: `does not fit ${type}: use ${expected}` });
  }
  if (type === "MaxSize" && expire?.type === "every") {
    misfits.push({
      path: ["expire", "type"],
      message: "cannot be every for MaxSize, which is a level and not a count: use never, at or after",
    });
  }
  return misfits;
}

/** @throws VALIDATION_ERROR with an issue for each field that does not fit the type */
export function refuseMisfits(quota: TypedQuota): void {
  const issues = findMisfits(quota).map(({ path, message }) => ({
    path: path.map((step) => `/${toPointerStep(step)}`).join(""),
    message,
    code: "custom",
  }));
  if (issues.length > 0) throw invalidRequest(issues);
}
