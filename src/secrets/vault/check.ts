import { createId } from "../../platform/id.ts";
import { toAdvice, VaultFault } from "./fault.ts";
import type { VaultKv } from "./kv.ts";

/**
 * Checks EOM's rights by creating, reading and deleting a probe under `doctor/`. It tries all three, so that one sentence
 * names every missing right.
 *
 * @returns null when EOM has all rights, else a sentence that says what to do
 */
export async function checkVault(kv: VaultKv): Promise<string | null> {
  const ref = `doctor/${createId()}`;
  const probe = { probe: ref };
  const missing: string[] = [];
  const attempt = async (right: string, part: "data" | "metadata", act: () => Promise<unknown>) => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof VaultFault) || error.kind !== "forbidden") throw error;
      missing.push(`"${right}" on ${toPattern(kv.toPath(part, ref))}`);
    }
  };
  try {
    await attempt("create", "data", () => kv.create(ref, probe, {}));
    await attempt("read", "data", () => kv.find(ref));
    await attempt("delete", "metadata", () => kv.delete(ref));
  } catch (error) {
    if (error instanceof VaultFault) return toAdvice(error);
    throw error;
  }
  return missing.length === 0
    ? null
    : `Vault refuses what EOM needs: its policy must also allow ${missing.join(", ")}, or the token is not valid any more (VAULT_TOKEN or its file), or the mount has another name (EOM_VAULT_MOUNT).`;
}

/** The policy's pattern for all references, which begin where the probe's does. Example: `secret/data/eom/*`. */
function toPattern(path: string): string {
  return path.replace(/doctor\/[^/]+$/, "*");
}
