/** A new step of the story. */
export function say(text: string): void {
  console.log(`\n▸ ${text}`);
}

/** What came of it. */
export function tell(text: string): void {
  console.log(`  ${text}`);
}
