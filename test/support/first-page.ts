import type { PageStart } from "../../src/platform/resource/paging.ts";

/** Where the first page of a list begins. */
export const firstPage: PageStart = { by: "offset", offset: 0 };
