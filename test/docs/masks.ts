import { expect } from "vitest";

/** Texts that differ from run to run, and what stands for all of their kind. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<id>"],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-)?…/g, "<id>"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/g, "<time>"],
  [/http:\/\/127\.0\.0\.1:\d+/g, "<address>"],
  [/\b[0-9A-F]{20}\b/g, "<access key>"],
  [/\beom_\S*?(?=")/g, "<token>"],
  [/"(duration_ms|duration_seconds|bytes|port)": ?[\d.]+/g, '"$1":0'],
];

function mask(text: string): string {
  return masks.reduce((masked, [kind, name]) => masked.replaceAll(kind, name), text);
}

/** Checks that an answer is the JSON that a page shows. In it `…` stands for any text, any elements or any further members. */
export function expectJson(answer: string, shown: string): void {
  const pattern = mask(shown)
    .replaceAll(/\[\s*…\s*\]/g, '"<any>"')
    .replaceAll(/\{\s*…\s*\}/g, '"<any>"')
    .replaceAll(/,\s*…\s*\}/g, ',"<more>":true}')
    .replaceAll(/,\s*…\s*\]/g, ',"<more>"]');
  expect(JSON.parse(mask(answer))).toEqual(toExpected(JSON.parse(pattern)));
}

function toExpected(shown: unknown): unknown {
  if (typeof shown === "string") return toExpectedText(shown);
  if (Array.isArray(shown)) {
    const elements = shown.filter((element) => element !== "<more>").map(toExpected);
    return elements.length === shown.length ? elements : expect.arrayContaining(elements);
  }
  if (typeof shown !== "object" || shown === null) return shown;
  const { "<more>": isOpen, ...members } = shown as Record<string, unknown>;
  const expected = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, toExpected(value)]));
  return isOpen === undefined ? expected : expect.objectContaining(expected);
}

function toExpectedText(shown: string): unknown {
  if (shown === "<any>") return expect.anything();
  return shown.includes("…") ? expect.stringMatching(toPattern(shown)) : shown;
}

/** Checks the lines that a command prints. `…` stands for any text, also of several lines. */
export function expectText(printed: string, shown: string): void {
  expect(mask(printed).trimEnd()).toMatch(toPattern(mask(shown)));
}

function toPattern(shown: string): RegExp {
  return new RegExp(`^${shown.split("…").map(RegExp.escape).join("[^]*")}$`);
}
