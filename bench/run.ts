import { parseArgs } from "node:util";
import { installPeers } from "./install-peers.ts";
import type { Part } from "./part.ts";
import { parts } from "./parts.ts";
import { composeResults, keepResult } from "./results.ts";

const { values } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
  },
});

/**
 * Measures EOM beside what people would use instead, one part after the other, and writes RESULTS.md.
 *
 * `--only http,metering` measures these and leaves the other rows and sections as they are; `--rounds N` measures so often.
 * `--smoke` checks with little that all of it works, and writes nothing: its figures mean nothing.
 */
async function run(): Promise<void> {
  const chosen = chooseParts(values.only);
  installPeers(chosen);
  const options = { smoke: values.smoke, rounds: values.rounds === undefined ? undefined : Number(values.rounds) };
  for (const part of chosen) {
    console.log(`\n${part.name}: ${part.title}`);
    const result = await part.run(options);
    for (const { work, beside, result: figure, spread, aim } of result.rows)
      console.log(`  ${[work, beside, figure, spread, aim].join(" | ")}`);
    if (!values.smoke) await keepResult(part, result);
  }
  if (values.smoke) console.log("\nThe bench works; a smoke run's figures mean nothing.");
  else await composeResults(parts);
}

/** @throws when there is no part of such a name */
function chooseParts(only: string | undefined): readonly Part[] {
  if (only === undefined) return parts;
  return only.split(",").map((name) => {
    const part = parts.find((part) => part.name === name);
    if (part === undefined) throw new Error(`no part is named "${name}": ${parts.map((part) => part.name).join(", ")}`);
    return part;
  });
}

await run();
