import { parseArgs } from "node:util";
import { measureHttp } from "./http-part.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    database: { type: "string" },
    only: { type: "string" },
    beside: { type: "string", default: "bare" },
    profile: { type: "string" },
  },
});

// For work on one thing of the part `http`: prints, and writes no results. `--rows N` fills in so many, or `--database URL`
// takes what was filled before; `--only TEXT` asks what has TEXT in its name, beside `--beside bare`, `flask`, `fastapi` or
// `inserts`; `--profile FOLDER` writes CPU profiles of EOM and the bare server there.
const { text } = await measureHttp({
  storages: Number(values.rows),
  rounds: Number(values.rounds),
  warmUpMilliseconds: 3_000,
  roundMilliseconds: 4_000,
  inspected: {
    databaseUrl: values.database ?? null,
    scenario: values.only ?? null,
    peer: values.beside,
    profileFolder: values.profile ?? null,
  },
});
console.log(text);
