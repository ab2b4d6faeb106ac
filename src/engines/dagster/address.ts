export interface DagsterAddress {
  /** Where queries go. */
  readonly graphql: string;
  /** What people open, and what messages say: no credential, no query. */
  readonly shown: string;
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws when the text is no URL */
export function toAddress(url: string, headers: Readonly<Record<string, string>>): DagsterAddress {
  const { origin, pathname } = new URL(url);
  const shown = origin + pathname.replace(/\/+$/, "");
  return { graphql: `${shown}/graphql`, shown, headers };
}
