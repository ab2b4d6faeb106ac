/** The options of a location that asks the S3 server for nothing special; the defaults of the API. */
export const plainOptions = { requester_pays: false, server_side_encryption: null, sse_kms_key_id: null } as const;
