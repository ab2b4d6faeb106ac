/** The place of a storage's objects, normalised as in the database; without a credential. */
export interface S3Location {
  /** Scheme, lower-case host, port and perhaps a path without a slash at its end; never a user. */
  readonly endpoint: string;
  readonly region: string;
  /** With the tenant in front where the server has tenants: `tenant:bucket`. */
  readonly bucket: string;
  /** Empty, or ending in a slash and never beginning with one. */
  readonly prefix: string;
  readonly path_style: boolean;
  readonly read_only: boolean;
  /** PEM of the certificate authorities to trust instead of the public ones. */
  readonly ca_certificate: string | null;
  /** Whether the requests accept that the account of the credential pays for them. */
  readonly requester_pays: boolean;
  /** The encryption that each write asks for; null leaves it to the bucket's default. */
  readonly server_side_encryption: ServerSideEncryption | null;
  /** The key of the key service; null is its default key, and the only value for AES256. */
  readonly sse_kms_key_id: string | null;
}

/** Values of the header x-amz-server-side-encryption: a key of the S3 server, or keys of a key service (KMS). */
export const serverSideEncryptions = ["AES256", "aws:kms", "aws:kms:dsse"] as const;

/** A value of {@link serverSideEncryptions}. */
export type ServerSideEncryption = (typeof serverSideEncryptions)[number];

/** Signs requests. It is stored in the secret store alone. In its place, null stands for requests that are not signed. */
export interface S3Credential {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token?: string | undefined;
}
