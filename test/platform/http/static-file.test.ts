import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createStaticFile, type StaticFile, toStaticResponse } from "../../../src/platform/http/static-file.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";
import { patience } from "../../support/time-limits.ts";

const text = "The pages of EOM, which are long. ".repeat(1000);

/** A file with all its forms. */
async function createFile(caching: StaticFile["caching"] = "revalidate"): Promise<StaticFile> {
  const file = createStaticFile(text, "text/plain; charset=utf-8", caching);
  await vi.waitFor(() => expect(file.compressed).toHaveLength(2), patience);
  return file;
}

const ask = (file: StaticFile, headers: Record<string, string> = {}) =>
  toStaticResponse(file, new Headers(headers), {});

describe("a file in memory", () => {
  test("is sent as it is until it is compressed, and to clients that accept no compression", async () => {
    const file = createStaticFile(text, "text/plain", "revalidate");
    const early = ask(file, { "accept-encoding": "gzip, br" });
    expect(early.headers.get("content-encoding")).toBeNull();
    expect(await early.text()).toBe(text);
    await vi.waitFor(() => expect(file.compressed).toHaveLength(2), patience);
    for (const accepted of ["", "identity", "gzip;q=0", "br;q=0, *;q=0", "deflate"])
      expect(ask(file, { "accept-encoding": accepted }).headers.get("content-encoding"), accepted).toBeNull();
    expect(await ask(file).text()).toBe(text);
  });

  test.each([
    ["gzip", "gzip"],
    ["gzip, deflate, br, zstd", "br"],
    ["br;q=0.5, GZIP;q=1", "br"],
    ["*", "br"],
    ["br;q=0, *", "gzip"],
  ])("is sent compressed to a client that accepts %s", async (accepted, encoding) => {
    const response = ask(await createFile(), { "accept-encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(encoding);
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(String((encoding === "br" ? brotliDecompressSync : gunzipSync)(bytes))).toBe(text);
  });

  test("has a strong tag for each form, and is not sent again to a client that has the form", async () => {
    const file = await createFile();
    const tags = ["identity", "gzip", "br"].map(
      (accepted) => ask(file, { "accept-encoding": accepted }).headers.get("etag") ?? "",
    );
    expect(new Set(tags).size).toBe(3);
    for (const tag of tags) expect(tag).toMatch(/^"[\w-]+"$/);
    const again = ask(file, { "accept-encoding": "gzip", "if-none-match": `"other", ${tags[1]}` });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tags[1]]);
    expect(ask(file, { "accept-encoding": "br", "if-none-match": tags[1] ?? "" }).status).toBe(200);
    expect(
      ask(createStaticFile(`${text}!`, "text/plain", "revalidate"), { "if-none-match": tags[0] ?? "" }).status,
    ).toBe(200);
  });

  test("says whether a client must ask again", async () => {
    expect(ask(await createFile()).headers.get("cache-control")).toBe("no-cache");
    expect(ask(await createFile("immutable")).headers.get("cache-control")).toMatch(/max-age=31536000, immutable$/);
  });
});

describe("the reference pages and the document", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp("postgres");
  });
  afterAll(() => app.close());

  test.each([
    "/docs",
    "/docs/errors",
    "/docs/start.js",
    "/docs/swagger-ui.css",
    "/docs/swagger-ui-bundle.js",
    "/openapi.json",
  ])("%s is sent once to a client that keeps it", async (path) => {
    const first = await app.fetch(path);
    const tag = first.headers.get("etag") ?? "";
    const again = await app.fetch(path, { headers: { "if-none-match": tag } });
    expect([first.status, again.status, await again.text()]).toEqual([200, 304, ""]);
    expect(again.headers.get("x-request-id")).not.toBeNull();
    const head = await app.fetch(path, { method: "HEAD" });
    expect([head.status, head.headers.get("etag")]).toEqual([200, tag]);
  });

  test("the bundle of the page is compressed to less than a third", async () => {
    const path = "/docs/swagger-ui-bundle.js";
    const whole = (await (await app.fetch(path)).arrayBuffer()).byteLength;
    const fetchEncoded = () => app.fetch(path, { headers: { "accept-encoding": "br" } });
    await vi.waitFor(async () => expect((await fetchEncoded()).headers.get("content-encoding")).toBe("br"), patience);
    expect((await (await fetchEncoded()).arrayBuffer()).byteLength).toBeLessThan(whole / 3);
  });
});
