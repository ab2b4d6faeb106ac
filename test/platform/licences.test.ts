import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "eom-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the check with an npm that gives this answer. */
function check(answer: string) {
  writeFileSync(join(folder, "answer"), answer);
  const npm = `#!${process.execPath}\nprocess.stdout.write(require("node:fs").readFileSync("${join(folder, "answer")}"));\n`;
  writeFileSync(join(folder, "npm"), npm, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../../scripts/licences.ts")],
    { encoding: "utf8", env: { PATH: `${folder}${delimiter}${process.env["PATH"]}` } },
  );
  return { passes: status === 0, response: `${stdout}${stderr}` };
}

const advisory = (severity: string, detail = "") => JSON.stringify({ vulnerabilities: { left: { severity, detail } } });

test.each([
  ["no advisory", JSON.stringify({ vulnerabilities: {} }), true, "audit: 0 packages"],
  ["a mild one", advisory("moderate"), true, "audit: 1 packages"],
  ["a grave one, however much is said of it", advisory("high", "x".repeat(3 * 1024 * 1024)), false, "left: high"],
  ["a registry without audits", '{"message": "405", "statusCode": 405, "error": {}}', true, "no answer (405)"],
  ["no network", '{"error": {"code": "ENOTFOUND"}}', true, "no answer (ENOTFOUND)"],
  ["a lockfile that npm cannot read", '{"error": {"code": "ENOLOCK"}}', false, "cannot be understood: ENOLOCK"],
  ["what is no JSON", "npm: not today", false, "cannot be understood:  npm: not today"],
])("%s", (_what, answer, passes, response) => {
  const checked = check(answer);
  expect(checked.response).toContain(response);
  expect(checked.passes).toBe(passes);
});
