import { createId } from "../../platform/id.ts";
import { toAdvice, VaultFault } from "./fault.ts";
import type { VaultKv } from "./kv.ts";

/**
 * Proves that EOM can do what it needs by doing it to a probe of its own under `doctor/`. All three are tried, so that one
 * sentence names every right that is lacking.
 */
export async function checkVault(kv: VaultKv): Promise<string | null> {
  const ref = `doctor/${createId()}`;
  const probe = { probe: ref };
  const lacking: string[] = [];
  const attempt = async (right: string, part: "data" | "metadata", act: () => Promise<unknown>) => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof VaultFault) || error.kind !== "forbidden") throw error;
      lacking.push(`"${right}" on ${toPattern(kv.toPath(part, ref))}`);
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
  return lacking.length === 0
    ? null
    : `Vault refuses what EOM needs: its policy must also allow ${lacking.join(", ")}, or the token is not valid any more (VAULT_TOKEN or its file), or the mount has another name (EOM_VAULT_MOUNT).`;
}

/** EOM's references begin where the probe's does. */
function toPattern(path: string): string {
  return path.replace(/doctor\/[^/]+$/, "*");
}
