#!/usr/bin/env node
import module from "node:module";
import { leaveProcessOne } from "./commands/init.ts";

// An older Node must be able to read this file, in order to refuse itself: it imports nothing that one lacks, and loads the rest afterwards.
const oldestNode = [22, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
  console.error(`EOM needs Node ${oldestNode.join(".")} or later, and this is Node ${process.versions.node}.`);
  process.exit(2);
}

leaveProcessOne();

// Node 22 warns of node:sqlite, which is EOM's lock of a folder (decision 3).
const emitWarning = process.emitWarning.bind(process) as (...words: readonly unknown[]) => void;
process.emitWarning = (...words: readonly unknown[]) => {
  if (words[1] !== "ExperimentalWarning" || !String(words[0]).startsWith("SQLite ")) emitWarning(...words);
};

// Without a cache, every start compiles hundreds of files, in a checkout after stripping their types. Node runs what is in it, so it is in a
// folder that can be written only by a user who can change EOM itself. If this process cannot write there, nothing is cached (decision 17).
module.enableCompileCache(`${import.meta.dirname}/../node_modules/.cache/eom`);

const { provideTemporal } = await import("./platform/temporal.ts");
await provideTemporal();
const { runCommand } = await import("./commands/run.ts");

const lingerMilliseconds = 1_000;

process.exitCode = await runCommand(process.argv.slice(2), process.env);

// Checks of doctor that timed out may keep the process from ending. If none does, Node ends before this.
if (process.argv[2] === "doctor") setTimeout(() => process.exit(), lingerMilliseconds).unref();
