import type { Objects } from "./objects.ts";

/** Share of generated requests that name an existing object; the others name an object that does not exist. */
const probability = 0.7;

/**
 * The configuration of Schemathesis, as TOML. All its checks are on, except `positive_data_acceptance`: it expects EOM to
 * accept each request that matches the document. It reports rules between fields, which JSON Schema cannot express: `cursor`
 * beside `page`, `to` before `from`, an amount of another type than the quota's, a parameter beside its own `filter[…]`; and
 * requests with the key or the entity tag of another request.
 */
export function toConfig(objects: Objects, words: readonly string[], token: string): string {
  const lines = [
    `headers = { Authorization = ${toText(`Bearer ${token}`)} }`,
    "continue-on-failure = true",
    "cache = { enabled = false }",
    'warnings = ["missing_auth", "missing_test_data"]',
    "[checks.positive_data_acceptance]",
    "enabled = false",
    // 502: a storage or an engine that does not exist here.
    "[checks.not_a_server_error]",
    'expected-statuses = ["2xx", "3xx", "4xx", "502"]',
    // 431: an overlong value may make the header too long.
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

/** A TOML string: for these values the same as a JSON string. */
function toText(text: string): string {
  return JSON.stringify(text);
}
