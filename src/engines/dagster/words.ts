const maxLineLength = 300;
const maxMessageLength = 2000;

/** The first line of a message of Dagster, without the module of an exception's class; at most 300 characters. */
export function toLine(words: string): string {
  const line = words.trim().split("\n", 1)[0] ?? "";
  return shorten(withoutModule(line), maxLineLength);
}

/** The first line up to its first full stop. Dagster continues with advice for users of its command line. */
export function toFirstSentence(words: string): string {
  return toLine(words).replace(/\.(\s.*)?$/, "");
}

/** A whole message of Dagster, at most 2000 characters that PostgreSQL accepts. */
export function toMessage(words: string): string {
  return shorten(withoutModule(words.trim()), maxMessageLength);
}

/** Up to twenty names for a sentence: `'a', 'b' and 3 more`. */
export function toList(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `'${shorten(name, 100)}'`);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}

function withoutModule(words: string): string {
  return words.replace(/^(?:[a-z_]\w*\.)+(?=[A-Z]\w*(?::|$))/, "");
}

function shorten(words: string, maxLength: number): string {
  const text = words.replaceAll("\u0000", "\uFFFD");
  return text.length > maxLength ? `${text.slice(0, maxLength - 1).toWellFormed()}…` : text.toWellFormed();
}
