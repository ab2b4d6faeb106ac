import { idField, timeField } from "../../platform/resource/fields.ts";
import { idParameter, pageParameters, timeParameter } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { quotaTypeField } from "../../quotas/quota-type.ts";

/** The kinds of entries of the ledger. */
const ledgerKinds = ["consume", "adjust", "reserve", "commit", "release", "expire"] as const;

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
    kind: z.enum(ledgerKinds),
    reservation_id: idField.nullable(),
    created: timeField,
    created_by: z.string(),
  })
  .openapi("LedgerEntry");

const ledgerFilters = {
  type: z.array(quotaTypeField).max(2).optional(),
  kind: z.array(z.enum(ledgerKinds)).max(ledgerKinds.length).optional(),
  reservation_id: z.array(idParameter).max(100).optional(),
  created_from: timeParameter.optional(),
  created_to: timeParameter.optional(),
};

/** The query parameters that may also be written as `filter[name]`. */
export const ledgerFilterNames = Object.keys(ledgerFilters);

/** The query of a user's ledger. */
export const listLedgerSchema = z.strictObject({ ...ledgerFilters, ...pageParameters(["created"]) });

/** The query of a user's ledger, parsed. */
export type ListLedger = z.output<typeof listLedgerSchema>;
