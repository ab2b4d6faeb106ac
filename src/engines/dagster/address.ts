/** Where one Dagster is, and how EOM authenticates there. */
export interface DagsterAddress {
  /** The GraphQL endpoint. */
  readonly graphql: string;
  /** The address for people and messages: no credential, no query string. */
  readonly shown: string;
  /** Sent with every request. Secret. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Parses the configured address: a trailing slash, a query string and a credential are dropped.
 *
 * @throws TypeError when the text is no URL
 */
export function toAddress(url: string, headers: Readonly<Record<string, string>>): DagsterAddress {
  const { origin, pathname } = new URL(url);
  const shown = origin + pathname.replace(/\/+$/, "");
  return { graphql: `${shown}/graphql`, shown, headers };
}
