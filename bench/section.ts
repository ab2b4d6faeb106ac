import { readFile, writeFile } from "node:fs/promises";

const file = new URL("SCHEDULER.md", import.meta.url);

const head = `# The scheduler's speed

Made by \`npm run throughput\` and \`npm run scan-scale\` in this folder, each its own part; run them on your own machine, the
ratios are what travels.

`;

/** Writes one part of SCHEDULER.md anew and leaves the others as they are. */
export async function writeSection(title: string, text: string): Promise<void> {
  const before = await readFile(file, "utf8").catch(() => head);
  const sections = before.split(/^(?=## )/m).slice(1);
  const own = `## ${title}\n\n${text.trim()}\n`;
  const others = sections
    .filter((section) => !section.startsWith(`## ${title}\n`))
    .map((section) => `${section.trim()}\n`);
  await writeFile(file, head + [...others, own].sort().join("\n"));
}
