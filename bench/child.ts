/** Questions that the parent may send to a server in a child process. */
export type Question = "cpu";

interface ServedChild {
  readonly url: string;
  close(): Promise<void>;
}

/** Tells the parent where this process listens, answers its questions, and closes when the parent has let go. */
export function serveParent({ url, close }: ServedChild): void {
  process.on("message", (question: Question) => {
    question satisfies "cpu";
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on("disconnect", () => void close());
  process.send?.(url);
}

/** An environment variable that the parent always sets. */
export function readEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: the bench starts this program`);
  return value;
}
