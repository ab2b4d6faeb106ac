// Made from the OpenAPI document by scripts/generate.ts: do not edit.

import type { CallOptions, ConditionalOptions, KeyedOptions, VersionedOptions } from "../call-options.ts";
import type { OnlyPage, Pages } from "../pages.ts";

/** Every code that EOM answers a failure with. */
export type ErrorCode =
  | "MALFORMED_JSON"
  | "VALIDATION_ERROR"
  | "CRON_PARSE_ERROR"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "ROUTE_NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "STORAGE_NOT_FOUND"
  | "COLLECTION_NOT_FOUND"
  | "QUOTA_NOT_FOUND"
  | "USER_QUOTA_NOT_FOUND"
  | "RESERVATION_NOT_FOUND"
  | "SCHEDULE_NOT_FOUND"
  | "SESSION_NOT_FOUND"
  | "BACKFILL_NOT_FOUND"
  | "BULK_NOT_FOUND"
  | "DAGSTER_ERROR"
  | "ENGINE_NOT_FOUND"
  | "TOKEN_NOT_FOUND"
  | "WEBHOOK_NOT_FOUND"
  | "DELIVERY_NOT_FOUND"
  | "STORAGE_NAME_CONFLICT"
  | "STORAGE_LOCATION_CONFLICT"
  | "STORAGE_IN_USE"
  | "QUOTA_NAME_CONFLICT"
  | "QUOTA_IN_USE"
  | "USER_QUOTA_CONFLICT"
  | "RESERVATION_CLOSED"
  | "SCHEDULE_NAME_CONFLICT"
  | "SESSION_STATE_CONFLICT"
  | "BULK_TOTAL_CONFLICT"
  | "IDEMPOTENCY_IN_FLIGHT"
  | "IDEMPOTENCY_KEY_REUSED"
  | "PRECONDITION_FAILED"
  | "REQUEST_TIMEOUT"
  | "PAYLOAD_TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "HEADERS_TOO_LARGE"
  | "QUOTA_EXCEEDED"
  | "RATE_LIMITED"
  | "INTERNAL_ERROR"
  | "DATABASE_ERROR"
  | "CONFIGURATION_ERROR"
  | "S3_CONNECTION_FAILED"
  | "DATABASE_UNAVAILABLE"
  | "IDENTITY_PROVIDER_UNAVAILABLE"
  | "SECRET_STORE_UNAVAILABLE";
/** An event, as a webhook receives it. `type` decides the type of `data`. */
export type EomEvent =
  | SessionSucceededEvent
  | SessionFailedEvent
  | SessionCanceledEvent
  | SessionLostEvent
  | SessionTimedOutEvent
  | ScheduleAutoDisabledEvent
  | QuotaWarningEvent
  | QuotaExceededEvent
  | QuotaExpiredEvent
  | StorageVerificationFailedEvent
  | WebhookDisabledEvent;
/** The message of the event session.succeeded. */
export type SessionSucceededEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.session.succeeded";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: SessionEventData;
};
/** The data of an event of a session. */
export type SessionEventData = {
  /** The session. */
  readonly session_id: string;
  /** Its schedule. */
  readonly schedule_id: string;
  /** The name of the schedule when the session was created. */
  readonly schedule_name: string;
  /** The kind of the schedule: 1 job, 5 ingest. */
  readonly kind: number;
  /** The slot of the session; for a manual trigger, the time of the trigger. */
  readonly slot: string;
  /** The last attempt, from 1. */
  readonly attempt: number;
  /** When the session ended. */
  readonly ended: string;
  /** Null if there was no error. */
  readonly error: {
    /** What went wrong, for programs, such as JOB_FAILED. */
    readonly code: string;
    /** What went wrong, for people. */
    readonly message: string;
    /** The step of the run that failed, if the engine has steps. */
    readonly step: string | null;
    /** The same for failures of the same cause. */
    readonly fingerprint: string;
  } | null;
};
/** The message of the event session.failed. */
export type SessionFailedEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.session.failed";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: SessionEventData;
};
/** The message of the event session.canceled. */
export type SessionCanceledEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.session.canceled";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: SessionEventData;
};
/** The message of the event session.lost. */
export type SessionLostEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.session.lost";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: SessionEventData;
};
/** The message of the event session.timed_out. */
export type SessionTimedOutEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.session.timed_out";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: SessionEventData;
};
/** The message of the event schedule.auto_disabled. */
export type ScheduleAutoDisabledEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.schedule.auto_disabled";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: ScheduleEventData;
};
/** The data of an event of a schedule. */
export type ScheduleEventData = {
  /** The schedule. */
  readonly schedule_id: string;
  /** Its name. */
  readonly name: string;
  /** failing: too many failures in a row. over: no slot is left. */
  readonly reason: "failing" | "over";
  /** A sentence for people, such as: 3 failures in a row: the disk is full. */
  readonly note: string;
};
/** The message of the event quota.warning. */
export type QuotaWarningEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.quota.warning";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: ThresholdEventData;
};
/** The data of an event of a user who reached a threshold of a quota. */
export type ThresholdEventData = {
  /** The user. */
  readonly user_id: string;
  /** The quota. */
  readonly quota_id: string;
  /** Its type: MaxOrderTimes or MaxSize. */
  readonly type: string;
  /** The limit of this user. */
  readonly limit: number;
  /** Used in this period, after the change. */
  readonly used: number;
  /** Reserved by open reservations, after the change. */
  readonly reserved: number;
};
/** The message of the event quota.exceeded. */
export type QuotaExceededEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.quota.exceeded";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: ThresholdEventData;
};
/** The message of the event quota.expired. */
export type QuotaExpiredEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.quota.expired";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: ExpiryEventData;
};
/** The data of an event of a user whose quota has expired. */
export type ExpiryEventData = {
  /** The user. */
  readonly user_id: string;
  /** The quota. */
  readonly quota_id: string;
  /** Its type: MaxOrderTimes or MaxSize. */
  readonly type: string;
  /** When it expired: RFC 3339 with an offset. */
  readonly expires_at: string;
};
/** The message of the event storage.verification_failed. */
export type StorageVerificationFailedEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.storage.verification_failed";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: StorageEventData;
};
/** The data of an event of a storage. */
export type StorageEventData = {
  /** The storage. */
  readonly storage_id: string;
  /** Its name. */
  readonly name: string;
  /** The first check that failed: LIST, WRITE, READ or DELETE. */
  readonly check: string | null;
  /** Why, such as access_denied. */
  readonly reason: string | null;
};
/** The message of the event webhook.disabled. */
export type WebhookDisabledEvent = {
  /** The version of CloudEvents. */
  readonly specversion: "1.0";
  /** The event; the same in every attempt and in the header `webhook-id`. */
  readonly id: string;
  /** The deployment, as a URN. */
  readonly source: string;
  /** The type of the event. */
  readonly type: "eom.webhook.disabled";
  /** The object: its kind and its id. */
  readonly subject: string;
  /** When it happened. */
  readonly time: string;
  /** The media type of `data`. */
  readonly datacontenttype: "application/json";
  readonly data: WebhookEventData;
};
/** The data of an event of a webhook. */
export type WebhookEventData = {
  /** The webhook. */
  readonly webhook_id: string;
  /** gone: its receiver answered 410. */
  readonly reason: "gone";
};
/** The caller's own names and values, at most 16, by which lists can be filtered: `label=team:eu`. A name has 1 to 63 letters, digits and . _ / -. */
export type Labels = { readonly [name: string]: string };
/** A credential without its secret half. */
export type S3CredentialShown = {
  /** The public half of the credential. */
  readonly access_key_id: string;
  /** Stands for the secret half, which is never shown. */
  readonly secret: "set";
};
/** Where the objects lie, and how EOM gets at them. */
export type S3Resource = {
  /** The kind of place; s3 is the only one. */
  readonly type: "s3";
  /** URL of the S3 server: its origin and path, in lower case, without the default port. */
  readonly endpoint: string;
  /** Region that requests are signed for. */
  readonly region: string;
  /** Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket. */
  readonly bucket: string;
  /** Prefix of the storage's keys in the bucket: empty, or with a slash at its end. */
  readonly prefix: string;
  /** Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint>. */
  readonly path_style: boolean;
  /** Whether EOM only reads. A verification then writes nothing. */
  readonly read_only: boolean;
  /** PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB. Null: the public ones are trusted. */
  readonly ca_certificate: string | null;
  /** Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands. */
  readonly requester_pays: boolean;
  /** The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds. */
  readonly server_side_encryption: "AES256" | "aws:kms" | "aws:kms:dsse" | null;
  /** Id, alias or ARN of the key for aws:kms and aws:kms:dsse. Null: the default key of the key service. */
  readonly sse_kms_key_id: string | null;
  /** Signs the requests. Null: requests are not signed. */
  readonly credential: S3CredentialShown | null;
};
/** One check of a verification. */
export type VerificationCheck = {
  /** The request that was tried: list keys below the prefix, write a small object, read it back, or delete it. */
  readonly check: "LIST" | "WRITE" | "READ" | "DELETE";
  /** WARN: it works, but not as it should. SKIP: it was not tried, and `reason` says why. */
  readonly status: "PASS" | "FAIL" | "WARN" | "SKIP";
  /** A word of a published list, to which words may be added; null when the check passed. */
  readonly reason:
    | "dns_failure"
    | "connection_refused"
    | "host_unreachable"
    | "connect_timeout"
    | "request_timeout"
    | "connection_reset"
    | "tls_not_tls"
    | "tls_untrusted"
    | "tls_hostname_mismatch"
    | "tls_expired"
    | "tls_failed"
    | "endpoint_forbidden"
    | "request_not_sent"
    | "unexpected_redirect"
    | "not_s3"
    | "response_too_large"
    | "bucket_not_found"
    | "object_not_found"
    | "object_archived"
    | "customer_key_required"
    | "encryption_ignored"
    | "encryption_refused"
    | "access_denied"
    | "invalid_access_key"
    | "session_token_refused"
    | "signature_mismatch"
    | "wrong_region"
    | "clock_skew"
    | "throttled"
    | "not_implemented"
    | "storage_full"
    | "server_error"
    | "unexpected_answer"
    | "content_mismatch"
    | "not_reached"
    | "read_only"
    | "nothing_to_read"
    | null;
  /** What to do, in a sentence; null when the check passed. */
  readonly hint: string | null;
  /** Status of the server's answer; null when there was none. */
  readonly http_status: number | null;
  /** How long the check took, in milliseconds. */
  readonly duration_ms: number;
};
/** The last report about the connection of a storage. */
export type Verification = {
  /** FAIL if one check is, else WARN if one is, else PASS. SKIP does not count. */
  readonly status: "PASS" | "FAIL" | "WARN";
  /** The checks in the order in which they were made. */
  readonly checks: readonly VerificationCheck[];
  /** When the checks were made. */
  readonly checked_at: string;
};
/** A place where data lies: part of an S3 bucket, with its credential. */
export type Storage = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** Unique among storages without regard to case. */
  readonly name: string;
  /** Free text for people; null if there is none. */
  readonly description: string | null;
  /** Whether the storage may be used: sessions on a disabled storage fail before their run starts. */
  readonly enable: boolean;
  readonly labels: Labels;
  readonly resource: S3Resource;
  /** The collections that are bound to the storage, by the ids that they have on the platform. */
  readonly collection_ids: readonly string[];
  /** The last report about the connection. Null if it was never verified. */
  readonly verification: Verification | null;
  /** When the object was created. */
  readonly created: string;
  /** The caller that created the object. */
  readonly created_by: string;
  /** When the object last changed: its creation, if nothing changed since. */
  readonly modified: string;
  /** The caller that made the last change. */
  readonly modified_by: string;
  /** Counts the changes of the object from 1; its entity tag in quotes. */
  readonly version: number;
};
/** Signs the requests to the S3 server. Both keys are required, each under one of its two names. */
export type S3Credential = {
  /** The public half of the credential, which answers show. */
  readonly access_key_id?: string | undefined;
  /** Older name of access_key_id. @deprecated */
  readonly access_key?: string | undefined;
  /** The secret half of the credential, which no answer shows. */
  readonly secret_access_key?: string | undefined;
  /** Older name of secret_access_key. @deprecated */
  readonly secret_key?: string | undefined;
  /** The token of a temporary credential, which no answer shows. Absent for a permanent one. */
  readonly session_token?: string | undefined;
};
/** Where the objects lie, and how EOM gets at them. */
export type CreateS3Resource = {
  /** The kind of place; s3 is the only one. */
  readonly type: "s3";
  /** URL of the S3 server: scheme, host, port, and a path if its API is below one (https://example.org/storage/s3). */
  readonly endpoint: string;
  /** Region that requests are signed for. Default: "us-east-1". */
  readonly region?: string | undefined;
  /** Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket. */
  readonly bucket: string;
  /** Prefix of the storage's keys in the bucket; normalised to a trailing slash and no leading one. Default: "". */
  readonly prefix?: string | undefined;
  /** Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint>. Default: true. */
  readonly path_style?: boolean | undefined;
  /** Whether EOM only reads. A verification then writes nothing. Default: false. */
  readonly read_only?: boolean | undefined;
  /** PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB. Null: the public ones are trusted. Default: null. */
  readonly ca_certificate?: string | null | undefined;
  /** Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands. Default: false. */
  readonly requester_pays?: boolean | undefined;
  /** The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds. Default: null. */
  readonly server_side_encryption?: "AES256" | "aws:kms" | "aws:kms:dsse" | null | undefined;
  /** Key id, alias or ARN of the key for aws:kms and aws:kms:dsse (x-amz-server-side-encryption-aws-kms-key-id). null: the default key of the key service. Default: null. */
  readonly sse_kms_key_id?: string | null | undefined;
  /** Signs the requests. null: requests are not signed, as for a public bucket. */
  readonly credential: S3Credential | null;
};
/** A new storage. */
export type CreateStorage = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name: string;
  /** Free text for people; null if there is none. Default: null. */
  readonly description?: string | null | undefined;
  /** Whether the storage may be used: sessions on a disabled storage fail before their run starts. Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: Labels | undefined;
  readonly resource: CreateS3Resource;
  /** The collections that are bound to the storage, by the ids that they have on the platform. Default: []. */
  readonly collection_ids?: readonly string[] | undefined;
};
/** A storage that is not saved yet: of its fields only `resource` is needed. */
export type VerifyStorage = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name?: string | undefined;
  /** Free text for people; null if there is none. Default: null. */
  readonly description?: string | null | undefined;
  /** Whether the storage may be used: sessions on a disabled storage fail before their run starts. Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: Labels | undefined;
  readonly resource: CreateS3Resource;
  /** The collections that are bound to the storage, by the ids that they have on the platform. Default: []. */
  readonly collection_ids?: readonly string[] | undefined;
};
/** Whether a connection works, check by check. */
export type VerificationReport = {
  /** FAIL if one check is, else WARN if one is, else PASS. SKIP does not count. */
  readonly status: "PASS" | "FAIL" | "WARN";
  /** The checks in the order in which they were made. */
  readonly checks: readonly VerificationCheck[];
};
/** The fields of the resource that change; the others stay as they are, the credential too. */
export type S3ResourceChange = {
  /** The kind of place; s3 is the only one. */
  readonly type?: "s3" | undefined;
  /** URL of the S3 server: scheme, host, port, and a path if its API is below one (https://example.org/storage/s3). */
  readonly endpoint?: string | undefined;
  /** Region that requests are signed for. */
  readonly region?: string | undefined;
  /** Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket. */
  readonly bucket?: string | undefined;
  /** Prefix of the storage's keys in the bucket; normalised to a trailing slash and no leading one. */
  readonly prefix?: string | undefined;
  /** Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint>. */
  readonly path_style?: boolean | undefined;
  /** Whether EOM only reads. A verification then writes nothing. */
  readonly read_only?: boolean | undefined;
  /** PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB. Null: the public ones are trusted. */
  readonly ca_certificate?: string | null | undefined;
  /** Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands. */
  readonly requester_pays?: boolean | undefined;
  /** The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds. */
  readonly server_side_encryption?: "AES256" | "aws:kms" | "aws:kms:dsse" | null | undefined;
  /** Key id, alias or ARN of the key for aws:kms and aws:kms:dsse (x-amz-server-side-encryption-aws-kms-key-id). null: the default key of the key service. */
  readonly sse_kms_key_id?: string | null | undefined;
  /** Replaces the whole credential. Null: requests are not signed from now on. */
  readonly credential?: S3Credential | null | undefined;
};
/** The fields of a storage that change; the others stay as they are, at every depth. */
export type UpdateStorage = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name?: string | undefined;
  /** Free text for people; null if there is none. */
  readonly description?: string | null | undefined;
  /** Whether the storage may be used: sessions on a disabled storage fail before their run starts. */
  readonly enable?: boolean | undefined;
  /** Older name of enable. @deprecated */
  readonly active?: boolean | undefined;
  readonly labels?: Labels | undefined;
  readonly resource?: S3ResourceChange | undefined;
  /** The collections that are bound to the storage, by the ids that they have on the platform. */
  readonly collection_ids?: readonly string[] | undefined;
};
/** An object that keeps another one from being deleted. */
export type Dependant = {
  /** The kind of the dependant: collection or schedule. */
  readonly kind: string;
  /** The id of the dependant. */
  readonly id: string;
  /** The name of the dependant. Null for a collection, whose name EOM does not know. */
  readonly name: string | null;
};
/** The objects that keep an object from being deleted. */
export type DependantList = {
  /** The number of all dependants. */
  readonly total: number;
  /** The first hundred of them, by kind. */
  readonly dependants: readonly Dependant[];
};
/** MaxOrderTimes counts orders, also in a period; MaxSize is a level of stored bytes. */
export type QuotaType = "MaxOrderTimes" | "MaxSize";
/** A limit, under the name that fits the quota's type. */
export type QuotaValue = {
  /** Orders; null is unlimited. Required for the type MaxOrderTimes, refused for MaxSize. */
  readonly max_order_times?: number | null | undefined;
  /** Bytes; null is unlimited. Required for the type MaxSize, refused for MaxOrderTimes. */
  readonly max_size?: number | null | undefined;
};
/** The quota never expires. */
export type ExpireNever = {
  /** The rule of expiry. */
  readonly type: "never";
};
/** The quota expires for all users at the same time. */
export type ExpireAt = {
  /** The rule of expiry. */
  readonly type: "at";
  /** The quota expires for all users at this time. */
  readonly at: string;
};
/** The quota expires for each user some time after its assignment to this user. */
export type ExpireAfter = {
  /** The rule of expiry. */
  readonly type: "after";
  /** Number of units after the assignment, by the calendar in UTC. */
  readonly amount: number;
  /** A unit of the calendar; a week begins on Monday. */
  readonly unit: "day" | "week" | "month" | "year";
};
/** The count starts again with each calendar period. Not for the type MaxSize. */
export type ExpireEvery = {
  /** The rule of expiry. */
  readonly type: "every";
  /** A unit of the calendar; a week begins on Monday. */
  readonly unit: "day" | "week" | "month" | "year";
  /** The IANA name of the time zone in which each period begins. Default: "UTC". */
  readonly time_zone?: string | undefined;
};
/** When the quota ends, or when its count starts again. */
export type QuotaExpire = ExpireNever | ExpireAt | ExpireAfter | ExpireEvery;
/** A limit of one type, with a rule of expiry. It applies to the users that it is assigned to. */
export type Quota = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** Unique among quotas, without regard to case. */
  readonly name: string;
  /** Free text of several lines; null if there is none. */
  readonly description: string | null;
  readonly type: QuotaType;
  readonly value: QuotaValue;
  readonly expire: QuotaExpire;
  /** False: users with this quota are refused; adjust, and negative amounts that give back, are still counted. */
  readonly enable: boolean;
  readonly labels: Labels;
  /** The number of users that have it. Not part of the version. */
  readonly assigned_users: number;
  /** When the object was created. */
  readonly created: string;
  /** The caller that created the object. */
  readonly created_by: string;
  /** When the object last changed: its creation, if nothing changed since. */
  readonly modified: string;
  /** The caller that made the last change. */
  readonly modified_by: string;
  /** Counts the changes of the object from 1; its entity tag in quotes. */
  readonly version: number;
};
/** A new quota. `value` and `expire` must fit its type. */
export type CreateQuota = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name: string;
  /** Free text for people; null if there is none. Default: null. */
  readonly description?: string | null | undefined;
  readonly type: QuotaType;
  readonly value: QuotaValue;
  /** Default: the quota never expires. */
  readonly expire?: QuotaExpire | undefined;
  /** False: users with this quota are refused; adjust, and negative amounts that give back, are still counted. Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: Labels | undefined;
};
/** With the rule's own type, or without a type, an omitted field keeps its value. Another type replaces the whole rule. */
export type QuotaExpireChange = {
  /** The rule of expiry. It decides which of the other fields are accepted. */
  readonly type?: "never" | "at" | "after" | "every" | undefined;
  /** The quota expires for all users at this time. */
  readonly at?: string | undefined;
  /** Number of units after the assignment, by the calendar in UTC. */
  readonly amount?: number | undefined;
  /** A unit of the calendar; a week begins on Monday. */
  readonly unit?: "day" | "week" | "month" | "year" | undefined;
  /** The IANA name of the time zone in which each period begins. */
  readonly time_zone?: string | undefined;
};
/** An omitted field keeps its value; labels are replaced as a whole. */
export type UpdateQuota = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name?: string | undefined;
  /** Free text for people; null if there is none. */
  readonly description?: string | null | undefined;
  /** Can change only while no user has the quota. */
  readonly type?: QuotaType | undefined;
  readonly value?: QuotaValue | undefined;
  readonly expire?: QuotaExpireChange | undefined;
  /** False: users with this quota are refused; adjust, and negative amounts that give back, are still counted. */
  readonly enable?: boolean | undefined;
  readonly labels?: Labels | undefined;
};
/** Where a user stands with one quota. Amounts are orders or bytes, by the quota's type. */
export type Usage = {
  /** The limit that applies to the user; null is unlimited. */
  readonly limit: number | null;
  /** Counted so far: orders of the current period, or stored bytes. */
  readonly used: number;
  /** Reserved by open reservations; counts against the limit as well. */
  readonly reserved: number;
  /** Never negative; null is unlimited. */
  readonly remaining: number | null;
  /** When the count starts again; null for a quota without periods. */
  readonly resets_at: string | null;
  /** exceeded: nothing remains (used and reserved reach the limit). warning: they reach EOM_QUOTA_WARNING percent of it. */
  readonly state: "ok" | "warning" | "exceeded" | "expired" | "disabled";
};
/** A quota as it applies to one user, with the user's usage. */
export type UserQuota = {
  /** The id of the quota, which all its users share. */
  readonly id: string;
  /** Unique among quotas, without regard to case. */
  readonly name: string;
  /** Free text of several lines; null if there is none. */
  readonly description: string | null;
  readonly type: QuotaType;
  /** The limit that applies to this user. */
  readonly value: QuotaValue;
  /** The rule of expiry that applies to this user. */
  readonly expire: QuotaExpire;
  /** As it applies to this user: false refuses the user. */
  readonly enable: boolean;
  readonly labels: Labels;
  /** The user that has the quota. */
  readonly user_id: string;
  /** The time of the assignment, from which `after` of `expire` counts. */
  readonly assigned: string;
  /** When the quota expires for this user; null if it never does, or starts again with each period. */
  readonly expires_at: string | null;
  /** Which fields differ from the quota's, for this user. */
  readonly overrides: readonly ("value" | "expire" | "enable")[];
  readonly usage: Usage;
  /** The last change of the assignment: usage does not change it. */
  readonly modified: string;
  /** The caller that made the last change. */
  readonly modified_by: string;
  /** Counts the changes of the assignment, from 1; usage does not change it. It is the entity tag. */
  readonly version: number;
};
/** A user that has at least one quota. */
export type UserWithQuotas = {
  /** The platform's id of the user. */
  readonly user_id: string;
  /** All quotas of the user, at most one of each type. */
  readonly quotas: readonly UserQuota[];
};
/** Users that get the quota. */
export type AssignQuotaToUsers = {
  /** The users that get the quota, each once. */
  readonly user_ids: readonly string[];
  /** True: all users get the quota, or none. False: each user has a result of its own. Default: true. */
  readonly atomic?: boolean | undefined;
};
/** The body of the failure that a request for one user alone would have had. */
export type AssignFailure = {
  /** What went wrong, for programs: a code never changes its meaning. */
  readonly error_code: string;
  /** The status of the answer. */
  readonly http_status: number;
  /** What went wrong, for people: what was expected and what came. It has no secret in it. */
  readonly error_msg: string;
  /** The user that the request named in a header such as X-User-Id; null if it named none. */
  readonly x_user: string | null;
  /** More about the failure, with fields that depend on `error_code`. Null if there is no more. */
  readonly details: { readonly [name: string]: unknown } | null;
};
/** The result of an assignment to many users, for one of them. */
export type AssignResult = {
  /** The user that this result is about. */
  readonly user_id: string;
  /** The status that a request for this user alone would have had: 201 if the user got the quota. */
  readonly status: number;
  /** Why the user did not get the quota; null on success. */
  readonly error: AssignFailure | null;
};
/** The results of an assignment to many users. */
export type AssignResults = {
  /** One result for each user, in the order of the request. */
  readonly results: readonly AssignResult[];
};
/** The quota to assign. */
export type AssignQuota = {
  /** The quota that the user gets. */
  readonly quota_id: string;
};
/** An omitted field keeps its value; null removes the user's own value, so that the quota's applies again. */
export type OverrideUserQuota = {
  /** The user's own limit; null removes it. */
  readonly value?: QuotaValue | null | undefined;
  /** The user's own rule of expiry, as a change of the one that applies now; null removes it. */
  readonly expire?: QuotaExpireChange | null | undefined;
  /** The user's own value; null removes it. */
  readonly enable?: boolean | null | undefined;
};
/** Amounts of at least one type; types that are left out are not counted. */
export type Amounts = {
  /** Number of orders. */
  readonly MaxOrderTimes?: number | undefined;
  /** Bytes. */
  readonly MaxSize?: number | undefined;
};
/** The amounts that a consume would count. */
export type CheckUsage = {
  readonly amounts: Amounts;
};
/** Why one type of a request is refused. Amounts are orders or bytes. */
export type QuotaViolation = {
  /** The user's quota of this type; null if the user has none. */
  readonly quota_id: string | null;
  readonly type: QuotaType;
  /** The limit that applies to the user; null is unlimited. */
  readonly limit: number | null;
  /** Counted before this request. */
  readonly used: number;
  /** Reserved by open reservations before this request. */
  readonly reserved: number;
  /** The amount of this request. */
  readonly requested: number;
  /** When the count starts again; null for a quota without periods. */
  readonly resets_at: string | null;
  /** limit: the amounts would exceed the limit; no_quota: the user has no quota of this type. */
  readonly reason: "limit" | "expired" | "disabled" | "no_quota";
};
/** Where a user stands with the quota of one type. */
export type MeteredUsage = Usage & {
  /** The user's quota of this type. */
  readonly quota_id: string;
};
/** By type; a type of which the user has no quota is left out. */
export type UsageByType = {
  readonly MaxOrderTimes?: MeteredUsage | undefined;
  readonly MaxSize?: MeteredUsage | undefined;
};
/** The answer to check, consume and adjust. */
export type Metering = {
  /** Whether all amounts are allowed. Always true for what was counted. */
  readonly allowed: boolean;
  /** One for each refused type; empty if all amounts are allowed. */
  readonly violations: readonly QuotaViolation[];
  /** The usage right after the request, by type. */
  readonly usage: UsageByType;
};
/** Amounts of at least one type; negative amounts give back, and types that are left out are not counted. */
export type SignedAmounts = {
  /** Number of orders. */
  readonly MaxOrderTimes?: number | undefined;
  /** Bytes. */
  readonly MaxSize?: number | undefined;
};
/** The amounts to count, if all are allowed. */
export type ConsumeUsage = {
  readonly amounts: SignedAmounts;
};
/** The amounts to count, even beyond the limit. */
export type AdjustUsage = {
  readonly amounts: SignedAmounts;
};
/** Amounts of at least one type; types that are left out are not reserved. */
export type PositiveAmounts = {
  /** Number of orders. */
  readonly MaxOrderTimes?: number | undefined;
  /** Bytes. */
  readonly MaxSize?: number | undefined;
};
/** The amounts to reserve, if all are allowed. */
export type ReserveUsage = {
  readonly amounts: PositiveAmounts;
  /** Seconds until the reservation expires by itself and gives its amounts back. Default: 900. */
  readonly ttl_seconds?: number | undefined;
};
/** Orders (MaxOrderTimes) and bytes (MaxSize); absent types have no amount. */
export type AmountsByType = {
  /** Orders or bytes. */
  readonly MaxOrderTimes?: number | undefined;
  /** Orders or bytes. */
  readonly MaxSize?: number | undefined;
};
/** Amounts that count against a user's limits until the reservation is closed. All its types change together, once. */
export type Reservation = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The user whose amounts are reserved. */
  readonly user_id: string;
  /** An open reservation counts against the limit; the other states are final. */
  readonly state: "open" | "committed" | "released" | "expired";
  /** The amounts that were reserved. */
  readonly amounts: AmountsByType;
  /** The amounts of it that were used; null unless the state is committed. */
  readonly committed: AmountsByType | null;
  /** When an open reservation expires by itself. */
  readonly expires_at: string;
  /** When the amounts were reserved. */
  readonly created: string;
  /** When it was committed or released, or expired; null while it is open. */
  readonly closed: string | null;
};
/** The amounts of a reservation that were used. */
export type CommitReservation = {
  /** The used amounts, of reserved types, at most those reserved. Without them, all that was reserved is counted. */
  readonly amounts?: Amounts | undefined;
};
/** A user's usage of every type. */
export type UserUsage = {
  /** The platform's id of the user. */
  readonly user_id: string;
  readonly usage: UsageByType;
};
/** The call of metering that counted; expire: a reservation ended that nobody had closed in time. */
export type LedgerKind = "consume" | "adjust" | "reserve" | "commit" | "release" | "expire";
/** One counted amount. Entries never change: the sums of a period are its levels. */
export type LedgerEntry = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  readonly type: QuotaType;
  /** consume, adjust, commit: the amount added to used. reserve: the amount added to reserved. release, expire: the amount taken from reserved, negative. */
  readonly amount: number;
  readonly kind: LedgerKind;
  /** The reservation that the entry belongs to; null if to none. */
  readonly reservation_id: string | null;
  /** When the amount was counted. */
  readonly created: string;
  /** The caller that had the amount counted; for expire, EOM itself. */
  readonly created_by: string;
};
/** The state of a session: docs/reference/session-states.md. */
export type SessionState =
  | "pending"
  | "claimed"
  | "running"
  | "unknown"
  | "retry_wait"
  | "succeeded"
  | "failed"
  | "canceled"
  | "skipped";
/** The kind of a schedule: 1 (job), 5 (ingest). */
export type ScheduleKind = 1 | 5;
/** As the parameters of the list, with at least one field; fields must all match, and a value stands for a list of one. */
export type SessionFilter = {
  /** Sessions with one of these ids. */
  readonly ids?: readonly string[] | string | undefined;
  /** Sessions of one of these schedules. */
  readonly schedule_id?: readonly string[] | string | undefined;
  /** Sessions of one of these backfills. */
  readonly backfill_id?: readonly string[] | string | undefined;
  /** Sessions in one of these states. */
  readonly state?: readonly SessionState[] | SessionState | undefined;
  /** Sessions of schedules of one of these kinds. */
  readonly kind?: readonly ScheduleKind[] | ScheduleKind | undefined;
  /** Sessions whose slot is at or after this time. */
  readonly slot_from?: string | undefined;
  /** Sessions whose slot is before this time. */
  readonly slot_to?: string | undefined;
  /** Sessions that one of these callers opened; `scheduler` opens those of slots. */
  readonly created_by?: readonly string[] | string | undefined;
};
/** An action on all sessions that match a filter. */
export type BulkSessions = {
  /** cancel: end the sessions; retry: open a new session for each that did not succeed. */
  readonly action: "cancel" | "retry";
  readonly filter: SessionFilter;
  /** The exact number of objects that the filter must match. Required unless dry_run. */
  readonly expected_total?: number | undefined;
  /** Only return the objects that would be changed. Default: false. */
  readonly dry_run?: boolean | undefined;
};
/** A session or schedule that matches the filter. */
export type BulkObject = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The schedule's name, also for a session. */
  readonly name: string;
  /** The state of the session or schedule. */
  readonly state: string;
};
/** The objects that a bulk action would change. */
export type BulkPreview = {
  /** Number of objects that match the filter: the `expected_total` of the action. */
  readonly total: number;
  /** The first objects, at most 100, in the order in which they would be changed. */
  readonly sample: readonly BulkObject[];
};
/** An object that could not be changed. */
export type BulkFailure = {
  /** The session or schedule that was not changed. */
  readonly id: string;
  /** The code of the error. */
  readonly code: string;
  /** For people: why it was not changed. */
  readonly message: string;
};
/** One action on many objects, and its progress. */
export type Bulk = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The kind of its objects. */
  readonly kind: "session" | "schedule";
  /** The action on each object. */
  readonly action: "cancel" | "retry" | "enable" | "disable" | "trigger";
  /** The filter of the request. */
  readonly filter: { readonly [name: string]: unknown };
  /** The note of the request; null if it had none. */
  readonly note: string | null;
  /** done: each object was changed or has failed; canceled: a person stopped it. */
  readonly state: "running" | "done" | "canceled";
  /** Whether a cancel would still stop it: true while it is running. */
  readonly cancelable: boolean;
  /** Number of objects; does not change after the creation. */
  readonly total: number;
  /** Number of objects that were changed. */
  readonly done: number;
  /** Number of objects that could not be changed. */
  readonly failed: number;
  /** Number of objects that are left; after a cancel they stay unchanged. */
  readonly waiting: number;
  /** The first objects that failed, at most 100, and why. */
  readonly failures: readonly BulkFailure[];
  /** When the action was requested. */
  readonly created: string;
  /** The caller that requested it. */
  readonly created_by: string;
  /** When it was done or canceled; null while it is running. */
  readonly ended: string | null;
};
/** ok; failing: its last session failed, or it was disabled for failing; over: it has no slot left; disabled: by a person. */
export type ScheduleState = "ok" | "failing" | "disabled" | "over";
/** As the parameters of the list, with at least one field; fields must all match, and a value stands for a list of one. */
export type ScheduleFilter = {
  /** Only objects with one of these ids. */
  readonly ids?: readonly string[] | string | undefined;
  /** Only objects with one of these texts in their name or description, without regard to case. */
  readonly keyword?: readonly string[] | string | undefined;
  /** Only enabled objects (true), or only disabled ones (false). */
  readonly enable?: readonly boolean[] | boolean | undefined;
  /** Only objects with one of these labels, each as `name:value`. */
  readonly label?: readonly string[] | string | undefined;
  /** Only objects created at this time or later. */
  readonly created_from?: string | undefined;
  /** Only objects created before this time. */
  readonly created_to?: string | undefined;
  /** Only objects last changed at this time or later. */
  readonly modified_from?: string | undefined;
  /** Only objects last changed before this time. */
  readonly modified_to?: string | undefined;
  /** Schedules in one of these states. */
  readonly state?: readonly ScheduleState[] | ScheduleState | undefined;
  /** Schedules of one of these kinds. */
  readonly kind?: readonly ScheduleKind[] | ScheduleKind | undefined;
  /** Schedules that work on one of these storages. */
  readonly storage_id?: readonly string[] | string | undefined;
  /** Schedules whose next slot is before this time. */
  readonly due_before?: string | undefined;
};
/** An action on all schedules that match a filter. */
export type BulkSchedules = {
  /** trigger: open a session for each schedule, due now. */
  readonly action: "enable" | "disable" | "trigger";
  readonly filter: ScheduleFilter;
  /** Why, for other people: kept with the action, and as the note of disabled schedules. Default: null. */
  readonly note?: string | null | undefined;
  /** The exact number of objects that the filter must match. Required unless dry_run. */
  readonly expected_total?: number | undefined;
  /** Only return the objects that would be changed. Default: false. */
  readonly dry_run?: boolean | undefined;
};
/** Fires at the times of a cron expression. */
export type CronTrigger = {
  /** cron: by a cron expression; freq: every so many units from an anchor. */
  readonly type: "cron";
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds first, or @daily and its like. */
  readonly expression: string;
  /** The IANA name of the time zone by whose wall clock the trigger fires. Default: "UTC". */
  readonly time_zone?: string | undefined;
};
/** Fires at the anchor, and then with a fixed frequency. */
export type FreqTrigger = {
  /** cron: by a cron expression; freq: every so many units from an anchor. */
  readonly type: "freq";
  /** Number of units from one instant to the next. */
  readonly every: number;
  /** minute and hour are elapsed time; day, week and month are steps of the calendar from the anchor's wall clock. */
  readonly unit: "minute" | "hour" | "day" | "week" | "month";
  /** The first instant; all others are counted from it. */
  readonly anchor: string;
  /** The IANA name of the time zone by whose wall clock the trigger fires. Default: "UTC". */
  readonly time_zone?: string | undefined;
};
/** When a schedule fires. A trigger without an instant in the next five years is refused. */
export type Trigger = CronTrigger | FreqTrigger;
/** The trigger fires only inside of this window, by the wall clock of the trigger's time zone. An instant outside is no slot: it is not recorded as missed. */
export type Active = {
  /** The first day of the window; null: no first day. Default: null. */
  readonly start_date?: string | null | undefined;
  /** The last day of the window, included; null: no last day. Default: null. */
  readonly end_date?: string | null | undefined;
  /** The window begins at this time of each day; null: at midnight. Default: null. */
  readonly start_time?: string | null | undefined;
  /** Excluded: the window ends at this time of each day. If it is before start_time, the window spans midnight; null: no end. Default: null. */
  readonly end_time?: string | null | undefined;
  /** From 1 (Monday) to 7 (Sunday), each once; null: every day. Default: null. */
  readonly days_of_week?: readonly number[] | null | undefined;
};
/** An omitted field keeps its value; in a new schedule it has its default: overlap skip, misfire latest, catch_up_seconds 3600, max_catch_up 100, spread_seconds 0, dst_gap shift, dst_overlap first, max_retries 0, retry_delay_seconds 60, launch_timeout_seconds 900, max_runtime_seconds null, max_sessions null, max_consecutive_failures null. */
export type PolicyChange = {
  /** A slot that comes while another session of the schedule is under way: skip it, queue it (one slot at most waits), allow it to start beside the other, or cancel the other first. Manual sessions always start. */
  readonly overlap?: "skip" | "queue" | "allow" | "cancel_previous" | undefined;
  /** Missed slots (older than 10 seconds when a worker first looks): which of them still run. */
  readonly misfire?: "skip" | "latest" | "all" | undefined;
  /** A missed slot that is older than this never runs. */
  readonly catch_up_seconds?: number | undefined;
  /** With misfire all: at most this many missed slots run, the newest. */
  readonly max_catch_up?: number | undefined;
  /** Each schedule starts up to this many seconds after its slot, always by the same amount, and always before its next slot. */
  readonly spread_seconds?: number | undefined;
  /** When the clocks skip a fixed time: shift runs it at the first instant after the gap, skip does not run it. */
  readonly dst_gap?: "shift" | "skip" | undefined;
  /** When the clocks show a fixed time twice: run at the first instant, the second, or both. */
  readonly dst_overlap?: "first" | "second" | "both" | undefined;
  /** How often a run that failed, was lost or timed out is tried again. */
  readonly max_retries?: number | undefined;
  /** Delay before the first retry. It doubles for each further one, up to a day; half of it is random. */
  readonly retry_delay_seconds?: number | undefined;
  /** How long a launched run may wait in its engine before it starts. */
  readonly launch_timeout_seconds?: number | undefined;
  /** A run that takes longer is ended; null: no limit. */
  readonly max_runtime_seconds?: number | null | undefined;
  /** The schedule is over after this many slots have become sessions; null: never. */
  readonly max_sessions?: number | null | undefined;
  /** The schedule is disabled after this many failures in a row; null: never. */
  readonly max_consecutive_failures?: number | null | undefined;
};
/** A trigger as in a schedule, and the instants to list. */
export type PreviewTrigger = {
  readonly trigger: Trigger;
  /** Null: no window, always active. */
  readonly active?: Active | null | undefined;
  /** Only the fields about daylight saving matter here. */
  readonly policy?: PolicyChange | undefined;
  /** Instants after this time. Default: now. */
  readonly from?: string | undefined;
  /** At most this many instants. Default: 10. */
  readonly count?: number | undefined;
};
/** Fires at the times of a cron expression. */
export type SavedCronTrigger = {
  /** cron: by a cron expression; freq: every so many units from an anchor. */
  readonly type: "cron";
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds first, or @daily and its like. */
  readonly expression: string;
  /** The IANA name of the time zone by whose wall clock the trigger fires. */
  readonly time_zone: string;
};
/** Fires at the anchor, and then with a fixed frequency. */
export type SavedFreqTrigger = {
  /** cron: by a cron expression; freq: every so many units from an anchor. */
  readonly type: "freq";
  /** Number of units from one instant to the next. */
  readonly every: number;
  /** minute and hour are elapsed time; day, week and month are steps of the calendar from the anchor's wall clock. */
  readonly unit: "minute" | "hour" | "day" | "week" | "month";
  /** The first instant; all others are counted from it. */
  readonly anchor: string;
  /** The IANA name of the time zone by whose wall clock the trigger fires. */
  readonly time_zone: string;
};
/** When a schedule fires. */
export type SavedTrigger = SavedCronTrigger | SavedFreqTrigger;
/** How a schedule treats its slots and runs. */
export type Policy = {
  /** A slot that comes while another session of the schedule is under way: skip it, queue it (one slot at most waits), allow it to start beside the other, or cancel the other first. Manual sessions always start. */
  readonly overlap: "skip" | "queue" | "allow" | "cancel_previous";
  /** Missed slots (older than 10 seconds when a worker first looks): which of them still run. */
  readonly misfire: "skip" | "latest" | "all";
  /** A missed slot that is older than this never runs. */
  readonly catch_up_seconds: number;
  /** With misfire all: at most this many missed slots run, the newest. */
  readonly max_catch_up: number;
  /** Each schedule starts up to this many seconds after its slot, always by the same amount, and always before its next slot. */
  readonly spread_seconds: number;
  /** When the clocks skip a fixed time: shift runs it at the first instant after the gap, skip does not run it. */
  readonly dst_gap: "shift" | "skip";
  /** When the clocks show a fixed time twice: run at the first instant, the second, or both. */
  readonly dst_overlap: "first" | "second" | "both";
  /** How often a run that failed, was lost or timed out is tried again. */
  readonly max_retries: number;
  /** Delay before the first retry. It doubles for each further one, up to a day; half of it is random. */
  readonly retry_delay_seconds: number;
  /** How long a launched run may wait in its engine before it starts. */
  readonly launch_timeout_seconds: number;
  /** A run that takes longer is ended; null: no limit. */
  readonly max_runtime_seconds: number | null;
  /** The schedule is over after this many slots have become sessions; null: never. */
  readonly max_sessions: number | null;
  /** The schedule is disabled after this many failures in a row; null: never. */
  readonly max_consecutive_failures: number | null;
};
/** A slot in the future. */
export type NextSlot = {
  /** The nominal instant, without the delay of `spread_seconds`. */
  readonly slot: string;
};
/** The trigger as it would be saved, and its next instants. */
export type TriggerPreview = {
  readonly trigger: SavedTrigger;
  /** Null: no window, always active. */
  readonly active: Active | null;
  readonly policy: Policy;
  /** Earliest first; fewer than `count` if the trigger has no more. */
  readonly next: readonly NextSlot[];
};
/** A slot (`slot`), or a stretch of slots that did not run (`from`, `to`). */
export type PastSlot = {
  /** The slot; absent in a stretch. */
  readonly slot?: string | undefined;
  /** The first slot of a stretch. */
  readonly from?: string | undefined;
  /** The last slot of a stretch. */
  readonly to?: string | undefined;
  /** The session of the slot, if there is one. */
  readonly session_id: string | null;
  /** Why the slot became no session, such as missed_window or overlap; null if it has a session. */
  readonly reason: string | null;
};
/** Past entries are newest first. Slots that did not run are one entry, from and to. */
export type Slots = {
  /** Earliest first; fewer than `count` if the trigger has no more. */
  readonly next: readonly NextSlot[];
  /** At most `count` entries, newest first. */
  readonly past: readonly PastSlot[];
};
/** The job that a schedule runs, by its place in the engine. */
export type SavedJob = {
  /** The code location from which Dagster loads the job; null in the local engine. */
  readonly location: string | null;
  /** The repository in the code location; null in the local engine, and for a location of Dagster that defines none. */
  readonly repository: string | null;
  /** The job, by its name in the engine. */
  readonly name: string;
};
/** The parameters of a schedule: its kind says which. */
export type KindParams = { readonly [name: string]: unknown };
/** Why a schedule is disabled, by whom and since when. */
export type Disabled = {
  /** manual: by a person; over: it has no slot left; failing: too many failures in a row. */
  readonly reason: string;
  /** The text of the person, or EOM's own sentence; null if there is none. */
  readonly note: string | null;
  /** The caller that disabled the schedule, or `scheduler`. */
  readonly by: string;
  /** When it was disabled. */
  readonly at: string;
};
/** Why an attempt failed, or its run was not launched. */
export type SessionError = {
  /** For programs: capitals and underscores. */
  readonly code: string;
  /** For people. Contains no secret. */
  readonly message: string;
  /** The step of the run that failed; null if the engine does not report steps. */
  readonly step: string | null;
  /** Equal for failures of the same cause: ignores numbers and ids in the message. */
  readonly fingerprint: string;
};
/** Counters of a schedule's sessions, since its creation. */
export type ScheduleStats = {
  /** Sessions opened, whatever their cause. */
  readonly sessions: number;
  /** Sessions that succeeded. */
  readonly succeeded: number;
  /** Sessions that failed for good, after their retries. */
  readonly failed: number;
  /** Failures since the last success, without backfills; 0 after the schedule is enabled again. */
  readonly consecutive_failures: number;
  /** The error of the last failed session; null before one. */
  readonly last_error: SessionError | null;
};
/** A job, and when it runs. The version counts edits: next slot and counters change without it. */
export type Schedule = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** Unique among schedules, without regard to case. */
  readonly name: string;
  /** Free text of several lines; null if there is none. */
  readonly description: string | null;
  /** The kind of a schedule: 1 (job), 5 (ingest). */
  readonly kind: number;
  /** A disabled schedule opens no sessions for its slots; it can still be triggered by hand. */
  readonly enable: boolean;
  readonly state: ScheduleState;
  /** Waiting sessions start in turn by owner, so that one owner cannot keep the others waiting. */
  readonly owner: string;
  /** The engine that runs its sessions, by its name. */
  readonly engine: string;
  readonly labels: Labels;
  readonly trigger: SavedTrigger;
  /** Null: no window, always active. */
  readonly active: Active | null;
  readonly job: SavedJob;
  readonly params: KindParams;
  readonly policy: Policy;
  /** The next slot that becomes a session; null while it is disabled, and when no slot is left. */
  readonly next_due_at: string | null;
  /** The newest slot that EOM has treated; null before the first. */
  readonly last_slot: string | null;
  /** Why it is disabled; null while it is enabled. */
  readonly disabled: Disabled | null;
  readonly stats: ScheduleStats;
  /** When the object was created. */
  readonly created: string;
  /** The caller that created the object. */
  readonly created_by: string;
  /** When the object last changed: its creation, if nothing changed since. */
  readonly modified: string;
  /** The caller that made the last change. */
  readonly modified_by: string;
  /** Counts the changes of the object from 1; its entity tag in quotes. */
  readonly version: number;
};
/** The job that a schedule runs, by its place in the engine. */
export type JobReference = {
  /** The code location from which Dagster loads the job; null in the local engine. Default: null. */
  readonly location?: string | null | undefined;
  /** The repository in the code location; null in the local engine, and for a location of Dagster that defines none. Default: null. */
  readonly repository?: string | null | undefined;
  /** The job, by its name in the engine. */
  readonly name: string;
};
/** The parameters of kind 1, which runs any job. */
export type JobParams = {
  /** Reaches the job unchanged: it has the job's own format. */
  readonly run_config?: { readonly [name: string]: unknown } | undefined;
  /** Tags of the run in the engine's own lists; names have 1 to 63 characters, values at most 255. */
  readonly tags?: { readonly [name: string]: string } | undefined;
};
/** A new schedule of kind 1 (job). */
export type CreateJobSchedule = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name: string;
  /** Free text for people; null if there is none. Default: null. */
  readonly description?: string | null | undefined;
  /** A disabled schedule opens no sessions for its slots; it can still be triggered by hand. Default: true. */
  readonly enable?: boolean | undefined;
  /** Waiting sessions start in turn by owner, so that one owner cannot keep the others waiting. Default: the caller. */
  readonly owner?: string | undefined;
  /** The engine that runs its sessions. Default: the deployment's. */
  readonly engine?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly trigger: Trigger;
  /** Null: no window, always active. */
  readonly active?: Active | null | undefined;
  readonly job: JobReference;
  readonly policy?: PolicyChange | undefined;
  /** The kind job; it never changes. */
  readonly kind: 1;
  readonly params?: JobParams | undefined;
};
/** The parameters of kind 5, which works on one storage for the data interval that ends with the slot. */
export type IngestParams = {
  /** The storage that the job works on: it reaches the job without its secret. */
  readonly storage_id: string;
  /** Reaches the job unchanged; null if it names no collection. Default: null. */
  readonly collection_id?: string | null | undefined;
  /** The job's own options, which reach it unchanged. */
  readonly options?: { readonly [name: string]: unknown } | undefined;
};
/** A new schedule of kind 5 (ingest). */
export type CreateIngestSchedule = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name: string;
  /** Free text for people; null if there is none. Default: null. */
  readonly description?: string | null | undefined;
  /** A disabled schedule opens no sessions for its slots; it can still be triggered by hand. Default: true. */
  readonly enable?: boolean | undefined;
  /** Waiting sessions start in turn by owner, so that one owner cannot keep the others waiting. Default: the caller. */
  readonly owner?: string | undefined;
  /** The engine that runs its sessions. Default: the deployment's. */
  readonly engine?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly trigger: Trigger;
  /** Null: no window, always active. */
  readonly active?: Active | null | undefined;
  readonly job: JobReference;
  readonly policy?: PolicyChange | undefined;
  /** The kind ingest; it never changes. */
  readonly kind: 5;
  readonly params: IngestParams;
};
/** A new schedule; `kind` says which parameters it has. */
export type CreateSchedule = CreateJobSchedule | CreateIngestSchedule;
/** With the trigger's own type, or without a type, an omitted field keeps its value. The other type replaces the whole trigger. */
export type TriggerChange = {
  /** cron: by a cron expression; freq: every so many units from an anchor. */
  readonly type?: "cron" | "freq" | undefined;
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds first, or @daily and its like. */
  readonly expression?: string | undefined;
  /** The IANA name of the time zone by whose wall clock the trigger fires. */
  readonly time_zone?: string | undefined;
  /** Number of units from one instant to the next. */
  readonly every?: number | undefined;
  /** minute and hour are elapsed time; day, week and month are steps of the calendar from the anchor's wall clock. */
  readonly unit?: "minute" | "hour" | "day" | "week" | "month" | undefined;
  /** The first instant; all others are counted from it. */
  readonly anchor?: string | undefined;
};
/** An omitted field keeps its value; null clears it. */
export type ActiveChange = {
  /** The first day of the window; null: no first day. */
  readonly start_date?: string | null | undefined;
  /** The last day of the window, included; null: no last day. */
  readonly end_date?: string | null | undefined;
  /** The window begins at this time of each day; null: at midnight. */
  readonly start_time?: string | null | undefined;
  /** Excluded: the window ends at this time of each day. If it is before start_time, the window spans midnight; null: no end. */
  readonly end_time?: string | null | undefined;
  /** From 1 (Monday) to 7 (Sunday), each once; null: every day. */
  readonly days_of_week?: readonly number[] | null | undefined;
};
/** An omitted field keeps its value. */
export type JobChange = {
  /** The code location from which Dagster loads the job; null in the local engine. */
  readonly location?: string | null | undefined;
  /** The repository in the code location; null in the local engine, and for a location of Dagster that defines none. */
  readonly repository?: string | null | undefined;
  /** The job, by its name in the engine. */
  readonly name?: string | undefined;
};
/** An omitted field keeps its value, at every depth; labels and lists are replaced as a whole. */
export type UpdateSchedule = {
  /** A text on one line, without blanks around it, unique among objects of its kind without regard to case. */
  readonly name?: string | undefined;
  /** Free text for people; null if there is none. */
  readonly description?: string | null | undefined;
  /** Accepted only if it is the schedule's kind, which never changes. */
  readonly kind?: number | undefined;
  /** A disabled schedule opens no sessions for its slots; it can still be triggered by hand. */
  readonly enable?: boolean | undefined;
  /** Waiting sessions start in turn by owner, so that one owner cannot keep the others waiting. */
  readonly owner?: string | undefined;
  /** The engine that runs the sessions, by its name. */
  readonly engine?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly trigger?: TriggerChange | undefined;
  /** Null removes the window; fields of it that are left out keep their values. */
  readonly active?: ActiveChange | null | undefined;
  readonly job?: JobChange | undefined;
  /** An omitted field keeps its value; a given field replaces it as a whole, also where it is an object. */
  readonly params?: KindParams | undefined;
  readonly policy?: PolicyChange | undefined;
};
/** A note that explains the change. */
export type ChangeNote = {
  /** Why, for other people; null: no note. Default: null. */
  readonly note?: string | null | undefined;
};
/** A past time span whose slots are run. */
export type CreateBackfill = {
  /** Included: slots from this instant on. */
  readonly from: string;
  /** Excluded. Must not be after now: a backfill runs past slots only. */
  readonly to: string;
  /** How many sessions of the backfill may be unfinished at a time. Default: 1. */
  readonly max_parallel?: number | undefined;
};
/** A request to run the past slots of a schedule, and its progress. */
export type Backfill = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The schedule whose slots are run. */
  readonly schedule_id: string;
  /** The name of the schedule when the backfill was created. */
  readonly schedule_name: string;
  /** Included: slots from this instant on. */
  readonly from: string;
  /** Excluded: slots before this instant. */
  readonly to: string;
  /** How many of its sessions may be unfinished at a time. */
  readonly max_parallel: number;
  /** `done`: every slot has its session, and all sessions have ended, with success or not. */
  readonly state: "running" | "done" | "canceled";
  /** Why it is canceled: `canceled` (by a person) or `schedule_deleted`; null unless it is. */
  readonly reason: string | null;
  /** The earliest slot that may be opened next; null if all are opened. */
  readonly next_from: string | null;
  /** Sessions opened so far. */
  readonly opened: number;
  /** Number of its sessions by state; states without a session are left out. */
  readonly sessions: { readonly [name: string]: number };
  /** When the backfill was created. */
  readonly created: string;
  /** The caller that created it. */
  readonly created_by: string;
  /** When it was done or canceled; null while it is running. */
  readonly ended: string | null;
};
/** Why it was opened: for a slot, by a person (manual, retry), by a backfill. */
export type SessionCause = "slot" | "manual" | "backfill" | "retry";
/** The time span whose data the session processes. */
export type DataInterval = {
  /** Included: the trigger's instant before the slot. */
  readonly start: string;
  /** Excluded: the slot. */
  readonly end: string;
};
/** The run of the last attempt, in its engine. */
export type SessionRun = {
  /** The engine that has the run, by its name. */
  readonly engine: string;
  /** The engine's own id of the run; null until the engine has answered the launch. */
  readonly id: string | null;
  /** The page of the run in the engine's console; null if the engine has none. */
  readonly url: string | null;
  /** The last status of the run that EOM has seen; null before the first. */
  readonly status: string | null;
  /** The job's own result; null before the end, and for a job without one. */
  readonly result: { readonly [name: string]: unknown } | null;
};
/** The state of a session, explained to a person. */
export type Explanation = {
  /** Why the session is in its state. */
  readonly sentence: string;
  /** time, worker, session, engine, run or stop; null if it waits for nothing. */
  readonly waiting_on: string | null;
  /** The step that a person can take next; null if none is needed. */
  readonly next_step: string | null;
};
/** One occurrence of a schedule, with all its attempts. */
export type Session = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The schedule that the session belongs to; it may have been deleted. */
  readonly schedule_id: string;
  /** The name of the schedule when the session was opened. */
  readonly schedule_name: string;
  /** The kind of a schedule: 1 (job), 5 (ingest). */
  readonly kind: number;
  readonly cause: SessionCause;
  /** The backfill that opened the session; null for other causes. */
  readonly backfill_id: string | null;
  /** The session that this one retries; null for other causes. */
  readonly retry_of: string | null;
  /** The nominal instant of the schedule; for a manual session, when it was triggered. */
  readonly slot: string;
  readonly state: SessionState;
  /** Why a session ended without a run, as a word; null for others. */
  readonly reason: string | null;
  /** Number of the attempt, from 1; each retry by the policy adds 1. */
  readonly attempt: number;
  readonly data_interval: DataInterval;
  /** When the session was opened. */
  readonly created: string;
  /** When a worker last claimed the session; null before the first time. */
  readonly picked: string | null;
  /** When the run of the last attempt started; null before it. */
  readonly started: string | null;
  /** When the session ended for good; null before its end. */
  readonly ended: string | null;
  /** Seconds from started to ended; null before the end, and if no run started. */
  readonly duration_seconds: number | null;
  /** The run of the last attempt; null before the first launch. */
  readonly run: SessionRun | null;
  /** Why the last attempt failed; null if none has. */
  readonly error: SessionError | null;
  readonly explanation: Explanation;
  /** The caller that opened it; `scheduler` for slots. */
  readonly created_by: string;
  /** Counts the changes of the session, from 1. It is the entity tag. */
  readonly version: number;
};
/** The run of the last attempt, with its config and output. */
export type SessionRunWithConfig = {
  /** The engine that has the run, by its name. */
  readonly engine: string;
  /** The engine's own id of the run; null until the engine has answered the launch. */
  readonly id: string | null;
  /** The page of the run in the engine's console; null if the engine has none. */
  readonly url: string | null;
  /** The last status of the run that EOM has seen; null before the first. */
  readonly status: string | null;
  /** The job's own result; null before the end, and for a job without one. */
  readonly result: { readonly [name: string]: unknown } | null;
  /** The run config that the job got. Contains no secret; null if it was never made. */
  readonly config: { readonly [name: string]: unknown } | null;
  /** The end of the run's output; null if there is none. */
  readonly output: string | null;
};
/** One change of a session's state. */
export type SessionHistoryEntry = {
  /** When the state changed. */
  readonly at: string;
  /** The state before; null in the first entry. */
  readonly from: SessionState | null;
  /** The state after. */
  readonly to: SessionState;
  /** The attempt that was under way. */
  readonly attempt: number;
  /** The caller, or the part of EOM, that changed it. */
  readonly actor: string;
  /** Why it changed, as a word. */
  readonly cause: string;
  /** More about the cause, for people; null if there is no more. */
  readonly message: string | null;
};
/** A session with its history, run config and output. */
export type SessionWithHistory = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The schedule that the session belongs to; it may have been deleted. */
  readonly schedule_id: string;
  /** The name of the schedule when the session was opened. */
  readonly schedule_name: string;
  /** The kind of a schedule: 1 (job), 5 (ingest). */
  readonly kind: number;
  readonly cause: SessionCause;
  /** The backfill that opened the session; null for other causes. */
  readonly backfill_id: string | null;
  /** The session that this one retries; null for other causes. */
  readonly retry_of: string | null;
  /** The nominal instant of the schedule; for a manual session, when it was triggered. */
  readonly slot: string;
  readonly state: SessionState;
  /** Why a session ended without a run, as a word; null for others. */
  readonly reason: string | null;
  /** Number of the attempt, from 1; each retry by the policy adds 1. */
  readonly attempt: number;
  readonly data_interval: DataInterval;
  /** When the session was opened. */
  readonly created: string;
  /** When a worker last claimed the session; null before the first time. */
  readonly picked: string | null;
  /** When the run of the last attempt started; null before it. */
  readonly started: string | null;
  /** When the session ended for good; null before its end. */
  readonly ended: string | null;
  /** Seconds from started to ended; null before the end, and if no run started. */
  readonly duration_seconds: number | null;
  /** The run of the last attempt; null before the first launch. */
  readonly run: SessionRunWithConfig | null;
  /** Why the last attempt failed; null if none has. */
  readonly error: SessionError | null;
  readonly explanation: Explanation;
  /** The caller that opened it; `scheduler` for slots. */
  readonly created_by: string;
  /** Counts the changes of the session, from 1. It is the entity tag. */
  readonly version: number;
  /** Every change of the state, oldest first. */
  readonly history: readonly SessionHistoryEntry[];
};
/** The end of the output of a session's run. */
export type SessionLog = {
  /** The session whose run wrote the text. */
  readonly session_id: string;
  /** The attempt that wrote the text. */
  readonly attempt: number;
  /** The last 65536 bytes of the run's output, or all of it. Empty if the engine does not report output. */
  readonly text: string;
  /** Whether the run wrote more than `text` contains. */
  readonly is_truncated: boolean;
  /** Whether this attempt has ended, so that the text will not grow. */
  readonly is_final: boolean;
  /** When the text was read from the run; null before there is any. */
  readonly at: string | null;
};
/** The schedule of a row. */
export type TimelineSchedule = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** Unique among schedules, without regard to case. */
  readonly name: string;
  /** False: no slots are expected. */
  readonly enable: boolean;
};
/** A session (`slot` to `ended`), a stretch of slots that became no session (`from`, `to`, `reason`), or a slot that no scan has looked at yet (`slot`, `state`). */
export type TimelineEntry = {
  /** The nominal instant of a session or an expected slot; absent in a stretch. */
  readonly slot?: string | undefined;
  /** The first slot of a stretch; it may be before the requested time span. */
  readonly from?: string | undefined;
  /** The last slot of a stretch; it may be after the requested time span. */
  readonly to?: string | undefined;
  /** Absent in a stretch, and for an expected slot. */
  readonly session_id?: string | undefined;
  /** Why the session was opened. */
  readonly cause?: SessionCause | undefined;
  /** The state of the session; `expected` for a slot that no scan has looked at yet. */
  readonly state?:
    | "pending"
    | "claimed"
    | "running"
    | "unknown"
    | "retry_wait"
    | "succeeded"
    | "failed"
    | "canceled"
    | "skipped"
    | "expected"
    | undefined;
  /** Why the session, or the stretch, is as it is. */
  readonly reason?: string | null | undefined;
  /** When the session's last run started; null before it. */
  readonly started?: string | null | undefined;
  /** When the session ended; null before its end. */
  readonly ended?: string | null | undefined;
};
/** The slots of one schedule in a time span. */
export type TimelineRow = {
  readonly schedule: TimelineSchedule;
  /** Oldest slot first, at most 200. */
  readonly entries: readonly TimelineEntry[];
  /** True when entries are missing: request a shorter time span. */
  readonly truncated: boolean;
};
/** A system that runs the jobs of schedules. */
export type Engine = {
  /** Schedules name the engine by it. */
  readonly name: string;
  /** Whether schedules that name no engine get this one when they are created. */
  readonly is_default: boolean;
  /** failing: the engine cannot launch runs now, or did not answer within 5 seconds. */
  readonly state: "ok" | "failing";
  /** A sentence. If the engine fails: what is wrong and what to do. */
  readonly detail: string;
  /** Its runs under way, counted over all processes. */
  readonly running: number;
  /** How many more launches it accepts now from the process that answers. */
  readonly room: number;
  /** When the state was found out: engines are checked at each request. */
  readonly checked_at: string;
};
/** A job that schedules can name. */
export type EngineJob = {
  /** The value of `job.location` in a schedule; null in the local engine. */
  readonly location: string | null;
  /** The value of `job.repository` in a schedule; null in the local engine. */
  readonly repository: string | null;
  /** The value of `job.name` in a schedule. */
  readonly name: string;
  /** The kinds of schedules that may name the job. */
  readonly kinds: readonly number[];
  /** The engine's own text about the job; null if it has none. */
  readonly description: string | null;
};
/** A part of an engine from which jobs are loaded, such as a code location of Dagster. */
export type EngineLocation = {
  /** Jobs name their location by it. */
  readonly name: string;
  /** Only jobs of a loaded location can be launched. */
  readonly state: "loaded" | "loading" | "failed";
  /** Why it failed to load; else null. */
  readonly detail: string | null;
};
/** Why an attempt to send a message failed. The guide of notifications explains each word; words may be added. */
export type AttemptError =
  | "timeout"
  | "connection_failed"
  | "tls_failed"
  | "name_not_found"
  | "address_forbidden"
  | "redirect_refused"
  | "http_status"
  | "gone"
  | "secret_lost";
/** Deliveries by state, each counted up to 10000. */
export type DeliveryCounts = {
  /** Messages that are still to be sent. */
  readonly pending: number;
  /** Messages whose attempts are used up. */
  readonly dead: number;
};
/** An address that receives events, and how its last attempts went. */
export type Webhook = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The URL that receives the messages, as a URL parser writes it. */
  readonly address: string;
  /** The events that are sent: `*` for all, `session.*` for all of an object, or a type by its name. */
  readonly event_types: readonly string[];
  /** Free text for people; null if there is none. */
  readonly description: string | null;
  /** Whether events are sent. Events of the time in which it is disabled are not sent later. */
  readonly enable: boolean;
  /** Why EOM disabled it: `gone` if its receiver answered 410 Gone. Otherwise null. */
  readonly disabled_reason: "gone" | null;
  readonly labels: Labels;
  /** Until then messages are signed with the previous secret too. Null outside a rotation. */
  readonly previous_secret_until: string | null;
  /** failing from the first failed attempt until the next success. */
  readonly state: "healthy" | "failing";
  /** Failed attempts since the last success. */
  readonly consecutive_failures: number;
  /** When a message was last received. Null if none was. */
  readonly last_success: string | null;
  /** When an attempt last failed. Null if none did. */
  readonly last_failure: string | null;
  /** Why the last failed attempt failed. Null if none did. */
  readonly last_error: AttemptError | null;
  readonly deliveries: DeliveryCounts;
  /** When the object was created. */
  readonly created: string;
  /** The caller that created the object. */
  readonly created_by: string;
  /** When the object last changed: its creation, if nothing changed since. */
  readonly modified: string;
  /** The caller that made the last change. */
  readonly modified_by: string;
  /** Counts the changes of the object from 1; its entity tag in quotes. */
  readonly version: number;
};
/** A new webhook: an address, and the events that it receives. */
export type CreateWebhook = {
  /** The URL that receives the messages: https, or http where the configuration allows it, without user, password and fragment. */
  readonly address: string;
  /** The events that are sent: any of *, session.*, schedule.*, quota.*, storage.*, webhook.*, session.succeeded, session.failed, session.canceled, session.lost, session.timed_out, schedule.auto_disabled, quota.warning, quota.exceeded, quota.expired, storage.verification_failed, webhook.disabled. */
  readonly event_types: readonly string[];
  /** Free text for people; null if there is none. Default: null. */
  readonly description?: string | null | undefined;
  /** Whether events are sent. Events of the time in which it is disabled are not sent later. Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: Labels | undefined;
  /** `whsec_` and base64 of 24 to 64 bytes. Null: EOM creates a secret and shows it once, in the answer to this request. */
  readonly secret?: string | null | undefined;
};
/** A webhook after it was created or changed, with a secret that EOM created. */
export type WrittenWebhook = Webhook & {
  /** The secret that EOM created, shown once; otherwise null. */
  readonly secret: string | null;
};
/** The fields of a webhook that change; the others stay as they are. A secret, null too, takes the place of the present one, which also signs for another day. */
export type UpdateWebhook = {
  /** The URL that receives the messages: https, or http where the configuration allows it, without user, password and fragment. */
  readonly address?: string | undefined;
  /** The events that are sent: any of *, session.*, schedule.*, quota.*, storage.*, webhook.*, session.succeeded, session.failed, session.canceled, session.lost, session.timed_out, schedule.auto_disabled, quota.warning, quota.exceeded, quota.expired, storage.verification_failed, webhook.disabled. */
  readonly event_types?: readonly string[] | undefined;
  /** Free text for people; null if there is none. */
  readonly description?: string | null | undefined;
  /** Whether events are sent. Events of the time in which it is disabled are not sent later. */
  readonly enable?: boolean | undefined;
  readonly labels?: Labels | undefined;
  /** `whsec_` and base64 of 24 to 64 bytes. Null: EOM creates a secret and shows it once, in the answer to this request. */
  readonly secret?: string | null | undefined;
};
/** The result of a test message. */
export type WebhookTest = {
  /** Whether the receiver answered 2xx. */
  readonly delivered: boolean;
  /** The message, as the receiver sees it in `webhook-id`. */
  readonly message_id: string;
  /** The status of the receiver's answer. Null if there was no answer. */
  readonly http_status: number | null;
  /** Why the attempt failed. Null when the receiver answered 2xx. */
  readonly error: AttemptError | null;
  /** How long the attempt took, in milliseconds. */
  readonly duration_ms: number;
};
/** One attempt to send a message. */
export type DeliveryAttempt = {
  /** When the attempt began. */
  readonly at: string;
  /** The status of the receiver's answer. Null if there was no answer. */
  readonly http_status: number | null;
  /** Why the attempt failed. Null when the receiver answered 2xx. */
  readonly error: AttemptError | null;
  /** How long the attempt took, in milliseconds. */
  readonly duration_ms: number;
};
/** One event for one webhook, and the attempts to send it. */
export type Delivery = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The webhook that receives the message. */
  readonly webhook_id: string;
  /** The id of the message (`webhook-id`), the same in every attempt. */
  readonly event_id: string;
  /** The type of the event. */
  readonly event_type: string;
  /** pending until the receiver answers 2xx (delivered) or the attempts are used up (dead). */
  readonly state: "pending" | "delivered" | "dead";
  /** Attempts made since the last redrive. */
  readonly attempts: number;
  /** When the next attempt is due. Null unless the state is pending. */
  readonly next_attempt_at: string | null;
  /** The last attempt. Null before the first. */
  readonly last_attempt: DeliveryAttempt | null;
  /** When the receiver answered 2xx. Null unless the state is delivered. */
  readonly delivered: string | null;
  /** When the event happened. */
  readonly created: string;
};
/** The result of a redrive of all dead deliveries. */
export type Redriven = {
  /** How many deliveries are due again. */
  readonly redriven: number;
  /** Whether dead deliveries are left: send the request again. */
  readonly remaining: boolean;
};
/** The rights of the caller. viewer: read; operator: also act on what exists, such as trigger a schedule; admin: everything; meter: only metering. */
export type Role = "viewer" | "meter" | "operator" | "admin";
/** The caller, as authentication identified it. */
export type Me = {
  /** The caller's name in answers, logs and the audit trail. */
  readonly subject: string;
  readonly role: Role;
  /** How the caller was identified: by a token of EOM, by an identity provider (oidc), by a gateway, or not at all (none). */
  readonly authentication: "token" | "oidc" | "gateway" | "none";
  /** The user that the request named in a header such as X-User-Id: it labels the audit trail and gives no right. Null if it named none. */
  readonly on_behalf_of: string | null;
};
/** A token of EOM, without its text. */
export type Token = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** The caller's name in answers, logs and the audit trail. */
  readonly label: string;
  readonly role: Role;
  /** From this time on the token is refused. Null: it does not expire. */
  readonly expires_at: string | null;
  /** When a request last had this token, to the minute. Null if none had it yet. */
  readonly last_used_at: string | null;
  /** When the token was created. */
  readonly created: string;
  /** The caller that created the token. */
  readonly created_by: string;
};
/** A new token for a program. */
export type CreateToken = {
  /** The caller's name in answers, logs and the audit trail. Several tokens may have the same. */
  readonly label: string;
  readonly role: Role;
  /** From this time on, a time in the future, the token is refused. Null: it does not expire. */
  readonly expires_at?: string | null | undefined;
};
/** A new token with its text, which no other answer shows. */
export type CreatedToken = Token & {
  /** Shown once: EOM keeps only its hash. */
  readonly token: string;
};
/** One change of one object: who made it, and the object before and after. */
export type AuditEntry = {
  /** The id of the object: a UUID, which never changes. */
  readonly id: string;
  /** When the change was made. */
  readonly at: string;
  /** The caller or worker that made the change. */
  readonly subject: string;
  /** The user that the caller said it spoke for; null if it named none. */
  readonly on_behalf_of: string | null;
  /** The change, as `object.verb`. */
  readonly action: string;
  /** The kind of the changed object. */
  readonly kind: string;
  /** The id of the changed object; for a user's quota the user's id, a slash and the quota's id. */
  readonly object_id: string;
  /** The object before the change, as its own route answered it. Null where there was none, as for a creation. */
  readonly before?: unknown | undefined;
  /** The object after the change, as its own route answered it. Null where there is none, as for a deletion. */
  readonly after?: unknown | undefined;
  /** The request that made the change, as in the header X-Request-Id. Null for a change by a worker. */
  readonly request_id: string | null;
};
/** The result of one check of the installation. */
export type Finding = {
  /** The thing that was checked. */
  readonly check: string;
  /** failed: it does not work as it must, and somebody has to act. */
  readonly status: "ok" | "failed";
  /** ok: its state in a few words. failed: what is wrong and what to do. */
  readonly message: string;
};
/** The results of the checks of an installation. */
export type Doctor = {
  /** failed if one check failed. */
  readonly status: "ok" | "failed";
  /** The results of all checks, always in the same order. */
  readonly checks: readonly Finding[];
};
/** An object that needs a person. */
export type Concern = {
  /** The id of the object; its name, where objects of this part have no ids. */
  readonly id: string;
  /** The name of the object, for people. */
  readonly name: string;
  /** A sentence: what is wrong with the object. */
  readonly why: string;
  /** When this state began. Null where no time was recorded. */
  readonly since: string | null;
};
/** What needs a person in one part of EOM. */
export type OverviewPart = {
  /** The number of objects that need a person, counted up to 10000. */
  readonly total: number;
  /** The oldest first. */
  readonly items: readonly Concern[];
  /** Why this part could not be read; `total` is 0 and `items` is empty then. Null if it was read. */
  readonly fault: string | null;
};
/** What needs a person, by part. A part that this installation does not have is left out. */
export type OverviewParts = {
  /** Schedules whose last session failed, and schedules that were disabled because they failed. */
  readonly schedules?: OverviewPart | undefined;
  /** Sessions that have waited, or been in doubt, for too long. */
  readonly sessions?: OverviewPart | undefined;
  /** Enabled storages whose last verification failed. */
  readonly storages?: OverviewPart | undefined;
  /** Users over a quota. */
  readonly users?: OverviewPart | undefined;
  /** Webhooks that fail, have dead deliveries, or were disabled because their receivers answered 410. */
  readonly webhooks?: OverviewPart | undefined;
  /** Engines that do not work. */
  readonly engines?: OverviewPart | undefined;
  /** EOM's own processes whose clock is off. They neither scan nor sweep. */
  readonly processes?: OverviewPart | undefined;
};
/** What needs a person now, in all parts of EOM. */
export type Overview = {
  /** When the overview was made. */
  readonly at: string;
  /** Whether nothing needs a person and every part could be read. */
  readonly ok: boolean;
  readonly parts: OverviewParts;
};
/** The answer of a probe that succeeds. */
export type Status = {
  /** Always ok: any other state is a failure. */
  readonly status: "ok";
};
/** An OpenAPI document. */
export type OpenApiDocument = {
  /** The version of OpenAPI. */
  readonly openapi: string;
};
/** Options of `listStorages`. */
export interface ListStoragesOptions extends CallOptions {
  /** Only objects with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** Only objects with one of these texts in their name or description, without regard to case. */
  readonly keyword?: string | readonly string[] | undefined;
  /** Only enabled objects (true), or only disabled ones (false). */
  readonly enable?: boolean | readonly boolean[] | undefined;
  /** Only objects with one of these labels, each as `name:value`. */
  readonly label?: string | readonly string[] | undefined;
  /** Only objects created at this time or later. */
  readonly created_from?: string | undefined;
  /** Only objects created before this time. */
  readonly created_to?: string | undefined;
  /** Only objects last changed at this time or later. */
  readonly modified_from?: string | undefined;
  /** Only objects last changed before this time. */
  readonly modified_to?: string | undefined;
  /** Only storages to which one of these collections is bound. */
  readonly collection_id?: string | readonly string[] | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "name". */
  readonly sortby?: "name" | "enable" | "created" | "modified" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `createStorage`. */
export interface CreateStorageOptions extends KeyedOptions {
  /** Whether to verify the connection before it is saved. Unset: as the variable EOM_STORAGE_VERIFY of the server says. */
  readonly verify?: boolean | undefined;
  /** Whether the location may overlap with those of other storages. Default: false. */
  readonly allow_overlap?: boolean | undefined;
}

/** Options of `updateStorage`. */
export interface UpdateStorageOptions extends VersionedOptions {
  /** Whether to verify the connection before it is saved. Unset: as the variable EOM_STORAGE_VERIFY of the server says. */
  readonly verify?: boolean | undefined;
  /** Whether the location may overlap with those of other storages. Default: false. */
  readonly allow_overlap?: boolean | undefined;
}

/** Options of `listQuotas`. */
export interface ListQuotasOptions extends CallOptions {
  /** Only objects with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** Only objects with one of these texts in their name or description, without regard to case. */
  readonly keyword?: string | readonly string[] | undefined;
  /** Only enabled objects (true), or only disabled ones (false). */
  readonly enable?: boolean | readonly boolean[] | undefined;
  /** Only objects with one of these labels, each as `name:value`. */
  readonly label?: string | readonly string[] | undefined;
  /** Only objects created at this time or later. */
  readonly created_from?: string | undefined;
  /** Only objects created before this time. */
  readonly created_to?: string | undefined;
  /** Only objects last changed at this time or later. */
  readonly modified_from?: string | undefined;
  /** Only objects last changed before this time. */
  readonly modified_to?: string | undefined;
  /** Quotas of one of these types. */
  readonly type?: QuotaType | readonly QuotaType[] | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "name". */
  readonly sortby?: "name" | "type" | "enable" | "created" | "modified" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listUsers`. */
export interface ListUsersOptions extends CallOptions {
  /** True: users with a quota of which nothing remains. False: users without such a quota. */
  readonly exceeded?: boolean | undefined;
  /** Users with a quota that expires before this time. */
  readonly expiring_before?: string | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "user_id". */
  readonly sortby?: "user_id" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listUserQuotas`. */
export interface ListUserQuotasOptions extends CallOptions {
  /** Only objects with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** Only objects with one of these texts in their name or description, without regard to case. */
  readonly keyword?: string | readonly string[] | undefined;
  /** Only enabled objects (true), or only disabled ones (false). */
  readonly enable?: boolean | readonly boolean[] | undefined;
  /** Only objects with one of these labels, each as `name:value`. */
  readonly label?: string | readonly string[] | undefined;
  /** Only objects created at this time or later. */
  readonly created_from?: string | undefined;
  /** Only objects created before this time. */
  readonly created_to?: string | undefined;
  /** Only objects last changed at this time or later. */
  readonly modified_from?: string | undefined;
  /** Only objects last changed before this time. */
  readonly modified_to?: string | undefined;
  /** Quotas of one of these types. */
  readonly type?: QuotaType | readonly QuotaType[] | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "name". */
  readonly sortby?: "name" | "type" | "enable" | "created" | "modified" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listLedger`. */
export interface ListLedgerOptions extends CallOptions {
  /** Entries of one of these types. */
  readonly type?: QuotaType | readonly QuotaType[] | undefined;
  /** Entries of one of these kinds. */
  readonly kind?: LedgerKind | readonly LedgerKind[] | undefined;
  /** Entries of one of these reservations. */
  readonly reservation_id?: string | readonly string[] | undefined;
  /** Entries counted at or after this time. */
  readonly created_from?: string | undefined;
  /** Entries counted before this time. */
  readonly created_to?: string | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "created". */
  readonly sortby?: "created" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `reserveUsage`. */
export interface ReserveUsageOptions extends KeyedOptions {
  /** Seconds until the reservation expires by itself and gives its amounts back. Default: 900. */
  readonly ttl_seconds?: number | undefined;
}

/** Options of `listSchedules`. */
export interface ListSchedulesOptions extends CallOptions {
  /** Only objects with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** Only objects with one of these texts in their name or description, without regard to case. */
  readonly keyword?: string | readonly string[] | undefined;
  /** Only enabled objects (true), or only disabled ones (false). */
  readonly enable?: boolean | readonly boolean[] | undefined;
  /** Only objects with one of these labels, each as `name:value`. */
  readonly label?: string | readonly string[] | undefined;
  /** Only objects created at this time or later. */
  readonly created_from?: string | undefined;
  /** Only objects created before this time. */
  readonly created_to?: string | undefined;
  /** Only objects last changed at this time or later. */
  readonly modified_from?: string | undefined;
  /** Only objects last changed before this time. */
  readonly modified_to?: string | undefined;
  /** Schedules in one of these states. */
  readonly state?: ScheduleState | readonly ScheduleState[] | undefined;
  /** Schedules of one of these kinds. */
  readonly kind?: ScheduleKind | readonly ScheduleKind[] | undefined;
  /** Schedules that work on one of these storages. */
  readonly storage_id?: string | readonly string[] | undefined;
  /** Schedules whose next slot is before this time. */
  readonly due_before?: string | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "name". */
  readonly sortby?: "name" | "enable" | "created" | "modified" | "next_due_at" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `deleteSchedule`. */
export interface DeleteScheduleOptions extends VersionedOptions {
  /** Also end the sessions that are under way. Default: false. */
  readonly cancel?: boolean | undefined;
}

/** Options of `listSlots`. */
export interface ListSlotsOptions extends CallOptions {
  /** At most this many next slots, and this many past entries. Default: 10. */
  readonly count?: number | undefined;
}

/** Options of `listSessions`. */
export interface ListSessionsOptions extends CallOptions {
  /** Sessions with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** Sessions of one of these schedules. */
  readonly schedule_id?: string | readonly string[] | undefined;
  /** Sessions of one of these backfills. */
  readonly backfill_id?: string | readonly string[] | undefined;
  /** Sessions in one of these states. */
  readonly state?: SessionState | readonly SessionState[] | undefined;
  /** Sessions of schedules of one of these kinds. */
  readonly kind?: ScheduleKind | readonly ScheduleKind[] | undefined;
  /** Sessions whose slot is at or after this time. */
  readonly slot_from?: string | undefined;
  /** Sessions whose slot is before this time. */
  readonly slot_to?: string | undefined;
  /** Sessions that one of these callers opened; `scheduler` opens those of slots. */
  readonly created_by?: string | readonly string[] | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "created". */
  readonly sortby?: "created" | "slot" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listBackfills`. */
export interface ListBackfillsOptions extends CallOptions {
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "created". */
  readonly sortby?: "created" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `cancelBackfill`. */
export interface CancelBackfillOptions extends CallOptions {
  /** Also cancel the sessions of the backfill that run. Default: false. */
  readonly running?: boolean | undefined;
}

/** Options of `listBulks`. */
export interface ListBulksOptions extends CallOptions {
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "created". */
  readonly sortby?: "created" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listWebhooks`. */
export interface ListWebhooksOptions extends CallOptions {
  /** Only objects with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** Only objects with one of these texts in their name or description, without regard to case. */
  readonly keyword?: string | readonly string[] | undefined;
  /** Only enabled objects (true), or only disabled ones (false). */
  readonly enable?: boolean | readonly boolean[] | undefined;
  /** Only objects with one of these labels, each as `name:value`. */
  readonly label?: string | readonly string[] | undefined;
  /** Only objects created at this time or later. */
  readonly created_from?: string | undefined;
  /** Only objects created before this time. */
  readonly created_to?: string | undefined;
  /** Only objects last changed at this time or later. */
  readonly modified_from?: string | undefined;
  /** Only objects last changed before this time. */
  readonly modified_to?: string | undefined;
  /** Only webhooks in one of these states. */
  readonly state?: "healthy" | "failing" | readonly ("healthy" | "failing")[] | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "created". */
  readonly sortby?: "created" | "modified" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listDeliveries`. */
export interface ListDeliveriesOptions extends CallOptions {
  /** Only deliveries in one of these states. */
  readonly state?: "pending" | "delivered" | "dead" | readonly ("pending" | "delivered" | "dead")[] | undefined;
  /** Only deliveries of events of one of these types. */
  readonly event_type?: string | readonly string[] | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "created". */
  readonly sortby?: "created" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listTokens`. */
export interface ListTokensOptions extends CallOptions {
  /** Only objects with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "created". */
  readonly sortby?: "created" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `listAudit`. */
export interface ListAuditOptions extends CallOptions {
  /** Only changes of objects of one of these kinds. */
  readonly kind?: string | readonly string[] | undefined;
  /** Only changes of one of these objects; a user's quota is `<user id>/<quota id>`. */
  readonly object_id?: string | readonly string[] | undefined;
  /** Only changes by one of these callers or workers. */
  readonly subject?: string | readonly string[] | undefined;
  /** Only changes at this time or later. */
  readonly from?: string | undefined;
  /** Only changes before this time. */
  readonly to?: string | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "at". */
  readonly sortby?: "at" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** Options of `getTimeline`. */
export interface GetTimelineOptions extends CallOptions {
  /** Slots at or after this time. */
  readonly from: string;
  /** Slots before this time, at most 31 days after from. */
  readonly to: string;
  /** Only objects with one of these ids. */
  readonly ids?: string | readonly string[] | undefined;
  /** Only objects with one of these texts in their name or description, without regard to case. */
  readonly keyword?: string | readonly string[] | undefined;
  /** Only enabled objects (true), or only disabled ones (false). */
  readonly enable?: boolean | readonly boolean[] | undefined;
  /** Only objects with one of these labels, each as `name:value`. */
  readonly label?: string | readonly string[] | undefined;
  /** Only objects created at this time or later. */
  readonly created_from?: string | undefined;
  /** Only objects created before this time. */
  readonly created_to?: string | undefined;
  /** Only objects last changed at this time or later. */
  readonly modified_from?: string | undefined;
  /** Only objects last changed before this time. */
  readonly modified_to?: string | undefined;
  /** Schedules in one of these states. */
  readonly state?: ScheduleState | readonly ScheduleState[] | undefined;
  /** Schedules of one of these kinds. */
  readonly kind?: ScheduleKind | readonly ScheduleKind[] | undefined;
  /** Schedules that work on one of these storages. */
  readonly storage_id?: string | readonly string[] | undefined;
  /** Schedules whose next slot is before this time. */
  readonly due_before?: string | undefined;
  /** The page to read, from 0. Not together with `cursor`, which is faster for pages far behind. */
  readonly page?: number | undefined;
  /** The largest number of objects on a page. Default: 8. */
  readonly size?: number | undefined;
  /** Whether the order is ascending; false: descending. Default: true. */
  readonly asc?: boolean | undefined;
  /** The field that orders the list. Objects with the same value are in the order of their ids. Default: "name". */
  readonly sortby?: "name" | undefined;
  /** The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile. */
  readonly cursor?: string | undefined;
}

/** `eom.storages`. */
export interface StoragesOperations {
  /** List storages. Needs the role `viewer`. */
  list(options?: ListStoragesOptions): Pages<Storage>;
  /** Register a storage and verify its connection first. Needs the role `admin`. */
  create(body: CreateStorage, options?: CreateStorageOptions): Promise<Storage>;
  /** Read a storage. Needs the role `viewer`. */
  get(storageId: string, options?: CallOptions): Promise<Storage>;
  /** As above; null while the object still has the version of `ifNoneMatch`. */
  get(storageId: string, options: ConditionalOptions): Promise<Storage | null>;
  /** Change some fields of a storage. Needs the role `admin`. */
  update(storageId: string, body?: UpdateStorage, options?: UpdateStorageOptions): Promise<Storage>;
  /** Delete a storage that nothing uses. Needs the role `admin`. */
  delete(storageId: string, options?: VersionedOptions): Promise<void>;
  /** Verify a saved storage with its stored credential. Needs the role `admin`. */
  verify(storageId: string, options?: CallOptions): Promise<VerificationReport>;
  /** Verify a connection without saving it. Needs the role `admin`. */
  verifyUnsaved(body: VerifyStorage, options?: CallOptions): Promise<VerificationReport>;
  /** List the objects that keep a storage from being deleted. Needs the role `viewer`. */
  dependants(storageId: string, options?: CallOptions): Promise<DependantList>;
  /** Bind a collection to a storage. Needs the role `admin`. */
  bindCollection(storageId: string, collectionId: string, options?: CallOptions): Promise<Storage>;
  /** Unbind a collection from a storage. Needs the role `admin`. */
  unbindCollection(storageId: string, collectionId: string, options?: CallOptions): Promise<void>;
  /**
   * Reads, changes and writes, again from the start while another change comes between. `change` returns the fields to set, or null to
   * leave the object as it is.
   */
  edit(
    storageId: string,
    change: (present: Storage) => UpdateStorage | null | Promise<UpdateStorage | null>,
    options?: CallOptions,
  ): Promise<Storage | Storage>;
}

/** `eom.quotas`. */
export interface QuotasOperations {
  /** List quotas. Needs the role `viewer`. */
  list(options?: ListQuotasOptions): Pages<Quota>;
  /** Define a quota. Needs the role `admin`. */
  create(body: CreateQuota, options?: KeyedOptions): Promise<Quota>;
  /** Read a quota. Needs the role `viewer`. */
  get(quotaId: string, options?: CallOptions): Promise<Quota>;
  /** As above; null while the object still has the version of `ifNoneMatch`. */
  get(quotaId: string, options: ConditionalOptions): Promise<Quota | null>;
  /** Change some fields of a quota, for all users that have it. Needs the role `admin`. */
  update(quotaId: string, body?: UpdateQuota, options?: VersionedOptions): Promise<Quota>;
  /** Delete a quota that no user has. Needs the role `admin`. */
  delete(quotaId: string, options?: VersionedOptions): Promise<void>;
  /** Assign a quota to many users. Needs the role `admin`. */
  assign(quotaId: string, body: AssignQuotaToUsers, options?: KeyedOptions): Promise<AssignResults>;
  /**
   * Reads, changes and writes, again from the start while another change comes between. `change` returns the fields to set, or null to
   * leave the object as it is.
   */
  edit(
    quotaId: string,
    change: (present: Quota) => UpdateQuota | null | Promise<UpdateQuota | null>,
    options?: CallOptions,
  ): Promise<Quota | Quota>;
}

/** `eom.users`. */
export interface UsersOperations {
  /** List users that have quotas. Needs the role `viewer`. */
  list(options?: ListUsersOptions): Pages<UserWithQuotas>;
  /** List a user's quotas, with usage. Needs the role `viewer`. */
  quotas(userId: string, options?: ListUserQuotasOptions): Pages<UserQuota>;
  /** Read a user's quota, with usage. Needs the role `viewer`. */
  quota(userId: string, quotaId: string, options?: CallOptions): Promise<UserQuota>;
  /** As above; null while the object still has the version of `ifNoneMatch`. */
  quota(userId: string, quotaId: string, options: ConditionalOptions): Promise<UserQuota | null>;
  /** Assign a quota to a user. Needs the role `admin`. */
  assign(userId: string, body: AssignQuota, options?: KeyedOptions): Promise<UserQuota>;
  /** Assign the quota of the path to a user. Needs the role `admin`. */
  assignById(userId: string, quotaId: string, options?: KeyedOptions): Promise<UserQuota>;
  /** Give a user values of its own; null removes them, so that the quota's apply again. Needs the role `admin`. */
  override(userId: string, quotaId: string, body?: OverrideUserQuota, options?: VersionedOptions): Promise<UserQuota>;
  /** Take a quota away from a user. Needs the role `admin`. */
  unassign(userId: string, quotaId: string, options?: VersionedOptions): Promise<void>;
}

/** `eom.usage`. */
export interface UsageOperations {
  /** Read a user's usage of every type. */
  get(userId: string, options?: CallOptions): Promise<UserUsage>;
  /** Check whether a consume would be allowed; counts nothing. Needs the role `meter`. */
  check(userId: string, amounts: CheckUsage["amounts"], options?: KeyedOptions): Promise<Metering>;
  /** Count all amounts if all are allowed; negative amounts give back. Needs the role `meter`. */
  consume(userId: string, amounts: ConsumeUsage["amounts"], options?: KeyedOptions): Promise<Metering>;
  /** Count amounts, even beyond the limit. Needs the role `admin`. */
  adjust(userId: string, amounts: AdjustUsage["amounts"], options?: KeyedOptions): Promise<Metering>;
  /** List the entries of a user's ledger, by time. */
  ledger(userId: string, options?: ListLedgerOptions): Pages<LedgerEntry>;
}

/** `eom.reservations`. */
export interface ReservationsOperations {
  /** Reserve amounts until the reservation is committed, released or expires. Needs the role `meter`. */
  create(userId: string, amounts: ReserveUsage["amounts"], options?: ReserveUsageOptions): Promise<Reservation>;
  /** Read a reservation. */
  get(userId: string, reservationId: string, options?: CallOptions): Promise<Reservation>;
  /** Count the used amounts of a reservation and give back the rest. Needs the role `meter`. */
  commit(
    userId: string,
    reservationId: string,
    amounts?: CommitReservation["amounts"],
    options?: KeyedOptions,
  ): Promise<Reservation>;
  /** Give back all amounts of a reservation. Needs the role `meter`. */
  release(userId: string, reservationId: string, options?: KeyedOptions): Promise<Reservation>;
}

/** `eom.schedules`. */
export interface SchedulesOperations {
  /** List schedules. Needs the role `viewer`. */
  list(options?: ListSchedulesOptions): Pages<Schedule>;
  /** Create a schedule. Needs the role `admin`. */
  create(body: CreateSchedule, options?: KeyedOptions): Promise<Schedule>;
  /** Read a schedule. Needs the role `viewer`. */
  get(scheduleId: string, options?: CallOptions): Promise<Schedule>;
  /** As above; null while the object still has the version of `ifNoneMatch`. */
  get(scheduleId: string, options: ConditionalOptions): Promise<Schedule | null>;
  /** Change some fields of a schedule. Needs the role `admin`. */
  update(scheduleId: string, body?: UpdateSchedule, options?: VersionedOptions): Promise<Schedule>;
  /** Delete a schedule; its sessions can still be read. Needs the role `admin`. */
  delete(scheduleId: string, options?: DeleteScheduleOptions): Promise<void>;
  /** Enable a schedule; it begins with its next instant. Needs the role `operator`. */
  enable(scheduleId: string, body?: ChangeNote, options?: CallOptions): Promise<Schedule>;
  /** Disable a schedule; sessions under way go on, waiting slots are skipped. Needs the role `operator`. */
  disable(scheduleId: string, body?: ChangeNote, options?: CallOptions): Promise<Schedule>;
  /** Run a schedule now, in addition to its slots. Needs the role `operator`. */
  trigger(scheduleId: string, options?: KeyedOptions): Promise<Session>;
  /** List the next slots of a schedule, and the outcome of past slots. Needs the role `viewer`. */
  slots(scheduleId: string, options?: ListSlotsOptions): Promise<Slots>;
  /** List the next instants of a trigger without saving it. Needs the role `admin`. */
  preview(body: PreviewTrigger, options?: CallOptions): Promise<TriggerPreview>;
  /** Run the slots of a past interval. Needs the role `admin`. */
  backfill(scheduleId: string, body: CreateBackfill, options?: KeyedOptions): Promise<Backfill>;
  /**
   * Reads, changes and writes, again from the start while another change comes between. `change` returns the fields to set, or null to
   * leave the object as it is.
   */
  edit(
    scheduleId: string,
    change: (present: Schedule) => UpdateSchedule | null | Promise<UpdateSchedule | null>,
    options?: CallOptions,
  ): Promise<Schedule | Schedule>;
}

/** `eom.sessions`. */
export interface SessionsOperations {
  /** List sessions. Needs the role `viewer`. */
  list(options?: ListSessionsOptions): Pages<Session>;
  /** Read a session with its history. Needs the role `viewer`. */
  get(sessionId: string, options?: CallOptions): Promise<SessionWithHistory>;
  /** As above; null while the object still has the version of `ifNoneMatch`. */
  get(sessionId: string, options: ConditionalOptions): Promise<SessionWithHistory | null>;
  /** Retry a session that did not succeed. Needs the role `operator`. */
  retry(sessionId: string, options?: KeyedOptions): Promise<Session>;
  /** Cancel a session. Needs the role `operator`. */
  cancel(sessionId: string, options?: CallOptions): Promise<Session>;
  /** Read the end of a run's output, also while it runs. Needs the role `viewer`. */
  log(sessionId: string, options?: CallOptions): Promise<SessionLog>;
}

/** `eom.backfills`. */
export interface BackfillsOperations {
  /** List the backfills of a schedule. Needs the role `viewer`. */
  list(scheduleId: string, options?: ListBackfillsOptions): Pages<Backfill>;
  /** Read a backfill and its progress. Needs the role `viewer`. */
  get(scheduleId: string, backfillId: string, options?: CallOptions): Promise<Backfill>;
  /** Cancel a backfill. Needs the role `operator`. */
  cancel(scheduleId: string, backfillId: string, options?: CancelBackfillOptions): Promise<Backfill>;
}

/** `eom.bulk`. */
export interface BulkOperations {
  /** List bulk actions. Needs the role `viewer`. */
  list(options?: ListBulksOptions): Pages<Bulk>;
  /** Read a bulk action and its progress. Needs the role `viewer`. */
  get(bulkId: string, options?: CallOptions): Promise<Bulk>;
  /** Stop a bulk action. Needs the role `operator`. */
  cancel(bulkId: string, options?: CallOptions): Promise<Bulk>;
  /** Cancel or retry all sessions that match a filter. Needs the role `operator`. */
  sessions(body: BulkSessions, options?: KeyedOptions): Promise<BulkPreview | Bulk>;
  /** Enable, disable or trigger all schedules that match a filter. Needs the role `operator`. */
  schedules(body: BulkSchedules, options?: KeyedOptions): Promise<BulkPreview | Bulk>;
}

/** `eom.engines`. */
export interface EnginesOperations {
  /** List the engines and their state. Needs the role `viewer`. */
  list(options?: CallOptions): Pages<Engine, OnlyPage<Engine>>;
  /** List the jobs of an engine. Needs the role `viewer`. */
  jobs(engineName: string, options?: CallOptions): Pages<EngineJob, OnlyPage<EngineJob>>;
  /** List the code locations of an engine, and whether each has loaded. Needs the role `viewer`. */
  locations(engineName: string, options?: CallOptions): Pages<EngineLocation, OnlyPage<EngineLocation>>;
}

/** `eom.webhooks`. */
export interface WebhooksOperations {
  /** List webhooks. Needs the role `viewer`. */
  list(options?: ListWebhooksOptions): Pages<Webhook>;
  /** Create a webhook: an address that receives events. Needs the role `admin`. */
  create(body: CreateWebhook, options?: KeyedOptions): Promise<WrittenWebhook>;
  /** Read a webhook and the outcome of its last attempts. Needs the role `viewer`. */
  get(webhookId: string, options?: CallOptions): Promise<Webhook>;
  /** As above; null while the object still has the version of `ifNoneMatch`. */
  get(webhookId: string, options: ConditionalOptions): Promise<Webhook | null>;
  /** Change some fields of a webhook, or rotate its secret. Needs the role `admin`. */
  update(webhookId: string, body?: UpdateWebhook, options?: VersionedOptions): Promise<WrittenWebhook>;
  /** Delete a webhook and its deliveries; pending messages are not sent. Needs the role `admin`. */
  delete(webhookId: string, options?: VersionedOptions): Promise<void>;
  /** Send a test message now and report the result. Needs the role `operator`. */
  test(webhookId: string, options?: CallOptions): Promise<WebhookTest>;
  /** Send all dead deliveries of a webhook again, at most 10000 per call. Needs the role `operator`. */
  redrive(webhookId: string, options?: CallOptions): Promise<Redriven>;
  /**
   * Reads, changes and writes, again from the start while another change comes between. `change` returns the fields to set, or null to
   * leave the object as it is.
   */
  edit(
    webhookId: string,
    change: (present: Webhook) => UpdateWebhook | null | Promise<UpdateWebhook | null>,
    options?: CallOptions,
  ): Promise<WrittenWebhook | Webhook>;
}

/** `eom.deliveries`. */
export interface DeliveriesOperations {
  /** List the deliveries of a webhook: pending, delivered and dead. Needs the role `viewer`. */
  list(webhookId: string, options?: ListDeliveriesOptions): Pages<Delivery>;
  /** Send a delivery again, with a full set of attempts. Needs the role `operator`. */
  redrive(webhookId: string, deliveryId: string, options?: CallOptions): Promise<Delivery>;
}

/** `eom.tokens`. */
export interface TokensOperations {
  /** List tokens. Needs the role `viewer`. */
  list(options?: ListTokensOptions): Pages<Token>;
  /** Create a token; this answer alone shows it. Needs the role `admin`. */
  create(body: CreateToken, options?: KeyedOptions): Promise<CreatedToken>;
  /** Read a token, without its text. Needs the role `viewer`. */
  get(tokenId: string, options?: CallOptions): Promise<Token>;
  /** Revoke a token. Needs the role `admin`. */
  revoke(tokenId: string, options?: CallOptions): Promise<void>;
}

/** `eom.audit`. */
export interface AuditOperations {
  /** List changes, oldest first unless asked otherwise. Needs the role `viewer`. */
  list(options?: ListAuditOptions): Pages<AuditEntry>;
}

/** Functions of the client itself. */
export interface RootOperations {
  /** Read who the caller is, and its role. */
  me(options?: CallOptions): Promise<Me>;
  /** Read the past and expected slots of many schedules between two times. Needs the role `viewer`. */
  timeline(options: GetTimelineOptions): Pages<TimelineRow>;
  /** List what needs a person now. Needs the role `viewer`. */
  overview(options?: CallOptions): Promise<Overview>;
  /** Check this installation: what is wrong, and what to do. Needs the role `viewer`. */
  doctor(options?: CallOptions): Promise<Doctor>;
  /** Whether the process is alive. */
  health(options?: CallOptions): Promise<Status>;
  /** Whether the database is reachable and migrated. */
  readiness(options?: CallOptions): Promise<Status>;
  /** Metrics for Prometheus. */
  metrics(options?: CallOptions): Promise<string>;
  /** This API as an OpenAPI 3.1 document. */
  document(options?: CallOptions): Promise<OpenApiDocument>;
  /** As above; null while the object still has the version of `ifNoneMatch`. */
  document(options: ConditionalOptions): Promise<OpenApiDocument | null>;
}

/** All operations of EOM, by noun and verb. */
export interface Nouns extends RootOperations {
  readonly storages: StoragesOperations;
  readonly quotas: QuotasOperations;
  readonly users: UsersOperations;
  readonly usage: UsageOperations;
  readonly reservations: ReservationsOperations;
  readonly schedules: SchedulesOperations;
  readonly sessions: SessionsOperations;
  readonly backfills: BackfillsOperations;
  readonly bulk: BulkOperations;
  readonly engines: EnginesOperations;
  readonly webhooks: WebhooksOperations;
  readonly deliveries: DeliveriesOperations;
  readonly tokens: TokensOperations;
  readonly audit: AuditOperations;
}
