/** The place of a storage's objects, normalised as in the database; without a credential. */
export interface S3Location {
  /** An origin: scheme, lower-case host and port; never a path, never a user. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Empty, or ending in a slash and never beginning with one. */
  readonly prefix: string;
  readonly path_style: boolean;
  readonly read_only: boolean;
  /** PEM of the certificate authorities to trust instead of the public ones. */
  readonly ca_certificate: string | null;
}

/** Signs requests. It is stored in the secret store alone. */
export interface S3Credential {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token?: string | undefined;
}
