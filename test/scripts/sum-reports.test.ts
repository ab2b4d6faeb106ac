import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const script = join(root, "scripts/sum-reports.mjs");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-reports-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface VitestFile {
  readonly status: "passed" | "failed";
  readonly tests: readonly string[];
}

/** As Vitest's JSON reporter writes it, as far as it is read. */
const toVitest = (files: readonly VitestFile[], success = files.every(({ status }) => status === "passed")) =>
  JSON.stringify({
    success,
    testResults: files.map(({ status, tests }) => ({
      status,
      assertionResults: tests.map((status) => ({ status })),
    })),
  });

/** As Schemathesis writes it. */
const junit = `<?xml version="1.0" ?>
<testsuites disabled="0" errors="1" failures="2" tests="9" time="1.5">
\t<testsuite disabled="0" errors="1" failures="2" name="schemathesis" skipped="1" tests="9" time="1.5" hostname="a">
\t\t<testcase name="GET /eom/admin/me" time="0.1"/>
\t</testsuite>
</testsuites>`;

async function sum(reports: Readonly<Record<string, string>>, named = Object.keys(reports)) {
  for (const [name, text] of Object.entries(reports)) await writeFile(join(folder, name), text);
  const files = named.map((name) => join(folder, name));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...files], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

describe("the sum of reports", () => {
  test("is one line, over all reports and runners", async () => {
    const green = toVitest([
      { status: "passed", tests: ["passed", "passed", "skipped", "todo"] },
      { status: "passed", tests: ["passed"] },
    ]);
    expect(await sum({ "a.json": green, "b.json": green })).toEqual({
      code: 0,
      out: "6 passed, 0 failed, 4 skipped\n",
      err: "",
    });
    expect(await sum({ "a.json": green, "fuzz.xml": junit })).toMatchObject({
      code: 1,
      out: "8 passed, 3 failed, 3 skipped\n",
    });
  });

  test("counts failed tests, files that could not be loaded, and errors outside of tests", async () => {
    const failed = toVitest([
      { status: "failed", tests: ["passed", "failed", "failed"] },
      { status: "failed", tests: [] },
      { status: "failed", tests: ["skipped"] },
    ]);
    const thrown = toVitest([{ status: "passed", tests: ["passed"] }], false);
    expect(await sum({ "a.json": failed })).toMatchObject({ code: 1, out: "1 passed, 4 failed, 1 skipped\n" });
    expect(await sum({ "a.json": thrown })).toMatchObject({ code: 1, out: "1 passed, 1 failed, 0 skipped\n" });
  });

  test("is an error where a report is missing or is none, which is named, and sums the others", async () => {
    const reports = { "a.json": toVitest([{ status: "passed", tests: ["passed"] }]), "b.json": "{", "c.xml": "<html>" };
    const { code, out, err } = await sum(reports, [...Object.keys(reports), "missing.json"]);
    expect([code, out]).toEqual([1, "1 passed, 0 failed, 0 skipped\n"]);
    const named = [...err.matchAll(/^The report \S+\/(\S+) is missing or cannot be read \(.+\): see/gm)];
    expect(named.map(([, name]) => name)).toEqual(["b.json", "c.xml", "missing.json"]);
  });
});

describe(".ci/run", () => {
  /** A checkout whose npm and node only write the reports that they are asked for; a command that names `failing` fails. */
  async function runWithout(failing: string) {
    for (const name of [".ci", "scripts", "bin"]) await mkdir(join(folder, name));
    await cp(join(root, ".ci/run"), join(folder, ".ci/run"));
    await cp(script, join(folder, "scripts/sum-reports.mjs"));
    const green = toVitest([{ status: "passed", tests: ["passed", "skipped"] }]);
    const suites = '<testsuites><testsuite errors="0" failures="0" skipped="0" tests="5"></testsuite></testsuites>';
    const npm = `#!/bin/sh
      case "$*" in *"$FAILING"*) exit 1;; esac
      for word in "$@"; do case "$word" in
        --outputFile.json=*) echo '${green}' > "\${word#*=}";;
        */fuzz.xml) echo '${suites}' > "$word";;
      esac; done\n`;
    const node = `#!/bin/sh
      case "$1" in scripts/sum-reports.mjs) exec "${process.execPath}" "$@";; esac\n`;
    for (const [name, text] of Object.entries({ npm, node }))
      await writeFile(join(folder, "bin", name), text, { mode: 0o755 });
    const env = { PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, FAILING: failing };
    const { status, stdout, stderr } = spawnSync(join(folder, ".ci/run"), { env, encoding: "utf8" });
    return { code: status, last: stdout.trimEnd().split("\n").at(-1), err: stderr };
  }

  test("ends with the sum of its runners' reports", async () => {
    expect(await runWithout("nothing of it")).toEqual({ code: 0, last: "10 passed, 0 failed, 5 skipped", err: "" });
  });

  test("counts no report of an earlier run, and ends with the sum of the others when a step fails", async () => {
    await mkdir(join(folder, ".reports"));
    await writeFile(join(folder, ".reports/parts.json"), toVitest([{ status: "passed", tests: ["passed"] }]));
    const { code, last, err } = await runWithout("test:parts");
    expect([code, last]).toEqual([1, "9 passed, 0 failed, 4 skipped"]);
    expect(err).toContain("failed: npm run test:parts");
    expect(err).toContain("The report .reports/parts.json is missing");
  });

  test("runs nothing without its packages", async () => {
    expect(await runWithout("ci")).toMatchObject({ code: 1, last: "0 passed, 0 failed, 0 skipped" });
  });

  test("refuses arguments before it does anything", () => {
    const { status, stdout, stderr } = spawnSync(join(root, ".ci/run"), ["--fast"], { encoding: "utf8" });
    const usage = ".ci/run takes no arguments, got: --fast\nusage: .ci/run\n";
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: "", stderr: usage });
  });
});
