import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { thisCheckout } from "./eom-process.ts";

interface OtherVersion {
  /** Its folder, for startEom and runEom. */
  readonly checkout: string;
  remove(): Promise<void>;
}

/** A copy of this program, to be changed. */
export async function copyVersion(): Promise<OtherVersion> {
  const checkout = await mkdtemp(join(tmpdir(), "eom-next-"));
  for (const name of ["src", "db", "package.json"]) {
    await cp(join(thisCheckout, name), join(checkout, name), { recursive: true });
  }
  await symlink(join(thisCheckout, "node_modules"), join(checkout, "node_modules"));
  return { checkout, remove: () => rm(checkout, { recursive: true, force: true }) };
}

/** A copy of this program with one more migration, `9999_next`, of the given SQL statements. */
export async function createNextVersion(migration: string): Promise<OtherVersion> {
  const copy = await copyVersion();
  await writeFile(join(copy.checkout, "db/migrations/9999_next.sql"), migration);
  return copy;
}
