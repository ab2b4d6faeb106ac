import { randomBytes } from "node:crypto";

/** A secret that stands nowhere else: letters and digits alone, so that no escaping hides it. */
export function createCanary(): string {
  return `canary${randomBytes(16).toString("hex")}`;
}

/** The texts in which a secret may be hidden: itself, hex, and base64 however it lies in what was encoded. */
export function toForms(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const encoded = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    // The ends depend on what stands before and after it.
    return text.slice(offset === 0 ? 0 : offset + 1, -4);
  });
  return [secret, bytes.toString("hex"), bytes.toString("utf16le"), ...encoded];
}

/** Lists each secret that is in a place, as `<name> in <place>`. */
export function findCanaries(
  places: ReadonlyMap<string, string | Buffer>,
  secrets: Readonly<Record<string, string>>,
): string[] {
  const findings: string[] = [];
  for (const [place, content] of places) {
    const bytes = Buffer.from(content);
    for (const [name, secret] of Object.entries(secrets)) {
      if (toForms(secret).some((form) => bytes.includes(form))) findings.push(`${name} in ${place}`);
    }
  }
  return findings;
}
