/** Where the objects of a storage lie, as the database keeps it: normalised, without a credential. */
export interface S3Location {
  /** An origin: scheme, lower-case host and port; never a path, never a user. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Empty, or ending in a slash and never beginning with one. */
  readonly prefix: string;
  readonly path_style: boolean;
  readonly read_only: boolean;
  /** PEM of the authorities to trust in place of the public ones. */
  readonly ca_certificate: string | null;
}

/** What signs the requests. It lives in the secret store alone, and passes through memory. */
export interface S3Credential {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token?: string | undefined;
}
