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
/** `Verification` of the API. */
export type Verification = {
  readonly status: "PASS" | "FAIL" | "WARN";
  readonly checks: readonly {
    readonly check: "LIST" | "WRITE" | "READ" | "DELETE";
    readonly status: "PASS" | "FAIL" | "WARN" | "SKIP";
    /** A word of a published list, to which words may be added; null when the check passed */
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
    /** What to do, in a sentence */
    readonly hint: string | null;
    /** Status of the server's answer; null when there was none */
    readonly http_status: number | null;
    readonly duration_ms: number;
  }[];
  readonly checked_at: string;
};
/** `Storage` of the API. */
export type Storage = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly enable: boolean;
  readonly labels: { readonly [name: string]: string };
  readonly resource: {
    readonly type: "s3";
    readonly endpoint: string;
    readonly region: string;
    readonly bucket: string;
    readonly prefix: string;
    /** Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint> */
    readonly path_style: boolean;
    /** Whether EOM only reads. A verification then writes nothing */
    readonly read_only: boolean;
    readonly ca_certificate: string | null;
    /** Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands */
    readonly requester_pays: boolean;
    /** The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds */
    readonly server_side_encryption: "AES256" | "aws:kms" | "aws:kms:dsse" | null;
    readonly sse_kms_key_id: string | null;
    /** null: requests are not signed */
    readonly credential: {
      readonly access_key_id: string;
      readonly secret: "set";
    } | null;
  };
  readonly collection_ids: readonly string[];
  readonly verification: Verification | null;
  readonly created: string;
  readonly created_by: string;
  readonly modified: string;
  readonly modified_by: string;
  readonly version: number;
};
/** `CreateStorage` of the API. */
export type CreateStorage = {
  readonly name: string;
  /** Default: null. */
  readonly description?: string | null | undefined;
  /** Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  readonly resource: {
    readonly type: "s3";
    /** URL of the S3 server: scheme, host, port, and a path if its API is below one (https://example.org/storage/s3) */
    readonly endpoint: string;
    /** Region that requests are signed for Default: "us-east-1". */
    readonly region?: string | undefined;
    /** Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket */
    readonly bucket: string;
    /** Prefix of the storage's keys in the bucket; normalised to a trailing slash and no leading one Default: "". */
    readonly prefix?: string | undefined;
    /** Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint> Default: true. */
    readonly path_style?: boolean | undefined;
    /** Whether EOM only reads. A verification then writes nothing Default: false. */
    readonly read_only?: boolean | undefined;
    /** PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB Default: null. */
    readonly ca_certificate?: string | null | undefined;
    /** Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands Default: false. */
    readonly requester_pays?: boolean | undefined;
    /** The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds Default: null. */
    readonly server_side_encryption?: "AES256" | "aws:kms" | "aws:kms:dsse" | null | undefined;
    /** Key id, alias or ARN of the key for aws:kms and aws:kms:dsse (x-amz-server-side-encryption-aws-kms-key-id). null: the default key of the key service Default: null. */
    readonly sse_kms_key_id?: string | null | undefined;
    /** Signs the requests. null: requests are not signed, as for a public bucket */
    readonly credential: {
      readonly access_key_id?: string | undefined;
      /** Older name of access_key_id. @deprecated */
      readonly access_key?: string | undefined;
      readonly secret_access_key?: string | undefined;
      /** Older name of secret_access_key. @deprecated */
      readonly secret_key?: string | undefined;
      readonly session_token?: string | undefined;
    } | null;
  };
  /** Default: []. */
  readonly collection_ids?: readonly string[] | undefined;
};
/** `VerifyStorage` of the API. */
export type VerifyStorage = {
  readonly name?: string | undefined;
  /** Default: null. */
  readonly description?: string | null | undefined;
  /** Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  readonly resource: {
    readonly type: "s3";
    /** URL of the S3 server: scheme, host, port, and a path if its API is below one (https://example.org/storage/s3) */
    readonly endpoint: string;
    /** Region that requests are signed for Default: "us-east-1". */
    readonly region?: string | undefined;
    /** Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket */
    readonly bucket: string;
    /** Prefix of the storage's keys in the bucket; normalised to a trailing slash and no leading one Default: "". */
    readonly prefix?: string | undefined;
    /** Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint> Default: true. */
    readonly path_style?: boolean | undefined;
    /** Whether EOM only reads. A verification then writes nothing Default: false. */
    readonly read_only?: boolean | undefined;
    /** PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB Default: null. */
    readonly ca_certificate?: string | null | undefined;
    /** Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands Default: false. */
    readonly requester_pays?: boolean | undefined;
    /** The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds Default: null. */
    readonly server_side_encryption?: "AES256" | "aws:kms" | "aws:kms:dsse" | null | undefined;
    /** Key id, alias or ARN of the key for aws:kms and aws:kms:dsse (x-amz-server-side-encryption-aws-kms-key-id). null: the default key of the key service Default: null. */
    readonly sse_kms_key_id?: string | null | undefined;
    /** Signs the requests. null: requests are not signed, as for a public bucket */
    readonly credential: {
      readonly access_key_id?: string | undefined;
      /** Older name of access_key_id. @deprecated */
      readonly access_key?: string | undefined;
      readonly secret_access_key?: string | undefined;
      /** Older name of secret_access_key. @deprecated */
      readonly secret_key?: string | undefined;
      readonly session_token?: string | undefined;
    } | null;
  };
  /** Default: []. */
  readonly collection_ids?: readonly string[] | undefined;
};
/** `VerificationReport` of the API. */
export type VerificationReport = {
  readonly status: "PASS" | "FAIL" | "WARN";
  readonly checks: readonly {
    readonly check: "LIST" | "WRITE" | "READ" | "DELETE";
    readonly status: "PASS" | "FAIL" | "WARN" | "SKIP";
    /** A word of a published list, to which words may be added; null when the check passed */
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
    /** What to do, in a sentence */
    readonly hint: string | null;
    /** Status of the server's answer; null when there was none */
    readonly http_status: number | null;
    readonly duration_ms: number;
  }[];
};
/** `UpdateStorage` of the API. */
export type UpdateStorage = {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly enable?: boolean | undefined;
  /** Older name of enable. @deprecated */
  readonly active?: boolean | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  readonly resource?:
    | {
        readonly type?: "s3" | undefined;
        /** URL of the S3 server: scheme, host, port, and a path if its API is below one (https://example.org/storage/s3) */
        readonly endpoint?: string | undefined;
        /** Region that requests are signed for */
        readonly region?: string | undefined;
        /** Name of the bucket; of a tenant's bucket in Ceph with the tenant, as tenant:bucket */
        readonly bucket?: string | undefined;
        /** Prefix of the storage's keys in the bucket; normalised to a trailing slash and no leading one */
        readonly prefix?: string | undefined;
        /** Whether requests name the bucket in their path. false: in the host, as <bucket>.<host of the endpoint> */
        readonly path_style?: boolean | undefined;
        /** Whether EOM only reads. A verification then writes nothing */
        readonly read_only?: boolean | undefined;
        /** PEM of the certificate authorities to trust instead of the public ones, at most 64 KiB */
        readonly ca_certificate?: string | null | undefined;
        /** Whether requests accept that the account of the credential pays for them (x-amz-request-payer: requester), as a Requester Pays bucket demands */
        readonly requester_pays?: boolean | undefined;
        /** The encryption that each write asks for (x-amz-server-side-encryption). null: none is asked for, and the bucket's default holds */
        readonly server_side_encryption?: "AES256" | "aws:kms" | "aws:kms:dsse" | null | undefined;
        /** Key id, alias or ARN of the key for aws:kms and aws:kms:dsse (x-amz-server-side-encryption-aws-kms-key-id). null: the default key of the key service */
        readonly sse_kms_key_id?: string | null | undefined;
        /** Replaces the whole credential. */
        readonly credential?:
          | {
              readonly access_key_id?: string | undefined;
              /** Older name of access_key_id. @deprecated */
              readonly access_key?: string | undefined;
              readonly secret_access_key?: string | undefined;
              /** Older name of secret_access_key. @deprecated */
              readonly secret_key?: string | undefined;
              readonly session_token?: string | undefined;
            }
          | null
          | undefined;
      }
    | undefined;
  readonly collection_ids?: readonly string[] | undefined;
};
/** `DependantList` of the API. */
export type DependantList = {
  readonly total: number;
  readonly dependants: readonly {
    readonly kind: string;
    readonly id: string;
    readonly name: string | null;
  }[];
};
/** `QuotaValue` of the API. */
export type QuotaValue = {
  readonly max_order_times?: number | undefined;
  readonly max_size?: number | undefined;
};
/** `ExpireNever` of the API. */
export type ExpireNever = {
  readonly type: "never";
};
/** `ExpireAt` of the API. */
export type ExpireAt = {
  readonly type: "at";
  readonly at: string;
};
/** `ExpireAfter` of the API. */
export type ExpireAfter = {
  readonly type: "after";
  readonly amount: number;
  readonly unit: "day" | "week" | "month" | "year";
};
/** `ExpireEvery` of the API. */
export type ExpireEvery = {
  readonly type: "every";
  readonly unit: "day" | "week" | "month" | "year";
  /** Default: "UTC". */
  readonly time_zone?: string | undefined;
};
/** `QuotaExpire` of the API. */
export type QuotaExpire = ExpireNever | ExpireAt | ExpireAfter | ExpireEvery;
/** `Quota` of the API. */
export type Quota = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: "MaxOrderTimes" | "MaxSize";
  readonly value: QuotaValue;
  readonly expire: QuotaExpire;
  readonly enable: boolean;
  readonly labels: { readonly [name: string]: string };
  /** The number of users that have it. Not part of the version. */
  readonly assigned_users: number;
  readonly created: string;
  readonly created_by: string;
  readonly modified: string;
  readonly modified_by: string;
  readonly version: number;
};
/** `CreateQuota` of the API. */
export type CreateQuota = {
  readonly name: string;
  /** Default: null. */
  readonly description?: string | null | undefined;
  readonly type: "MaxOrderTimes" | "MaxSize";
  readonly value: QuotaValue;
  readonly expire?: QuotaExpire | undefined;
  /** Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
};
/** With the rule's own type, or without a type, an omitted field keeps its value. Another type replaces the whole rule. */
export type QuotaExpireChange = {
  readonly type?: "never" | "at" | "after" | "every" | undefined;
  readonly at?: string | undefined;
  readonly amount?: number | undefined;
  readonly unit?: "day" | "week" | "month" | "year" | undefined;
  readonly time_zone?: string | undefined;
};
/** `UpdateQuota` of the API. */
export type UpdateQuota = {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly type?: "MaxOrderTimes" | "MaxSize" | undefined;
  readonly value?: QuotaValue | undefined;
  readonly expire?: QuotaExpireChange | undefined;
  readonly enable?: boolean | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
};
/** `Usage` of the API. */
export type Usage = {
  /** Null is unlimited. */
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
  /** Never negative; null is unlimited. */
  readonly remaining: number | null;
  readonly resets_at: string | null;
  /** exceeded: nothing remains (used and reserved reach the limit). warning: they reach EOM_QUOTA_WARNING percent of it. */
  readonly state: "ok" | "warning" | "exceeded" | "expired" | "disabled";
};
/** `UserQuota` of the API. */
export type UserQuota = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: "MaxOrderTimes" | "MaxSize";
  readonly value: QuotaValue;
  readonly expire: QuotaExpire;
  readonly enable: boolean;
  readonly labels: { readonly [name: string]: string };
  readonly user_id: string;
  readonly assigned: string;
  readonly expires_at: string | null;
  /** Which fields differ from the quota's, for this user. */
  readonly overrides: readonly ("value" | "expire" | "enable")[];
  readonly usage: Usage;
  readonly modified: string;
  readonly modified_by: string;
  readonly version: number;
};
/** `UserWithQuotas` of the API. */
export type UserWithQuotas = {
  readonly user_id: string;
  readonly quotas: readonly UserQuota[];
};
/** `AssignQuotaToUsers` of the API. */
export type AssignQuotaToUsers = {
  readonly user_ids: readonly string[];
  /** Default: true. */
  readonly atomic?: boolean | undefined;
};
/** `AssignResults` of the API. */
export type AssignResults = {
  readonly results: readonly {
    readonly user_id: string;
    readonly status: number;
    readonly error: {
      readonly error_code: string;
      readonly http_status: number;
      readonly error_msg: string;
      readonly x_user: string | null;
      readonly details: { readonly [name: string]: unknown } | null;
    } | null;
  }[];
};
/** `AssignQuota` of the API. */
export type AssignQuota = {
  readonly quota_id: string;
};
/** `OverrideUserQuota` of the API. */
export type OverrideUserQuota = {
  readonly value?: QuotaValue | null | undefined;
  readonly expire?: QuotaExpireChange | null | undefined;
  readonly enable?: boolean | null | undefined;
};
/** `CheckUsage` of the API. */
export type CheckUsage = {
  readonly amounts: {
    readonly MaxOrderTimes?: number | undefined;
    readonly MaxSize?: number | undefined;
  };
};
/** `QuotaViolation` of the API. */
export type QuotaViolation = {
  readonly quota_id: string | null;
  readonly type: "MaxOrderTimes" | "MaxSize";
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly requested: number;
  readonly resets_at: string | null;
  readonly reason: "limit" | "expired" | "disabled" | "no_quota";
};
/** `MeteredUsage` of the API. */
export type MeteredUsage = Usage & {
  readonly quota_id: string;
};
/** `Metering` of the API. */
export type Metering = {
  readonly allowed: boolean;
  readonly violations: readonly QuotaViolation[];
  readonly usage: {
    readonly MaxOrderTimes?: MeteredUsage | undefined;
    readonly MaxSize?: MeteredUsage | undefined;
  };
};
/** `ConsumeUsage` of the API. */
export type ConsumeUsage = {
  readonly amounts: {
    readonly MaxOrderTimes?: number | undefined;
    readonly MaxSize?: number | undefined;
  };
};
/** `AdjustUsage` of the API. */
export type AdjustUsage = {
  readonly amounts: {
    readonly MaxOrderTimes?: number | undefined;
    readonly MaxSize?: number | undefined;
  };
};
/** `ReserveUsage` of the API. */
export type ReserveUsage = {
  readonly amounts: {
    readonly MaxOrderTimes?: number | undefined;
    readonly MaxSize?: number | undefined;
  };
  /** Default: 900. */
  readonly ttl_seconds?: number | undefined;
};
/** `Reservation` of the API. */
export type Reservation = {
  readonly id: string;
  readonly user_id: string;
  readonly state: "open" | "committed" | "released" | "expired";
  /** The amounts that were reserved. */
  readonly amounts: {
    readonly MaxOrderTimes?: number | undefined;
    readonly MaxSize?: number | undefined;
  };
  /** The amounts of it that were used; null unless the state is committed. */
  readonly committed: {
    readonly MaxOrderTimes?: number | undefined;
    readonly MaxSize?: number | undefined;
  } | null;
  readonly expires_at: string;
  readonly created: string;
  readonly closed: string | null;
};
/** `CommitReservation` of the API. */
export type CommitReservation = {
  readonly amounts?:
    | {
        readonly MaxOrderTimes?: number | undefined;
        readonly MaxSize?: number | undefined;
      }
    | undefined;
};
/** `UserUsage` of the API. */
export type UserUsage = {
  readonly user_id: string;
  readonly usage: {
    readonly MaxOrderTimes?: MeteredUsage | undefined;
    readonly MaxSize?: MeteredUsage | undefined;
  };
};
/** `LedgerEntry` of the API. */
export type LedgerEntry = {
  readonly id: string;
  readonly type: "MaxOrderTimes" | "MaxSize";
  /** consume, adjust, commit: the amount added to used. reserve: the amount added to reserved. release, expire: the amount taken from reserved, negative. */
  readonly amount: number;
  readonly kind: "consume" | "adjust" | "reserve" | "commit" | "release" | "expire";
  readonly reservation_id: string | null;
  readonly created: string;
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
/** `ScheduleKind` of the API. */
export type ScheduleKind = 1 | 5;
/** `BulkSessions` of the API. */
export type BulkSessions = {
  readonly action: "cancel" | "retry";
  readonly filter: {
    readonly ids?: readonly string[] | string | undefined;
    readonly schedule_id?: readonly string[] | string | undefined;
    readonly backfill_id?: readonly string[] | string | undefined;
    readonly state?: readonly SessionState[] | SessionState | undefined;
    readonly kind?: readonly ScheduleKind[] | ScheduleKind | undefined;
    readonly slot_from?: string | undefined;
    readonly slot_to?: string | undefined;
    readonly created_by?: readonly string[] | string | undefined;
  };
  /** The exact number of objects that the filter must match. Required unless dry_run. */
  readonly expected_total?: number | undefined;
  /** Only return the objects that would be changed. Default: false. */
  readonly dry_run?: boolean | undefined;
};
/** `BulkPreview` of the API. */
export type BulkPreview = {
  readonly total: number;
  /** The first objects, in the order in which they would be changed. */
  readonly sample: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: string;
  }[];
};
/** `Bulk` of the API. */
export type Bulk = {
  readonly id: string;
  readonly kind: "session" | "schedule";
  readonly action: "cancel" | "retry" | "enable" | "disable" | "trigger";
  readonly filter: { readonly [name: string]: unknown };
  readonly note: string | null;
  readonly state: "running" | "done" | "canceled";
  readonly cancelable: boolean;
  /** Number of objects; does not change after the creation. */
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly waiting: number;
  /** The first objects that failed, and why. */
  readonly failures: readonly {
    readonly id: string;
    readonly code: string;
    readonly message: string;
  }[];
  readonly created: string;
  readonly created_by: string;
  readonly ended: string | null;
};
/** ok; failing: its last session failed, or it was disabled for failing; over: it has no slot left; disabled: by a person. */
export type ScheduleState = "ok" | "failing" | "disabled" | "over";
/** `BulkSchedules` of the API. */
export type BulkSchedules = {
  readonly action: "enable" | "disable" | "trigger";
  readonly filter: {
    readonly ids?: readonly string[] | string | undefined;
    readonly keyword?: readonly string[] | string | undefined;
    readonly enable?: readonly boolean[] | boolean | undefined;
    readonly label?: readonly string[] | string | undefined;
    readonly created_from?: string | undefined;
    readonly created_to?: string | undefined;
    readonly modified_from?: string | undefined;
    readonly modified_to?: string | undefined;
    readonly state?: readonly ScheduleState[] | ScheduleState | undefined;
    readonly kind?: readonly ScheduleKind[] | ScheduleKind | undefined;
    readonly storage_id?: readonly string[] | string | undefined;
    readonly due_before?: string | undefined;
  };
  /** Default: null. */
  readonly note?: string | null | undefined;
  /** The exact number of objects that the filter must match. Required unless dry_run. */
  readonly expected_total?: number | undefined;
  /** Only return the objects that would be changed. Default: false. */
  readonly dry_run?: boolean | undefined;
};
/** `CronTrigger` of the API. */
export type CronTrigger = {
  readonly type: "cron";
  readonly expression: string;
  /** Default: "UTC". */
  readonly time_zone?: string | undefined;
};
/** `FreqTrigger` of the API. */
export type FreqTrigger = {
  readonly type: "freq";
  readonly every: number;
  readonly unit: "minute" | "hour" | "day" | "week" | "month";
  readonly anchor: string;
  /** Default: "UTC". */
  readonly time_zone?: string | undefined;
};
/** `Trigger` of the API. */
export type Trigger = CronTrigger | FreqTrigger;
/** The trigger fires only inside of this window. An instant outside is no slot: it is not recorded as missed. */
export type Active = {
  /** Default: null. */
  readonly start_date?: string | null | undefined;
  /** Default: null. */
  readonly end_date?: string | null | undefined;
  /** Default: null. */
  readonly start_time?: string | null | undefined;
  /** Excluded. If it is before start_time, the window spans midnight. Default: null. */
  readonly end_time?: string | null | undefined;
  /** Default: null. */
  readonly days_of_week?: readonly number[] | null | undefined;
};
/** `PolicyChange` of the API. */
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
/** `PreviewTrigger` of the API. */
export type PreviewTrigger = {
  readonly trigger: Trigger;
  readonly active?: Active | null | undefined;
  readonly policy?: PolicyChange | undefined;
  /** Instants after this time. Default: now. */
  readonly from?: string | undefined;
  /** Default: 10. */
  readonly count?: number | undefined;
};
/** `SavedCronTrigger` of the API. */
export type SavedCronTrigger = {
  readonly type: "cron";
  readonly expression: string;
  readonly time_zone: string;
};
/** `SavedFreqTrigger` of the API. */
export type SavedFreqTrigger = {
  readonly type: "freq";
  readonly every: number;
  readonly unit: "minute" | "hour" | "day" | "week" | "month";
  readonly anchor: string;
  readonly time_zone: string;
};
/** `SavedTrigger` of the API. */
export type SavedTrigger = SavedCronTrigger | SavedFreqTrigger;
/** `Policy` of the API. */
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
/** The trigger as it would be saved, and its next instants. */
export type TriggerPreview = {
  readonly trigger: SavedTrigger;
  readonly active: Active | null;
  readonly policy: Policy;
  readonly next: readonly {
    readonly slot: string;
  }[];
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
  /** Why the slot became no session. */
  readonly reason: string | null;
};
/** Past entries are newest first. Slots that did not run are one entry, from and to. */
export type Slots = {
  readonly next: readonly {
    readonly slot: string;
  }[];
  readonly past: readonly PastSlot[];
};
/** The parameters of a schedule: its kind says which. */
export type KindParams = { readonly [name: string]: unknown };
/** `Disabled` of the API. */
export type Disabled = {
  readonly reason: string;
  readonly note: string | null;
  readonly by: string;
  readonly at: string;
};
/** `SessionError` of the API. */
export type SessionError = {
  readonly code: string;
  readonly message: string;
  readonly step: string | null;
  /** Equal for failures of the same cause: ignores numbers and ids in the message. */
  readonly fingerprint: string;
};
/** `Schedule` of the API. */
export type Schedule = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly kind: number;
  readonly enable: boolean;
  readonly state: ScheduleState;
  readonly owner: string;
  /** The engine that runs its sessions. */
  readonly engine: string;
  readonly labels: { readonly [name: string]: string };
  readonly trigger: SavedTrigger;
  readonly active: Active | null;
  readonly job: {
    /** Default: null. */
    readonly location?: string | null | undefined;
    /** Default: null. */
    readonly repository?: string | null | undefined;
    readonly name: string;
  };
  readonly params: KindParams;
  readonly policy: Policy;
  readonly next_due_at: string | null;
  readonly last_slot: string | null;
  readonly disabled: Disabled | null;
  readonly stats: {
    readonly sessions: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly consecutive_failures: number;
    readonly last_error: SessionError | null;
  };
  readonly created: string;
  readonly created_by: string;
  readonly modified: string;
  readonly modified_by: string;
  readonly version: number;
};
/** `JobReference` of the API. */
export type JobReference = {
  /** Default: null. */
  readonly location?: string | null | undefined;
  /** Default: null. */
  readonly repository?: string | null | undefined;
  readonly name: string;
};
/** `JobParams` of the API. */
export type JobParams = {
  readonly run_config?: { readonly [name: string]: unknown } | undefined;
  readonly tags?: { readonly [name: string]: string } | undefined;
};
/** `CreateJobSchedule` of the API. */
export type CreateJobSchedule = {
  readonly name: string;
  /** Default: null. */
  readonly description?: string | null | undefined;
  /** Default: true. */
  readonly enable?: boolean | undefined;
  /** Waiting sessions start in turn by owner. Default: the caller. */
  readonly owner?: string | undefined;
  /** The engine that runs its sessions. Default: the deployment's. */
  readonly engine?: string | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  readonly trigger: Trigger;
  readonly active?: Active | null | undefined;
  readonly job: JobReference;
  readonly policy?: PolicyChange | undefined;
  readonly kind: 1;
  readonly params?: JobParams | undefined;
};
/** `IngestParams` of the API. */
export type IngestParams = {
  readonly storage_id: string;
  /** Default: null. */
  readonly collection_id?: string | null | undefined;
  readonly options?: { readonly [name: string]: unknown } | undefined;
};
/** `CreateIngestSchedule` of the API. */
export type CreateIngestSchedule = {
  readonly name: string;
  /** Default: null. */
  readonly description?: string | null | undefined;
  /** Default: true. */
  readonly enable?: boolean | undefined;
  /** Waiting sessions start in turn by owner. Default: the caller. */
  readonly owner?: string | undefined;
  /** The engine that runs its sessions. Default: the deployment's. */
  readonly engine?: string | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  readonly trigger: Trigger;
  readonly active?: Active | null | undefined;
  readonly job: JobReference;
  readonly policy?: PolicyChange | undefined;
  readonly kind: 5;
  readonly params: IngestParams;
};
/** `CreateSchedule` of the API. */
export type CreateSchedule = CreateJobSchedule | CreateIngestSchedule;
/** With the trigger's own type, or without a type, an omitted field keeps its value. The other type replaces the whole trigger. */
export type TriggerChange = {
  readonly type?: "cron" | "freq" | undefined;
  readonly expression?: string | undefined;
  readonly time_zone?: string | undefined;
  readonly every?: number | undefined;
  readonly unit?: "minute" | "hour" | "day" | "week" | "month" | undefined;
  readonly anchor?: string | undefined;
};
/** An omitted field keeps its value. */
export type JobChange = {
  readonly location?: string | null | undefined;
  readonly repository?: string | null | undefined;
  readonly name?: string | undefined;
};
/** `UpdateSchedule` of the API. */
export type UpdateSchedule = {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  /** Accepted only if it is the schedule's kind, which never changes. */
  readonly kind?: number | undefined;
  readonly enable?: boolean | undefined;
  readonly owner?: string | undefined;
  readonly engine?: string | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  readonly trigger?: TriggerChange | undefined;
  /** Null removes the window; fields that are left out keep their values. */
  readonly active?:
    | {
        readonly start_date?: string | null | undefined;
        readonly end_date?: string | null | undefined;
        readonly start_time?: string | null | undefined;
        /** Excluded. If it is before start_time, the window spans midnight. */
        readonly end_time?: string | null | undefined;
        readonly days_of_week?: readonly number[] | null | undefined;
      }
    | null
    | undefined;
  readonly job?: JobChange | undefined;
  /** An omitted field keeps its value; a given field replaces it as a whole, also where it is an object. */
  readonly params?: KindParams | undefined;
  readonly policy?: PolicyChange | undefined;
};
/** `ChangeNote` of the API. */
export type ChangeNote = {
  /** Default: null. */
  readonly note?: string | null | undefined;
};
/** `CreateBackfill` of the API. */
export type CreateBackfill = {
  /** Included: slots from this instant on. */
  readonly from: string;
  /** Excluded. Must not be after now: a backfill runs past slots only. */
  readonly to: string;
  /** How many sessions of the backfill may be unfinished at a time. Default: 1. */
  readonly max_parallel?: number | undefined;
};
/** `Backfill` of the API. */
export type Backfill = {
  readonly id: string;
  readonly schedule_id: string;
  readonly schedule_name: string;
  readonly from: string;
  readonly to: string;
  readonly max_parallel: number;
  /** `done`: every slot has its session, and all sessions have ended, with success or not. */
  readonly state: "running" | "done" | "canceled";
  /** Why it is canceled: `canceled` (by a person) or `schedule_deleted`. */
  readonly reason: string | null;
  /** The earliest slot that may be opened next; null if all are opened. */
  readonly next_from: string | null;
  /** Sessions opened so far. */
  readonly opened: number;
  /** Number of sessions by state. */
  readonly sessions: { readonly [name: string]: number };
  readonly created: string;
  readonly created_by: string;
  readonly ended: string | null;
};
/** Why it was opened: for a slot, by a person (manual, retry), by a backfill. */
export type SessionCause = "slot" | "manual" | "backfill" | "retry";
/** `Explanation` of the API. */
export type Explanation = {
  /** Why the session is in its state. */
  readonly sentence: string;
  /** time, worker, session, engine, run or stop; null if it waits for nothing. */
  readonly waiting_on: string | null;
  /** The step that a person can take next; null if none is needed. */
  readonly next_step: string | null;
};
/** `Session` of the API. */
export type Session = {
  readonly id: string;
  readonly schedule_id: string;
  readonly schedule_name: string;
  readonly kind: number;
  readonly cause: SessionCause;
  readonly backfill_id: string | null;
  /** The session that this one retries. */
  readonly retry_of: string | null;
  /** The nominal instant of the schedule; for a manual session, when it was triggered. */
  readonly slot: string;
  readonly state: SessionState;
  readonly reason: string | null;
  readonly attempt: number;
  readonly data_interval: {
    readonly start: string;
    readonly end: string;
  };
  readonly created: string;
  readonly picked: string | null;
  readonly started: string | null;
  readonly ended: string | null;
  readonly duration_seconds: number | null;
  readonly run: {
    readonly engine: string;
    readonly id: string | null;
    readonly url: string | null;
    readonly status: string | null;
    readonly result: { readonly [name: string]: unknown } | null;
  } | null;
  readonly error: SessionError | null;
  readonly explanation: Explanation;
  readonly created_by: string;
  readonly version: number;
};
/** `SessionWithHistory` of the API. */
export type SessionWithHistory = {
  readonly id: string;
  readonly schedule_id: string;
  readonly schedule_name: string;
  readonly kind: number;
  readonly cause: SessionCause;
  readonly backfill_id: string | null;
  /** The session that this one retries. */
  readonly retry_of: string | null;
  /** The nominal instant of the schedule; for a manual session, when it was triggered. */
  readonly slot: string;
  readonly state: SessionState;
  readonly reason: string | null;
  readonly attempt: number;
  readonly data_interval: {
    readonly start: string;
    readonly end: string;
  };
  readonly created: string;
  readonly picked: string | null;
  readonly started: string | null;
  readonly ended: string | null;
  readonly duration_seconds: number | null;
  readonly run: {
    readonly engine: string;
    readonly id: string | null;
    readonly url: string | null;
    readonly status: string | null;
    readonly result: { readonly [name: string]: unknown } | null;
    readonly config: { readonly [name: string]: unknown } | null;
    /** The end of the run's output. */
    readonly output: string | null;
  } | null;
  readonly error: SessionError | null;
  readonly explanation: Explanation;
  readonly created_by: string;
  readonly version: number;
  readonly history: readonly {
    readonly at: string;
    readonly from: SessionState | null;
    readonly to: SessionState;
    readonly attempt: number;
    readonly actor: string;
    readonly cause: string;
    readonly message: string | null;
  }[];
};
/** `SessionLog` of the API. */
export type SessionLog = {
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
/** A session (`slot` to `ended`), a stretch of slots that became no session (`from`, `to`, `reason`), or a slot that no scan has looked at yet (`slot`, `state`). */
export type TimelineEntry = {
  readonly slot?: string | undefined;
  /** The first slot of a stretch; it may be before the requested time span. */
  readonly from?: string | undefined;
  /** The last slot of a stretch; it may be after the requested time span. */
  readonly to?: string | undefined;
  readonly session_id?: string | undefined;
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
  readonly started?: string | null | undefined;
  readonly ended?: string | null | undefined;
};
/** `TimelineRow` of the API. */
export type TimelineRow = {
  readonly schedule: {
    readonly id: string;
    readonly name: string;
    readonly enable: boolean;
  };
  /** Oldest slot first. */
  readonly entries: readonly TimelineEntry[];
  /** True when entries are missing: request a shorter time span. */
  readonly truncated: boolean;
};
/** `Engine` of the API. */
export type Engine = {
  readonly name: string;
  /** Whether schedules that name no engine get this one when they are created. */
  readonly is_default: boolean;
  readonly state: "ok" | "failing";
  /** A sentence. If the engine fails: what is wrong and what to do. */
  readonly detail: string;
  /** Its runs under way, counted over all processes. */
  readonly running: number;
  /** How many more launches it accepts now from the process that answers. */
  readonly room: number;
  readonly checked_at: string;
};
/** `EngineJob` of the API. */
export type EngineJob = {
  readonly location: string | null;
  readonly repository: string | null;
  readonly name: string;
  readonly kinds: readonly number[];
  readonly description: string | null;
};
/** `EngineLocation` of the API. */
export type EngineLocation = {
  readonly name: string;
  readonly state: "loaded" | "loading" | "failed";
  /** Why it failed to load; else null. */
  readonly detail: string | null;
};
/** `Webhook` of the API. */
export type Webhook = {
  readonly id: string;
  readonly address: string;
  readonly event_types: readonly string[];
  readonly description: string | null;
  readonly enable: boolean;
  /** Why EOM disabled it: `gone` if its receiver answered 410 Gone. */
  readonly disabled_reason: "gone" | null;
  readonly labels: { readonly [name: string]: string };
  /** Until then messages are signed with the previous secret too. */
  readonly previous_secret_until: string | null;
  /** The outcome of the last attempt. */
  readonly state: "healthy" | "failing";
  readonly consecutive_failures: number;
  readonly last_success: string | null;
  readonly last_failure: string | null;
  readonly last_error:
    | "timeout"
    | "connection_failed"
    | "tls_failed"
    | "name_not_found"
    | "address_forbidden"
    | "redirect_refused"
    | "http_status"
    | "gone"
    | "secret_lost"
    | null;
  /** Counted up to 10000. */
  readonly deliveries: {
    readonly pending: number;
    readonly dead: number;
  };
  readonly created: string;
  readonly created_by: string;
  readonly modified: string;
  readonly modified_by: string;
  readonly version: number;
};
/** `CreateWebhook` of the API. */
export type CreateWebhook = {
  readonly address: string;
  /** Any of *, session.*, schedule.*, quota.*, storage.*, webhook.*, session.succeeded, session.failed, session.canceled, session.lost, session.timed_out, schedule.auto_disabled, quota.warning, quota.exceeded, quota.expired, storage.verification_failed, webhook.disabled. */
  readonly event_types: readonly string[];
  /** Default: null. */
  readonly description?: string | null | undefined;
  /** Default: true. */
  readonly enable?: boolean | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  /** `whsec_` and base64 of 24 to 64 bytes. Null: EOM creates a secret and shows it once, in the answer to this request. */
  readonly secret?: string | null | undefined;
};
/** `WrittenWebhook` of the API. */
export type WrittenWebhook = Webhook & {
  /** The secret that EOM created, shown once; otherwise null. */
  readonly secret: string | null;
};
/** `UpdateWebhook` of the API. */
export type UpdateWebhook = {
  readonly address?: string | undefined;
  /** Any of *, session.*, schedule.*, quota.*, storage.*, webhook.*, session.succeeded, session.failed, session.canceled, session.lost, session.timed_out, schedule.auto_disabled, quota.warning, quota.exceeded, quota.expired, storage.verification_failed, webhook.disabled. */
  readonly event_types?: readonly string[] | undefined;
  readonly description?: string | null | undefined;
  readonly enable?: boolean | undefined;
  readonly labels?: { readonly [name: string]: string } | undefined;
  /** `whsec_` and base64 of 24 to 64 bytes. Null: EOM creates a secret and shows it once, in the answer to this request. */
  readonly secret?: string | null | undefined;
};
/** `WebhookTest` of the API. */
export type WebhookTest = {
  readonly delivered: boolean;
  readonly message_id: string;
  readonly http_status: number | null;
  /** Null when the receiver answered 2xx. */
  readonly error:
    | "timeout"
    | "connection_failed"
    | "tls_failed"
    | "name_not_found"
    | "address_forbidden"
    | "redirect_refused"
    | "http_status"
    | "gone"
    | "secret_lost"
    | null;
  readonly duration_ms: number;
};
/** `Delivery` of the API. */
export type Delivery = {
  readonly id: string;
  readonly webhook_id: string;
  /** The id of the message (`webhook-id`), the same in every attempt. */
  readonly event_id: string;
  readonly event_type: string;
  readonly state: "pending" | "delivered" | "dead";
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly last_attempt: {
    readonly at: string;
    readonly http_status: number | null;
    /** Null when the receiver answered 2xx. */
    readonly error:
      | "timeout"
      | "connection_failed"
      | "tls_failed"
      | "name_not_found"
      | "address_forbidden"
      | "redirect_refused"
      | "http_status"
      | "gone"
      | "secret_lost"
      | null;
    readonly duration_ms: number;
  } | null;
  readonly delivered: string | null;
  readonly created: string;
};
/** `Redriven` of the API. */
export type Redriven = {
  readonly redriven: number;
  /** Whether dead deliveries are left: send the request again. */
  readonly remaining: boolean;
};
/** `Me` of the API. */
export type Me = {
  readonly subject: string;
  readonly role: "viewer" | "meter" | "operator" | "admin";
  readonly authentication: "token" | "oidc" | "gateway" | "none";
  readonly on_behalf_of: string | null;
};
/** `Token` of the API. */
export type Token = {
  readonly id: string;
  readonly label: string;
  readonly role: "viewer" | "meter" | "operator" | "admin";
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly created: string;
  readonly created_by: string;
};
/** `CreateToken` of the API. */
export type CreateToken = {
  readonly label: string;
  readonly role: "viewer" | "meter" | "operator" | "admin";
  readonly expires_at?: string | null | undefined;
};
/** `CreatedToken` of the API. */
export type CreatedToken = Token & {
  /** Shown once: EOM keeps only its hash. */
  readonly token: string;
};
/** `AuditEntry` of the API. */
export type AuditEntry = {
  readonly id: string;
  readonly at: string;
  /** The caller or worker that made the change. */
  readonly subject: string;
  /** The user that the caller said it spoke for. */
  readonly on_behalf_of: string | null;
  readonly action: string;
  readonly kind: string;
  readonly object_id: string;
  readonly before?: unknown | undefined;
  readonly after?: unknown | undefined;
  readonly request_id: string | null;
};
/** `Doctor` of the API. */
export type Doctor = {
  readonly status: "ok" | "failed";
  readonly checks: readonly {
    readonly check: string;
    readonly status: "ok" | "failed";
    readonly message: string;
  }[];
};
/** `OverviewPart` of the API. */
export type OverviewPart = {
  /** Exact up to 10000. */
  readonly total: number;
  /** The oldest first. */
  readonly items: readonly {
    readonly id: string;
    readonly name: string;
    readonly why: string;
    readonly since: string | null;
  }[];
  /** Why this part could not be read; `total` is 0 and `items` is empty then. */
  readonly fault: string | null;
};
/** `Overview` of the API. */
export type Overview = {
  readonly at: string;
  /** Whether nothing needs a person and every part could be read. */
  readonly ok: boolean;
  readonly parts: {
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
};
/** Options of `listStorages`. */
export interface ListStoragesOptions extends CallOptions {
  readonly ids?: string | readonly string[] | undefined;
  readonly keyword?: string | readonly string[] | undefined;
  readonly enable?: boolean | readonly boolean[] | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
  readonly modified_from?: string | undefined;
  readonly modified_to?: string | undefined;
  readonly collection_id?: string | readonly string[] | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "name". */
  readonly sortby?: "name" | "enable" | "created" | "modified" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `createStorage`. */
export interface CreateStorageOptions extends KeyedOptions {
  /** Whether to verify the connection before it is saved. Unset: as EOM_STORAGE_VERIFY says. */
  readonly verify?: boolean | undefined;
  /** Whether the location may overlap with those of other storages. Default: false. */
  readonly allow_overlap?: boolean | undefined;
}

/** Options of `updateStorage`. */
export interface UpdateStorageOptions extends VersionedOptions {
  /** Whether to verify the connection before it is saved. Unset: as EOM_STORAGE_VERIFY says. */
  readonly verify?: boolean | undefined;
  /** Whether the location may overlap with those of other storages. Default: false. */
  readonly allow_overlap?: boolean | undefined;
}

/** Options of `listQuotas`. */
export interface ListQuotasOptions extends CallOptions {
  readonly ids?: string | readonly string[] | undefined;
  readonly keyword?: string | readonly string[] | undefined;
  readonly enable?: boolean | readonly boolean[] | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
  readonly modified_from?: string | undefined;
  readonly modified_to?: string | undefined;
  readonly type?: "MaxOrderTimes" | "MaxSize" | readonly ("MaxOrderTimes" | "MaxSize")[] | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "name". */
  readonly sortby?: "name" | "type" | "enable" | "created" | "modified" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listUsers`. */
export interface ListUsersOptions extends CallOptions {
  readonly exceeded?: boolean | undefined;
  readonly expiring_before?: string | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "user_id". */
  readonly sortby?: "user_id" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listUserQuotas`. */
export interface ListUserQuotasOptions extends CallOptions {
  readonly ids?: string | readonly string[] | undefined;
  readonly keyword?: string | readonly string[] | undefined;
  readonly enable?: boolean | readonly boolean[] | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
  readonly modified_from?: string | undefined;
  readonly modified_to?: string | undefined;
  readonly type?: "MaxOrderTimes" | "MaxSize" | readonly ("MaxOrderTimes" | "MaxSize")[] | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "name". */
  readonly sortby?: "name" | "type" | "enable" | "created" | "modified" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listLedger`. */
export interface ListLedgerOptions extends CallOptions {
  readonly type?: "MaxOrderTimes" | "MaxSize" | readonly ("MaxOrderTimes" | "MaxSize")[] | undefined;
  readonly kind?:
    | "consume"
    | "adjust"
    | "reserve"
    | "commit"
    | "release"
    | "expire"
    | readonly ("consume" | "adjust" | "reserve" | "commit" | "release" | "expire")[]
    | undefined;
  readonly reservation_id?: string | readonly string[] | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "created". */
  readonly sortby?: "created" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `reserveUsage`. */
export interface ReserveUsageOptions extends KeyedOptions {
  /** Default: 900. */
  readonly ttl_seconds?: number | undefined;
}

/** Options of `listSchedules`. */
export interface ListSchedulesOptions extends CallOptions {
  readonly ids?: string | readonly string[] | undefined;
  readonly keyword?: string | readonly string[] | undefined;
  readonly enable?: boolean | readonly boolean[] | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
  readonly modified_from?: string | undefined;
  readonly modified_to?: string | undefined;
  readonly state?: ScheduleState | readonly ScheduleState[] | undefined;
  readonly kind?: ScheduleKind | readonly ScheduleKind[] | undefined;
  readonly storage_id?: string | readonly string[] | undefined;
  readonly due_before?: string | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "name". */
  readonly sortby?: "name" | "enable" | "created" | "modified" | "next_due_at" | undefined;
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
  readonly ids?: string | readonly string[] | undefined;
  readonly schedule_id?: string | readonly string[] | undefined;
  readonly backfill_id?: string | readonly string[] | undefined;
  readonly state?: SessionState | readonly SessionState[] | undefined;
  readonly kind?: ScheduleKind | readonly ScheduleKind[] | undefined;
  readonly slot_from?: string | undefined;
  readonly slot_to?: string | undefined;
  readonly created_by?: string | readonly string[] | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "created". */
  readonly sortby?: "created" | "slot" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listBackfills`. */
export interface ListBackfillsOptions extends CallOptions {
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "created". */
  readonly sortby?: "created" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `cancelBackfill`. */
export interface CancelBackfillOptions extends CallOptions {
  /** Also cancel the sessions of the backfill that run. Default: false. */
  readonly running?: boolean | undefined;
}

/** Options of `listBulks`. */
export interface ListBulksOptions extends CallOptions {
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "created". */
  readonly sortby?: "created" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listWebhooks`. */
export interface ListWebhooksOptions extends CallOptions {
  readonly ids?: string | readonly string[] | undefined;
  readonly keyword?: string | readonly string[] | undefined;
  readonly enable?: boolean | readonly boolean[] | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
  readonly modified_from?: string | undefined;
  readonly modified_to?: string | undefined;
  readonly state?: "healthy" | "failing" | readonly ("healthy" | "failing")[] | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "created". */
  readonly sortby?: "created" | "modified" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listDeliveries`. */
export interface ListDeliveriesOptions extends CallOptions {
  readonly state?: "pending" | "delivered" | "dead" | readonly ("pending" | "delivered" | "dead")[] | undefined;
  readonly event_type?: string | readonly string[] | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "created". */
  readonly sortby?: "created" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listTokens`. */
export interface ListTokensOptions extends CallOptions {
  readonly ids?: string | readonly string[] | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "created". */
  readonly sortby?: "created" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `listAudit`. */
export interface ListAuditOptions extends CallOptions {
  readonly kind?: string | readonly string[] | undefined;
  readonly object_id?: string | readonly string[] | undefined;
  readonly subject?: string | readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "at". */
  readonly sortby?: "at" | undefined;
  readonly cursor?: string | undefined;
}

/** Options of `getTimeline`. */
export interface GetTimelineOptions extends CallOptions {
  /** Slots at or after this time. */
  readonly from: string;
  /** Slots before this time, at most 31 days after from. */
  readonly to: string;
  readonly ids?: string | readonly string[] | undefined;
  readonly keyword?: string | readonly string[] | undefined;
  readonly enable?: boolean | readonly boolean[] | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly created_from?: string | undefined;
  readonly created_to?: string | undefined;
  readonly modified_from?: string | undefined;
  readonly modified_to?: string | undefined;
  readonly state?: ScheduleState | readonly ScheduleState[] | undefined;
  readonly kind?: ScheduleKind | readonly ScheduleKind[] | undefined;
  readonly storage_id?: string | readonly string[] | undefined;
  readonly due_before?: string | undefined;
  readonly page?: number | undefined;
  /** Default: 8. */
  readonly size?: number | undefined;
  /** Default: true. */
  readonly asc?: boolean | undefined;
  /** Default: "name". */
  readonly sortby?: "name" | undefined;
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
  health(options?: CallOptions): Promise<{
    readonly status: "ok";
  }>;
  /** Whether the database is reachable and migrated. */
  readiness(options?: CallOptions): Promise<{
    readonly status: "ok";
  }>;
  /** Metrics for Prometheus. */
  metrics(options?: CallOptions): Promise<string>;
  /** This API as an OpenAPI 3.1 document. */
  document(options?: CallOptions): Promise<{
    readonly openapi: string;
  }>;
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
