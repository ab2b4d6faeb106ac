import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfiguredFile, UnreadableFile } from "../../src/platform/configured-file.ts";
import { createPrivateFolder, describeFolderFault } from "../../src/platform/data-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "eom-file-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a configured file is read whole, up to its limit", () => {
  const path = join(folder, "file");
  writeFileSync(path, "x".repeat(100));
  expect(readConfiguredFile(path, 100).content.toString()).toBe("x".repeat(100));
  expect(() => readConfiguredFile(path, 99)).toThrow(`${path} is larger than 99 bytes`);
});

test("a configured file is never a FIFO, a device or a folder, and none of them keeps the process", () => {
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
  for (const path of [fifo, "/dev/zero", folder])
    expect(() => readConfiguredFile(path)).toThrow(new UnreadableFile(path, "is no regular file", null));
  expect(() => readConfiguredFile(join(folder, "none"))).toThrow("none cannot be read (ENOENT)");
});

test("a data folder is created with its parents, for this user alone", () => {
  const path = join(folder, "a", "b", "c");
  createPrivateFolder(path);
  createPrivateFolder(path);
  expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
});

test.each([
  ["/proc/x", /^\/proc\/x is not writable \(ENOENT\): let EOM's user write to it, or set another EOM_DATA_DIR\.$/],
  ["/proc/x/y/z", /is not writable \(ENOENT\)/],
  ["/dev/null", /^\/dev\/null is not a folder: set EOM_DATA_DIR to a folder\.$/],
  ["/dev/null/x", /is not a folder/],
])("a data folder that cannot be created is reported at once: %s", (path, sentence) => {
  const create = () => {
    try {
      createPrivateFolder(path);
    } catch (error) {
      return describeFolderFault(path, error);
    }
  };
  expect(create()).toMatch(sentence);
});
