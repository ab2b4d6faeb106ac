// Prints one line that sums the reports of test runners: "3385 passed, 0 failed, 2 skipped".
//
//   node scripts/sum-reports.mjs .reports/fast.json .reports/fuzz.xml
//
// A report is JSON of Vitest or XML of JUnit. The exit code is 1 if a test failed, or if a report is missing or cannot be
// read: that is said on standard error, before the line.
import { readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Sum */

/**
 * A file that failed with no failed test counts as one failed test: it could not be loaded, or a hook failed. So does a run
 * that failed with no failed file: an error was thrown outside of all tests.
 *
 * @param {string} text
 * @returns {Sum}
 */
function sumVitest(text) {
  const { testResults, success } = JSON.parse(text);
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of testResults) {
    const failedBefore = sum.failed;
    for (const result of assertionResults) {
      if (result.status === "passed") sum.passed += 1;
      else if (result.status === "failed") sum.failed += 1;
      else sum.skipped += 1;
    }
    if (status === "failed" && sum.failed === failedBefore) sum.failed += 1;
  }
  if (!success && sum.failed === 0) sum.failed = 1;
  return sum;
}

/**
 * @param {string} text
 * @returns {Sum}
 */
function sumJunit(text) {
  const suites = [...text.matchAll(/<testsuite\s([^>]*)>/g)].map(([, attributes = ""]) => attributes);
  if (suites.length === 0) throw new Error("it has no <testsuite>");
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const attributes of suites) {
    const read = (/** @type {string} */ name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(attributes)?.[1] ?? 0);
    const failed = read("failures") + read("errors");
    const skipped = read("skipped");
    sum.failed += failed;
    sum.skipped += skipped;
    sum.passed += read("tests") - failed - skipped;
  }
  return sum;
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  try {
    const text = readFileSync(file, "utf8");
    const sum = file.endsWith(".xml") ? sumJunit(text) : sumVitest(text);
    total.passed += sum.passed;
    total.failed += sum.failed;
    total.skipped += sum.skipped;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`The report ${file} is missing or cannot be read (${reason}): see the output of its test runner`);
    process.exitCode = 1;
  }
}
if (total.failed > 0) process.exitCode = 1;
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
