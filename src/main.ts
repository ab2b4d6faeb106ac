#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Otherwise every start strips and compiles a thousand files anew. What lies there is run, so it lies where only those may
// write who may change EOM itself. Where this process may not write, nothing is kept.
enableCompileCache(`${import.meta.dirname}/../node_modules/.cache/eom`);
const { runCommand } = await import("./commands/run.ts");

const lingerMilliseconds = 1_000;

process.exitCode = await runCommand(process.argv.slice(2), process.env);

// What doctor asked and did not wait for may hang on, and is nobody's business any more. Held up by nothing, Node ends before.
if (process.argv[2] === "doctor") setTimeout(() => process.exit(), lingerMilliseconds).unref();
