const maxLineLength = 300;
const maxMessageLength = 2000;

/** The first line of what Dagster says, without the module that an exception's class is in. */
export function toLine(words: string): string {
  const line = words.trim().split("\n", 1)[0] ?? "";
  return shorten(withoutModule(line), maxLineLength);
}

/** Up to the first full stop: what follows is advice for those who stand at Dagster's own command line. */
export function toFirstSentence(words: string): string {
  return toLine(words).replace(/\.(\s.*)?$/, "");
}

/** All that Dagster says, fit for PostgreSQL. */
export function toMessage(words: string): string {
  return shorten(withoutModule(words.trim()), maxMessageLength);
}

/** The first twenty, for a sentence. */
export function toList(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `'${shorten(name, 100)}'`);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}

function withoutModule(words: string): string {
  return words.replace(/^(?:[a-z_]\w*\.)+(?=[A-Z]\w*(?::|$))/, "");
}

function shorten(words: string, maxLength: number): string {
  const clean = words.replaceAll("\u0000", "\uFFFD");
  return clean.length > maxLength ? `${clean.slice(0, maxLength - 1).toWellFormed()}…` : clean.toWellFormed();
}
