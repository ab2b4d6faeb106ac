import { extendZodWithOpenApi } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";

// Adds `.openapi(…)` to zod's schemas; must run before the first schema that uses it is built.
extendZodWithOpenApi(z);

export { z };
