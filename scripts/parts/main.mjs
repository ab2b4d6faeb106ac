/**
 * Runs a part's script: reports a failure as one sentence and an exit code of 1, without a stack trace.
 *
 * @param {() => Promise<unknown>} build
 */
export async function main(build) {
  try {
    await build();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
