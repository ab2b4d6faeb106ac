import type { StatsFs } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runChecks } from "../../src/doctor/checks.ts";
import { createFolderCheck } from "../../src/doctor/data-folder.ts";

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

test("a disk with too little room is reported, with the room that is left", async () => {
  const folder = await fs.mkdtemp(join(tmpdir(), "eom-doctor-"));
  vi.spyOn(fs, "statfs").mockResolvedValue({ bavail: 99, bsize: 1024 * 1024 } as StatsFs);
  syncBuiltinESMExports();
  const [finding] = await runChecks([createFolderCheck(folder)]);
  expect(finding).toMatchObject({
    status: "failed",
    message: expect.stringMatching(/has 99 MiB left, and below 64 MiB EOM refuses writes: make room/),
  });
  await fs.rmdir(folder);
});
