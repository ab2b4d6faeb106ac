import type { Objects } from "./objects.ts";

/** How often a made up request names an object that there is, in place of one that there is not. */
const probability = 0.7;

/**
 * The configuration of Schemathesis, as TOML. Every check is on but one.
 *
 * `positive_data_acceptance` wants each request that fits the document to be taken. What it finds are rules between fields,
 * which JSON Schema has no words for: `cursor` beside `page`, `to` before `from`, an amount of another type than the quota's,
 * a parameter beside its own `filter[…]`; and requests whose key or entity tag was another's.
 */
export function toConfig(objects: Objects, words: readonly string[], token: string): string {
  const lines = [
    `headers = { Authorization = ${toText(`Bearer ${token}`)} }`,
    "continue-on-failure = true",
    "cache = { enabled = false }",
    'warnings = ["missing_auth", "missing_test_data"]',
    "[checks.positive_data_acceptance]",
    "enabled = false",
    // What is too long may be too long for a head already.
    "[checks.negative_data_rejection]",
    'expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "428", "429", "431"]',
    "[generation]",
    'database = "none"',
    `dictionaries = { string = { dictionary = "words", probability = 0.1 } }`,
    "[dictionaries.words]",
    `values = [${words.map(toText).join(", ")}]`,
  ];
  for (const [name, ids] of Object.entries(objects)) {
    lines.push(`[dictionaries.${name}]`, `values = [${ids.map(toText).join(", ")}]`);
  }
  lines.push("[parameters]");
  for (const name of Object.keys(objects)) {
    lines.push(`"path.${name}" = { dictionary = "${name}", probability = ${probability} }`);
  }
  return `${lines.join("\n")}\n`;
}

/** TOML's basic strings are JSON's, for what stands here. */
function toText(text: string): string {
  return JSON.stringify(text);
}
