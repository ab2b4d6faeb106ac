import { idField, timeField } from "../../platform/resource/fields.ts";
import { idParameter, pageParameters, timeParameter } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { quotaTypeField } from "../../quotas/quota-type.ts";

/** The kinds of entries of the ledger. */
const ledgerKinds = ["consume", "adjust", "reserve", "commit", "release", "expire"] as const;

const ledgerKindField = z.enum(ledgerKinds).openapi("LedgerKind", {
  description: "The call of metering that counted; expire: a reservation ended that nobody had closed in time.",
});

/** The kind of an entry of the ledger. */
export type LedgerKind = (typeof ledgerKinds)[number];

/** An entry of the ledger in answers. */
export const ledgerEntrySchema = z
  .object({
    id: idField,
    type: quotaTypeField,
    amount: z.int().openapi({
      description:
        "consume, adjust, commit: the amount added to used. reserve: the amount added to reserved. release, expire: the amount taken from reserved, negative.",
    }),
    kind: ledgerKindField,
    reservation_id: idField.nullable().describe("The reservation that the entry belongs to; null if to none."),
    created: timeField.describe("When the amount was counted."),
    created_by: z.string().describe("The caller that had the amount counted; for expire, EOM itself."),
  })
  .openapi("LedgerEntry", {
    description: "One counted amount. Entries never change: the sums of a period are its levels.",
  });

const ledgerFilters = {
  type: z.array(quotaTypeField).max(2).optional().describe("Entries of one of these types."),
  kind: z.array(ledgerKindField).max(ledgerKinds.length).optional().describe("Entries of one of these kinds."),
  reservation_id: z.array(idParameter).max(100).optional().describe("Entries of one of these reservations."),
  created_from: timeParameter.optional().describe("Entries counted at or after this time."),
  created_to: timeParameter.optional().describe("Entries counted before this time."),
};

/** The query parameters that may also be written as `filter[name]`. */
export const ledgerFilterNames = Object.keys(ledgerFilters);

/** The query of a user's ledger. */
export const listLedgerSchema = z.strictObject({ ...ledgerFilters, ...pageParameters(["created"]) });

/** The query of a user's ledger, parsed. */
export type ListLedger = z.output<typeof listLedgerSchema>;
