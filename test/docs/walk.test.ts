import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createObjects } from "../../src/demo/objects.ts";
import { type S3Server, startS3Server } from "../../src/demo/s3-server.ts";
import { createTestDatabase, type DatabaseKind } from "../support/database/database.ts";
import { startEom, thisCheckout } from "../support/processes/eom-process.ts";
import { createNextVersion } from "../support/processes/next-version.ts";
import { patience } from "../support/time-limits.ts";
import { expectJson, expectText } from "./masks.ts";
import { type Block, findNoRun, isForShell, readBlocks, readConsole } from "./page.ts";
import { type Shell, startShell } from "./shell.ts";

/*
 * Walks the pages as a reader does: every block for a shell is typed into one shell per page, beside an EOM and an S3 server of
 * its own, and what it prints is compared with the block `output` that follows. test/README.md has the words of the fences.
 */

/** The pages, and the database of their EOM: with the embedded one no command runs beside it. */
const worlds: Readonly<Record<string, DatabaseKind>> = {
  "README.md": "embedded",
  "docs/guides/auth.md": "postgres",
  "docs/guides/backup.md": "postgres",
  "docs/guides/dagster.md": "postgres",
  "docs/guides/fission.md": "postgres",
  "docs/guides/install.md": "postgres",
  "docs/guides/kinds.md": "postgres",
  "docs/guides/kubernetes.md": "postgres",
  "docs/guides/metering-client.md": "postgres",
  "docs/guides/migrate.md": "postgres",
  "docs/guides/notifications.md": "embedded",
  "docs/guides/quotas.md": "postgres",
  "docs/guides/release.md": "postgres",
  "docs/guides/rotate.md": "postgres",
  "docs/guides/run.md": "postgres",
  "docs/guides/schedules.md": "embedded",
  "docs/guides/storages.md": "embedded",
  "docs/guides/typescript-client.md": "postgres",
  "docs/guides/upgrade.md": "postgres",
};

const token = "token-of-the-reader-of-the-pages";

async function readPage(page: string): Promise<Block[]> {
  return readBlocks(page, await readFile(join(thisCheckout, page), "utf8"));
}

test("every guide has a world to walk in", async () => {
  const guides = await readdir(join(thisCheckout, "docs/guides"));
  expect(Object.keys(worlds).sort()).toEqual(["README.md", ...guides.map((name) => `docs/guides/${name}`)].sort());
});

test("these blocks do not run, for the reason that their fence has", async () => {
  const blocks = (await Promise.all(Object.keys(worlds).map(readPage))).flat();
  const reasons = blocks.flatMap((block) => findNoRun(block)?.replace(/^/, `${block.page}: `) ?? []);
  expect(reasons).toMatchInlineSnapshot(`
    [
      "README.md: two steps of CI",
      "README.md: CI makes and runs the package",
      "README.md: it serves until Ctrl-C",
      "README.md: it serves until Ctrl-C",
      "docs/guides/auth.md: it serves until Ctrl-C",
      "docs/guides/auth.md: needs an identity provider",
      "docs/guides/auth.md: needs a gateway",
      "docs/guides/backup.md: needs the programs of PostgreSQL",
      "docs/guides/backup.md: the folder of the reader",
      "docs/guides/backup.md: needs the programs of PostgreSQL",
      "docs/guides/backup.md: needs a restored database",
      "docs/guides/dagster.md: needs Dagster",
      "docs/guides/dagster.md: needs an account of Dagster+",
      "docs/guides/fission.md: CI builds and tests the functions",
      "docs/guides/fission.md: needs Fission",
      "docs/guides/install.md: CI makes and runs the package",
      "docs/guides/install.md: CI makes and runs the package",
      "docs/guides/install.md: CI makes and runs the package",
      "docs/guides/kinds.md: they change and check your checkout",
      "docs/guides/kubernetes.md: needs Docker",
      "docs/guides/kubernetes.md: needs Kubernetes",
      "docs/guides/kubernetes.md: needs Kubernetes",
      "docs/guides/kubernetes.md: needs Kubernetes",
      "docs/guides/metering-client.md: CI builds and tests the client",
      "docs/guides/metering-client.md: CI runs order-service.ts",
      "docs/guides/migrate.md: needs Fission",
      "docs/guides/migrate.md: it serves until Ctrl-C",
      "docs/guides/migrate.md: needs the old functions; CI runs the script",
      "docs/guides/notifications.md: needs a delivery",
      "docs/guides/release.md: they change your checkout",
      "docs/guides/release.md: CI runs it in a clone",
      "docs/guides/release.md: needs a registry",
      "docs/guides/rotate.md: the id of your token",
      "docs/guides/rotate.md: paths of the reader",
      "docs/guides/rotate.md: storages.md runs it",
      "docs/guides/run.md: it serves until Ctrl-C",
      "docs/guides/run.md: paths of the reader",
      "docs/guides/run.md: it serves until Ctrl-C",
      "docs/guides/run.md: it serves until Ctrl-C",
      "docs/guides/storages.md: needs the internet",
      "docs/guides/typescript-client.md: CI builds and tests the client",
      "docs/guides/upgrade.md: needs a later version",
      "docs/guides/upgrade.md: needs a later version",
      "docs/guides/upgrade.md: needs a later version",
    ]
  `);
});

let s3: S3Server;
beforeAll(async () => {
  s3 = await startS3Server({ buckets: ["scenes"] });
  const objects = createObjects(s3, "scenes");
  await objects.write("2026/", 300);
  objects.close();
});
afterAll(() => s3.stop());

describe("the commands of", () => {
  test.for(Object.entries(worlds))("%s print what the page shows", async ([page, kind]) => {
    const blocks = await readPage(page);
    if (!blocks.some((block) => isForShell(block) && findNoRun(block) === null)) return;
    const checkout = page === "docs/guides/kinds.md" ? await addKind(blocks) : thisCheckout;
    const shell = await startReader(kind, checkout);
    const [call] = (await readPage("README.md")).filter(({ text }) => text.includes("call() {"));
    if (call !== undefined && page !== "README.md") await walk(shell, [call]);
    await walk(shell, blocks);
  });
});

/** A checkout with the kind of the guide, made of the blocks of its steps. @returns its folder */
async function addKind(blocks: readonly Block[]): Promise<string> {
  const [kind, list] = blocks.filter(({ language }) => language === "ts");
  const migration = blocks.find(({ language }) => language === "sql");
  const { checkout, remove } = await createNextVersion(migration?.text ?? "");
  onTestFinished(remove);
  await writeFile(join(checkout, "src/kinds/expire.ts"), kind?.text ?? "");
  const file = join(checkout, "src/kinds/kinds.ts");
  const before = await readFile(file, "utf8");
  const after = before.replace(/^export const kinds.*$/m, () => list?.text ?? "");
  await writeFile(file, `import { expireKind } from "./expire.ts";\n${after}`);
  return checkout;
}

/** Starts an EOM, and a shell that knows where it and the S3 server are. */
async function startReader(kind: DatabaseKind, checkout: string): Promise<Shell> {
  const folder = await mkdtemp(join(tmpdir(), "eom-walk-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = ["thumbnails", "expire"].map((name) => ({ name, command: ["/bin/echo", name] }));
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs }));
  const settings = {
    EOM_DATA_DIR: join(folder, "data"),
    EOM_JOBS_FILE: join(folder, "jobs.json"),
    EOM_ADMIN_TOKEN: token,
    EOM_MIGRATE: "true",
    EOM_LOG_LEVEL: "error",
    ...(await toDatabase(kind, folder)),
  };
  const eom = await startEom("start", { checkout, environment: { ...settings, EOM_PORT: "0" } });
  onTestFinished(async () => void (await eom.stop()));
  const shell = startShell({
    folder: checkout,
    environment: {
      ...settings,
      EOM_PORT: new URL(eom.url ?? "").port,
      TOKEN: token,
      S3_ENDPOINT: s3.endpoint,
      S3_KEY: s3.accessKeyId,
      S3_SECRET: s3.secretAccessKey,
      PATH: process.env["PATH"],
      HOME: folder,
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
    },
  });
  onTestFinished(() => shell.end());
  return shell;
}

async function toDatabase(kind: DatabaseKind, folder: string): Promise<Record<string, string>> {
  if (kind === "embedded") return {};
  const database = await createTestDatabase("postgres");
  onTestFinished(() => database.close());
  return { EOM_DATABASE_URL: database.url ?? "", EOM_KEY_FILE: join(folder, "key") };
}

/** Runs the blocks in their order. @throws AssertionError at the first command that fails or prints something else */
async function walk(shell: Shell, blocks: readonly Block[]): Promise<void> {
  for (const [index, block] of blocks.entries()) {
    if (!isForShell(block) || findNoRun(block) !== null) continue;
    const next = blocks[index + 1];
    if (block.language === "console") await walkConsole(shell, block);
    else await walkCommands(shell, block, next?.info === "output" ? next : null);
  }
}

async function walkConsole(shell: Shell, block: Block): Promise<void> {
  for (const { command, printed } of readConsole(block.text)) {
    expectText((await shell.run(command)).output, printed);
  }
}

/** @param shown what the last command of the block prints; no other one may be refused */
async function walkCommands(shell: Shell, block: Block, shown: Block | null): Promise<void> {
  const place = `${block.page}:${block.line}`;
  const text = fillIn(block.text);
  const { output, failed } = await shell.run(text);
  expect(failed, `${place} printed:\n${output}`).toBeNull();
  const answers = output.split("\n").filter((line) => line !== "");
  const refused = answers.slice(0, shown === null ? undefined : -1).filter((line) => line.startsWith('{"error_code"'));
  expect(refused, place).toEqual([]);
  if (shown !== null) await expectShown(shell, { answer: answers.at(-1) ?? "", command: findRead(text), shown });
}

/** Fills in the ids and the token that a reader copies from the answers on the screen. */
function fillIn(text: string): string {
  return text.replaceAll(/^(export \w+)=\S+ +# yours$/gm, "$1=$(lastId)").replaceAll(/^export TOKEN=eom_…$/gm, "");
}

/** The last command of a block if it only reads, so that a reader may repeat it; null for any other one. */
function findRead(text: string): string | null {
  return /^call \S+$/.exec(text.trimEnd().split("\n").at(-1) ?? "")?.[0] ?? null;
}

interface Shown {
  readonly answer: string;
  readonly command: string | null;
  readonly shown: Block;
}

/** Compares an answer; one that only reads is repeated until a session, for example, has ended as the page shows. */
async function expectShown(shell: Shell, { answer, command, shown }: Shown): Promise<void> {
  if (command === null) return expectJson(answer, shown.text);
  let latest = answer;
  await vi.waitFor(
    async () => {
      try {
        expectJson(latest, shown.text);
      } catch (error) {
        latest = (await shell.run(command)).output.trim();
        throw error;
      }
    },
    { ...patience, interval: 200 },
  );
}
