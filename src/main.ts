#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { leaveProcessOne } from "./commands/init.ts";

leaveProcessOne();

// Without a cache, every start strips and compiles a thousand files. Node runs what is in it, so it is in a folder that can be
// written only by a user who can change EOM itself. If this process cannot write there, nothing is cached (decision 17).
enableCompileCache(`${import.meta.dirname}/../node_modules/.cache/eom`);
const { runCommand } = await import("./commands/run.ts");

const lingerMilliseconds = 1_000;

process.exitCode = await runCommand(process.argv.slice(2), process.env);

// Checks of doctor that timed out may keep the process from ending. If none does, Node ends before this.
if (process.argv[2] === "doctor") setTimeout(() => process.exit(), lingerMilliseconds).unref();
