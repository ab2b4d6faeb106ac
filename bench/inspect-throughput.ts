import { parseArgs } from "node:util";
import { measureThroughput } from "./throughput-part.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "50000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    profile: { type: "string" },
    statements: { type: "boolean", default: false },
  },
});

// For work on one thing of the part `throughput`: prints, and writes no results. `--only TEXT` takes those with TEXT in their
// name, `--jobs N` gives them so many, `--profile FOLDER` writes CPU profiles there, `--statements` tells where PostgreSQL's
// time went.
const { text } = await measureThroughput({
  jobs: Number(values.jobs),
  rounds: Number(values.rounds),
  warmsUp: true,
  inspected: {
    contender: values.only ?? null,
    profileFolder: values.profile ?? null,
    statements: values.statements,
  },
});
console.log(text);
