import { existsSync } from "node:fs";
import { join } from "node:path";
import express from "express";

/*
 * A pod of Fission's Node environment, as documented: Express with its body parsers. `/v2/specialize` loads one function, which
 * then gets every request. A program of its own, for any Node: it sends its port to its parent process.
 */

type UserFunction = (context: { request: unknown; response: unknown }) => unknown;

interface Answer {
  readonly status?: unknown;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const limit = process.env["BODY_PARSER_LIMIT"] ?? "1mb";
let userFunction: UserFunction | null = null;

process.on("uncaughtException", (error) => process.stderr.write(`Caught exception: ${error.stack}\n`));

const app = express();
app.use(express.urlencoded({ extended: false, limit }));
app.use(express.json({ limit }));
app.use(express.raw({ limit }));
app.use(express.text({ type: "text/*", limit }));

app.post("/v2/specialize", async (request, response) => {
  if (userFunction !== null) {
    response.status(400).send("Not a generic container");
    return;
  }
  try {
    userFunction = await loadFunction(request.body.filepath, request.body.functionName);
    response.status(202).send();
  } catch (error) {
    // As in Fission, the cause of a failed import is lost here.
    response.status(500).send(JSON.stringify(error));
  }
});

app.all("/{*path}", async (request, response) => {
  if (userFunction === null) {
    response.status(500).send("Generic container: no requests supported");
    return;
  }
  // Callback style: the promise is not awaited, so nothing answers.
  if (userFunction.length >= 2) {
    void userFunction({ request, response });
    return;
  }
  const run = userFunction as (...parameters: unknown[]) => unknown;
  const result = userFunction.length === 0 ? run() : run({ request, response });
  try {
    const { status, body, headers } = (await result) as Answer;
    // No answer is sent: the client waits until the router times out.
    if (!status) return;
    for (const [name, value] of Object.entries(headers ?? {})) response.set(name, value);
    response.status(status as number).send(body);
  } catch (error) {
    process.stderr.write(`Function error: ${error}\n`);
    response.status(500).send("Internal server error");
  }
});

/** `index.handler` is the file `index` and its export `handler`. Several file names are tried; the last error is thrown. */
async function loadFunction(folder: string, entrypoint: string): Promise<UserFunction> {
  const [file = "", name = "default"] = entrypoint.split(".");
  let last: unknown;
  for (const extension of [".js", ".mjs", ".cjs", ""]) {
    const path = join(folder, `${file}${extension}`);
    if (extension !== "" && !existsSync(path)) continue;
    try {
      const loaded = (await import(path))[name];
      if (typeof loaded === "function") return loaded;
      last = new Error(`${entrypoint} is no function`);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : undefined });
});
// Ends with the test's process, however that ends.
process.on("disconnect", () => process.exit());
