import { parseJson } from "../../platform/parse-json.ts";
import { envelopeSchema, type VaultAnswer } from "./answers.ts";
import { VaultFault, type VaultFaultKind } from "./fault.ts";
import type { VaultRequest } from "./request.ts";

/** An answer as HTTP brings it. */
export interface ReceivedAnswer {
  readonly status: number;
  readonly text: string;
}

const maxWordsLength = 300;

/**
 * Parses an answer of Vault.
 *
 * @throws VaultFault when it is not Vault's, or its status is a redirect, 412, 429 or 500 and above
 */
export function toAnswer(request: VaultRequest, { status, text }: ReceivedAnswer): VaultAnswer {
  // An empty body is valid (204).
  const body = text.trim() === "" ? {} : parseJson(text);
  const envelope = envelopeSchema.safeParse(body);
  const errors = envelope.data?.errors ?? [];
  const warnings = envelope.data?.warnings ?? [];
  const words = [...errors, ...warnings].map((sentence) => redact(sentence, request));
  const summary = [`${request.method} ${request.path}: ${status}`, ...words].join(" ");
  const kind = findFaultKind(status, errors, envelope.success);
  if (kind !== null) throw new VaultFault(kind, summary);
  return { status, errors, warnings, body, summary };
}

/** Removes the request's secrets: an error page of a proxy may repeat the request. */
function redact(sentence: string, { token, confidential = [] }: VaultRequest): string {
  const secrets = [token ?? "", ...confidential].filter((secret) => secret !== "");
  // Longest first, so that no rest of a secret stays when it contains another.
  secrets.sort((left, right) => right.length - left.length);
  const redacted = secrets.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), sentence);
  return redacted.replace(/\s+/g, " ").trim().slice(0, maxWordsLength);
}

function findFaultKind(status: number, errors: readonly string[], isEnvelope: boolean): VaultFaultKind | null {
  if (status >= 300 && status < 400) return "redirect";
  if (status >= 500 && errors.some((words) => /is sealed/i.test(words))) return "sealed";
  // 412: a replica of Vault Enterprise that has not yet received our own write.
  if (status >= 500 || status === 429 || status === 412) return "failing";
  if (!isEnvelope) return "not-vault";
  // A KV engine answers so for a moment after it was created or upgraded to version 2.
  if (status === 400 && errors.some((words) => /^upgrading from non-versioned/i.test(words))) return "failing";
  return null;
}
