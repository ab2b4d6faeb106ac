#!/usr/bin/env node
import { runCommand } from "./commands/run.ts";

const lingerMilliseconds = 1_000;

process.exitCode = await runCommand(process.argv.slice(2), process.env);

// What doctor asked and did not wait for may hang on, and is nobody's business any more. Held up by nothing, Node ends before.
if (process.argv[2] === "doctor") setTimeout(() => process.exit(), lingerMilliseconds).unref();
