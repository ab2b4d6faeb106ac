import { readFile } from "node:fs/promises";
import { toAssetUrl } from "../assets.ts";
import { type FailureCode, failures, listStatuses } from "../failure.ts";
import { z } from "../resource/schema.ts";
import { toAnchor } from "./error-body.ts";
import { type Answer, defineRoute, type Route } from "./route.ts";

/**
 * Nothing is loaded from elsewhere: the pages work without a network. Nobody may frame them, because people enter tokens
 * there. `unsafe-inline` is for styles that Swagger UI sets on its elements.
 */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};

const html = "text/html; charset=utf-8";

const indexPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>EOM API</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;

const startScript = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
`;

/** The reference pages: the API (Swagger UI from its npm package) and the errors. Not in the OpenAPI document. */
export function createDocsRoutes(): Route[] {
  return [
    createPage("/docs", async () => ({ content: indexPage, type: html })),
    createPage("/docs/start.js", async () => ({ content: startScript, type: "text/javascript; charset=utf-8" })),
    createPage("/docs/swagger-ui.css", async () => ({
      content: await readAsset("swagger-ui.css"),
      type: "text/css; charset=utf-8",
    })),
    createPage("/docs/swagger-ui-bundle.js", async () => ({
      content: await readAsset("swagger-ui-bundle.js"),
      type: "text/javascript; charset=utf-8",
    })),
    createPage("/docs/errors", async () => ({ content: toErrorsPage(), type: html })),
  ];
}

function createPage(path: string, read: () => Promise<NonNullable<Answer["text"]>>): Route {
  return defineRoute(
    {
      method: "GET",
      path,
      operationId: path,
      tag: "system",
      summary: "A page",
      role: "public",
      query: z.object({}),
      answers: {},
      failures: [],
    },
    async () => ({ status: 200, text: await read(), headers }),
  );
}

function readAsset(name: "swagger-ui.css" | "swagger-ui-bundle.js"): Promise<string> {
  return readFile(toAssetUrl(`swagger-ui-dist/${name}`), "utf8");
}

function toErrorsPage(): string {
  const rows = (Object.keys(failures) as FailureCode[]).map(
    (code) =>
      `<tr id="${toAnchor(code)}"><td><code>${code}</code></td><td>${listStatuses(code).join(" or ")}</td><td>${failures[code].title}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>EOM errors</title><link rel="icon" href="data:,"></head>
<body><h1>Errors</h1><table><tr><th>error_code</th><th>status</th><th>meaning</th></tr>${rows.join("\n")}</table></body></html>
`;
}
