import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readOrCreateKeyFile } from "../../../src/secrets/embedded/key-file.ts";
import { catchError, expectNoTrace } from "../traces.ts";

describe("the key file", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-key-"));
    path = join(folder, "data", "secret.key");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("is created at the first start, readable by its owner alone, and read at the next start", async () => {
    const created = await readOrCreateKeyFile(path);
    expect(created.symmetricKeySize).toBe(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "data"))).mode & 0o777).toBe(0o700);
    expect((await readOrCreateKeyFile(path)).equals(created)).toBe(true);
    expect(await readdir(join(folder, "data"))).toEqual(["secret.key"]);
  });

  test("differs between folders", async () => {
    const first = await readOrCreateKeyFile(path);
    const second = await readOrCreateKeyFile(join(folder, "other", "secret.key"));
    expect(first.equals(second)).toBe(false);
  });

  test("is the same for all callers that start at about the same time, in any order of their steps", async () => {
    const startAfter = async (turns: number, file: string) => {
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      return readOrCreateKeyFile(file);
    };
    for (let round = 0; round < 20; round += 1) {
      const file = join(folder, `round-${round}`, "secret.key");
      const keys = await Promise.all(Array.from({ length: 12 }, (_, index) => startAfter(index * round, file)));
      expect(keys.every((key) => keys[0]?.equals(key))).toBe(true);
      expect(await readdir(dirname(file))).toEqual(["secret.key"]);
    }
  });

  test("is the same for processes that start at once", async () => {
    const module = new URL("../../../src/secrets/embedded/key-file.ts", import.meta.url).href;
    const digest = `createHash("sha256").update(key.export()).digest("hex")`;
    const script = `import { createHash } from "node:crypto"; import { readOrCreateKeyFile } from "${module}";
      const key = await readOrCreateKeyFile(process.argv[1]); process.stdout.write(${digest});`;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, path]);
    const outputs = await Promise.all([run(), run(), run(), run()]);
    expect(outputs[0]?.stdout).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
  });

  test.each([0o644, 0o604, 0o660])("is refused with mode %o, with the command that corrects it", async (mode) => {
    await readOrCreateKeyFile(path);
    await chmod(path, mode);
    const error = await catchError(readOrCreateKeyFile(path));
    expect(error).toMatchObject({
      code: "CONFIGURATION_ERROR",
      message: expect.stringContaining(`run chmod 600 ${path}`),
    });
  });

  test.each([0, 31, 33, 64])("is refused with %i bytes", async (bytes) => {
    await mkdir(join(folder, "data"));
    const content = randomBytes(bytes);
    await writeFile(path, content, { mode: 0o600 });
    const error = await catchError(readOrCreateKeyFile(path));
    expect(error).toMatchObject({ code: "CONFIGURATION_ERROR", message: expect.stringContaining(`${bytes} bytes`) });
    if (bytes > 0) expectNoTrace(error, [content.toString("hex"), content.toString("base64")]);
  });

  test("is reported in a sentence when it can be neither read nor created", async () => {
    await writeFile(join(folder, "data"), "no folder");
    const error = await catchError(readOrCreateKeyFile(path));
    expect(error).toMatchObject({ code: "CONFIGURATION_ERROR", message: expect.stringContaining(path) });
  });

  test("does not show the key when it is printed", async () => {
    const key = await readOrCreateKeyFile(path);
    expectNoTrace(key, [key.export().toString("hex"), key.export().toString("base64")]);
  });
});
