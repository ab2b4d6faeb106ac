#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Without a cache every start strips and compiles about a thousand files. Cached code is executed, so the cache is a folder
// that only people who may change EOM itself can write. Where this process may not write it, nothing is cached.
enableCompileCache(`${import.meta.dirname}/../node_modules/.cache/eom`);
const { runCommand } = await import("./commands/run.ts");

const lingerMilliseconds = 1_000;

process.exitCode = await runCommand(process.argv.slice(2), process.env);

// A check of doctor that ran out of time may still be open; its result is not needed. Unless something keeps it, Node exits earlier.
if (process.argv[2] === "doctor") setTimeout(() => process.exit(), lingerMilliseconds).unref();
