import { mkdir, readFile, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { describeMachine } from "./machine.ts";
import type { Part, PartResult, ResultRow } from "./part.ts";

/** The kept result of a part's last run, to compose RESULTS.md again when only some parts were measured. */
interface KeptResult extends PartResult {
  /** The day, the machine, its Node and how busy it was: parts may have been measured apart. */
  readonly measured: string;
}

const folder = new URL("results/", import.meta.url);
const report = new URL("RESULTS.md", import.meta.url);

/** Replaces what was kept of this part. */
export async function keepResult({ name }: Part, { rows, text }: PartResult): Promise<void> {
  const load = loadavg()[1]?.toFixed(1);
  const day = new Date().toISOString().slice(0, 10);
  const measured = `${day}, ${describeMachine()}; load average of the last five minutes ${load}`;
  const kept: KeptResult = { measured, rows, text };
  await mkdir(folder, { recursive: true });
  await writeFile(toFile(name), `${JSON.stringify(kept, null, 2)}\n`);
}

/** Writes RESULTS.md from what is kept of these parts; those that were never measured are left out. */
export async function composeResults(parts: readonly Part[]): Promise<void> {
  const measured: { part: Part; kept: KeptResult }[] = [];
  for (const part of parts) {
    const kept = await findKept(part.name);
    if (kept !== null) measured.push({ part, kept });
  }
  const lines = measured.flatMap(({ kept }) => kept.rows.map(toLine));
  const sections = measured.map(({ part, kept }) => toSection(part, kept));
  await writeFile(report, [head, ...lines, "", ...sections].join("\n"));
}

const head = `# EOM beside what people would use instead

Made by \`npm run bench\`; run it on your own machine, the ratios are what travels. Each row was measured in one run, the
contestants in turns; its result is the median of the rounds, and the spread their least and greatest. A ratio is EOM's rate to
that of what it stands beside, unless the row says otherwise.

| work | beside | result | spread | aim | reached? |
| --- | --- | --- | --- | --- | --- |`;

function toLine({ work, beside, result, spread, aim, isReached }: ResultRow): string {
  const verdict = isReached === null ? "" : isReached ? "yes" : "**no**";
  return `| ${[work, beside, `**${result}**`, spread, aim, verdict].join(" | ")} |`;
}

function toSection({ name, title }: Part, { measured, text }: KeptResult): string {
  return `## ${title}

\`npm run bench -- --only ${name}\`. Measured on ${measured}.

${text.trim()}
`;
}

async function findKept(name: string): Promise<KeptResult | null> {
  try {
    return JSON.parse(await readFile(toFile(name), "utf8")) as KeptResult;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function toFile(name: string): URL {
  return new URL(`${name}.json`, folder);
}
