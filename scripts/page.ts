const note = "<!-- Made from the code by `npm run generate`; do not edit. -->";

/** A generated page of Markdown. */
export function toPage(title: string, lines: readonly string[]): string {
  return `${note}\n\n# ${title}\n\n${lines.join("\n")}\n`;
}
