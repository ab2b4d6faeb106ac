import type { createDocsRoutes as real } from "../platform/http/docs.ts";

/** Replaces platform/http/docs.ts in the bundle: Swagger UI is larger than everything else in it, and no function serves it. */
export const createDocsRoutes: typeof real = () => [];
