import { spawn } from "node:child_process";
import { once } from "node:events";
import { createDataFolder, startEom } from "./eom-process.ts";
import type { Part, PartOptions, PartResult } from "./part.ts";
import { toSpread } from "./turns.ts";

const aimSeconds = 1.5;
/** Not counted: the files come into the machine's cache. */
const warmRounds = 1;

/** Seconds of each start, one directly after the other. */
interface StartRound {
  readonly node: number;
  /** On a folder that did not exist: the database is made. */
  readonly fresh: number;
  readonly existing: number;
}

export const part: Part = {
  name: "start",
  title: "Start to ready",
  async run({ smoke, rounds: requestedRounds }: PartOptions): Promise<PartResult> {
    const rounds = requestedRounds ?? (smoke ? 1 : 9);
    const all: StartRound[] = [];
    for (let round = 0; round < warmRounds + rounds; round += 1) all.push(await measureRound());
    const measured = all.slice(warmRounds);
    return {
      rows: [
        toRow("on a fresh folder", measured, ({ fresh }) => fresh),
        toRow("on an existing folder", measured, ({ existing }) => existing),
      ],
      text: toText(measured),
    };
  },
};

async function measureRound(): Promise<StartRound> {
  const folder = await createDataFolder();
  try {
    const node = await startNode();
    const fresh = await startOn(folder.path);
    const existing = await startOn(folder.path);
    return { node, fresh, existing };
  } finally {
    await folder.remove();
  }
}

/** @returns seconds from the start of `node -e 0` to its end */
async function startNode(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["-e", "0"], { env: { PATH: process.env["PATH"] }, stdio: "ignore" });
  await once(child, "exit");
  return (performance.now() - startedAt) / 1000;
}

/** @returns seconds until EOM is ready; it is stopped then */
async function startOn(dataDir: string): Promise<number> {
  const eom = await startEom({ EOM_DATA_DIR: dataDir, EOM_PORT: "0" });
  await eom.stop();
  return eom.readySeconds;
}

function toRow(how: string, rounds: readonly StartRound[], pick: (round: StartRound) => number) {
  const beyond = toSpread(
    rounds.map((round) => pick(round) - round.node),
    toSeconds,
  );
  return {
    work: `start to ready, embedded, ${how}`,
    beside: "Node's own start (`node -e 0`)",
    result: `${beyond.result} beyond it`,
    spread: beyond.spread,
    aim: `< ${aimSeconds} s`,
    isReached: beyond.median < aimSeconds,
  };
}

function toSeconds(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}

function toText(rounds: readonly StartRound[]): string {
  const toLine = (name: string, pick: (round: StartRound) => number) => {
    const { result, spread } = toSpread(rounds.map(pick), toSeconds);
    return `| ${name} | ${result} | ${spread} |`;
  };
  return `| | median | spread of the rounds |
| --- | --- | --- |
${toLine("`node -e 0`, to its end", ({ node }) => node)}
${toLine("`eom start`, fresh folder, to the line that it is ready", ({ fresh }) => fresh)}
${toLine("`eom start`, existing folder, to the same line", ({ existing }) => existing)}

- EOM: \`node src/main.ts start\` from the sources, as \`npm start\` runs it, npm's own start left out: its defaults, the embedded
  database, all workers; on a free port and a folder of its own. When it says that it is ready, it answers requests and
  its workers run. A fresh folder gets its database, its key and a first token.
- Both: the same Node ${process.version}, without a compile cache of the caller's; files in the machine's cache. ${rounds.length} rounds of all three, one
  directly after the other, after ${warmRounds} that does not count; EOM is stopped as an orchestrator does before the next starts.
`;
}
