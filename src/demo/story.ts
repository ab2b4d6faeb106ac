/** Prints a new step of the story. */
export function say(text: string): void {
  console.log(`\n▸ ${text}`);
}

/** Prints a result of the step. */
export function report(text: string): void {
  console.log(`  ${text}`);
}
