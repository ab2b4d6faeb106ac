import { expect, test } from "vitest";
import { parseJobsFile, readJobsFile } from "../../src/engines/local/jobs-file.ts";

const path = "/etc/eom/jobs.json";

test("adds defaults to a declaration", () => {
  expect(parseJobsFile('{"jobs": [{"name": "copy", "command": ["cp", "a", "b"]}]}', path, [])).toEqual([
    { name: "copy", command: ["cp", "a", "b"], timeout_seconds: null, environment: {} },
  ]);
});

test("lists every problem at once, each with its place", () => {
  const text = JSON.stringify({
    jobs: [
      { name: "a b", command: [] },
      { name: "ok", command: "rm -rf /", environment: { EOM_TOKEN: "x" }, timeout_seconds: 0 },
      { name: "more", command: ["x"], shell: true },
    ],
  });
  const read = () => parseJobsFile(text, path, []);
  for (const place of [
    path,
    "jobs.0.name",
    "jobs.0.command",
    "jobs.1.command",
    "jobs.1.environment",
    "jobs.1.timeout_seconds",
    "shell",
  ]) {
    expect(read).toThrow(place);
  }
});

test("refuses the name of a built-in job, and a name that is declared twice", () => {
  const text =
    '{"jobs": [{"name": "inventory", "command": ["x"]}, {"name": "a", "command": ["x"]}, {"name": "a", "command": ["y"]}]}';
  expect(() => parseJobsFile(text, path, ["inventory"])).toThrow(
    /inventory is the name of a built-in job[\s\S]*a is declared twice/,
  );
});

test("names a file that is not JSON, or cannot be read", () => {
  expect(() => parseJobsFile("{jobs", path, [])).toThrow(/jobs\.json[\s\S]*is not JSON/);
  expect(() => readJobsFile("/nowhere/jobs.json", [])).toThrow(/\/nowhere\/jobs\.json cannot be read/);
});
