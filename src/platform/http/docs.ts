import { readFile } from "node:fs/promises";
import { toAssetUrl } from "../assets.ts";
import { type FailureCode, failures, listStatuses } from "../failure.ts";
import { toAnchor } from "./error-body.ts";
import type { Route } from "./route.ts";
import { createStaticFile } from "./static-file.ts";
import { createStaticRoute } from "./static-route.ts";

/**
 * Nothing is loaded from elsewhere: the pages work without a network. Nobody may frame them, because people enter tokens
 * there. `unsafe-inline` is for styles that Swagger UI sets on its elements.
 */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
};

const types = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
} as const;

const indexPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>EOM API</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`;

/** A token is forgotten with the page. A link to an operation opens it. The list of schemas is closed at first: it is long. */
const startScript = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  filter: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
`;

/** The reference pages: the API (Swagger UI from its npm package) and the errors. Not in the OpenAPI document. */
export function createDocsRoutes(): Route[] {
  return [
    createPage("/docs", "html", () => indexPage),
    createPage("/docs/start.js", "js", () => startScript),
    createPage("/docs/swagger-ui.css", "css", () => readAsset("swagger-ui.css")),
    createPage("/docs/swagger-ui-bundle.js", "js", () => readAsset("swagger-ui-bundle.js")),
    createPage("/docs/errors", "html", toErrorsPage),
  ];
}

function createPage(path: string, type: keyof typeof types, read: () => Promise<Uint8Array> | string): Route {
  return createStaticRoute(path, async () => createStaticFile(await read(), types[type], "revalidate"), headers);
}

function readAsset(name: "swagger-ui.css" | "swagger-ui-bundle.js"): Promise<Uint8Array> {
  return readFile(toAssetUrl(`swagger-ui-dist/${name}`));
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
