import { type Failure, fail, invalid } from "../platform/failure.ts";

/** At most the first 100 characters of an id are quoted: it may be any text. */
const quotedCharacters = 100;

/** WEBHOOK_NOT_FOUND for this id. */
export function webhookNotFound(id: string): Failure {
  return fail("WEBHOOK_NOT_FOUND", `Webhook with id '${id.slice(0, quotedCharacters)}' does not exist`, null);
}

/** DELIVERY_NOT_FOUND for this id, also when the delivery is another webhook's. */
export function deliveryNotFound(id: string): Failure {
  return fail(
    "DELIVERY_NOT_FOUND",
    `Delivery with id '${id.slice(0, quotedCharacters)}' does not exist for this webhook`,
    null,
  );
}

/** VALIDATION_ERROR with an issue at `/address`. `message` continues the field's name: "must be …". */
export function addressRefused(message: string): Failure {
  return invalid("/address", message, "address_forbidden");
}
