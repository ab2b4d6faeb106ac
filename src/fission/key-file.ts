import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../platform/config/config.ts";

interface KeyCopy {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Fission's fetcher lays secrets down with mode 0750, which is too open for a key: this process gets a copy of its own, for as
 * long as it takes to read it.
 *
 * @throws ConfigError when there is none
 */
export async function copyKeyFile(path: string): Promise<KeyCopy> {
  const folder = await mkdtemp(join(tmpdir(), "eom-key-"));
  const copy = join(folder, "key");
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await copyFile(path, copy);
    await chmod(copy, 0o600);
    return { path: copy, remove };
  } catch (error) {
    await remove();
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
    throw new ConfigError([{ name: "EOM_KEY_FILE", message: `names ${path}, which cannot be copied (${code})` }]);
  }
}
