/** A row of eom_idempotency_key: one key of one caller for one method and path, and its answer once there is one. */
interface IdempotencyKeyTable {
  key_hash: Uint8Array;
  request_hash: Uint8Array;
  claim: string;
  claimed_until: Date;
  answer: Uint8Array | null;
  expires_at: Date;
}

declare module "../database/tables.ts" {
  interface Tables {
    eom_idempotency_key: IdempotencyKeyTable;
  }
}

export type { IdempotencyKeyTable };
