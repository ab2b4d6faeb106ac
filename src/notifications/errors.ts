import { type Failure, fail, invalid } from "../platform/failure.ts";

export function webhookNotFound(id: string): Failure {
  return fail("WEBHOOK_NOT_FOUND", `Webhook with id '${id.slice(0, 100)}' does not exist`, null);
}

export function deliveryNotFound(id: string): Failure {
  return fail("DELIVERY_NOT_FOUND", `Delivery with id '${id.slice(0, 100)}' does not exist for this webhook`, null);
}

export function addressRefused(message: string): Failure {
  return invalid("/address", message, "address_forbidden");
}
