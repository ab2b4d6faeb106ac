import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../platform/config/config.ts";
import { toErrorCode } from "../platform/error-code.ts";

interface KeyCopy {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Copies the key file for this process alone, with mode 0600: Fission's fetcher writes secrets with mode 0750, which is too
 * open for a key. Remove the copy when the key is read.
 *
 * @throws ConfigError when the file cannot be copied, for example because it does not exist
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
    throw new ConfigError([
      { name: "EOM_KEY_FILE", message: `names ${path}, which cannot be copied (${toErrorCode(error)})` },
    ]);
  }
}
