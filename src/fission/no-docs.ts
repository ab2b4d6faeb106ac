import type { createDocsRoutes as real } from "../platform/http/docs.ts";

/** Takes the place of the pages in the bundle: Swagger UI is larger than all the rest, and no function serves them. */
export const createDocsRoutes: typeof real = () => [];
