import { part as egress } from "./egress-part.ts";
import { part as http } from "./http-part.ts";
import { part as memory } from "./memory-part.ts";
import { part as metering } from "./metering-part.ts";
import type { Part } from "./part.ts";
import { part as scale } from "./scale-part.ts";
import { part as scan } from "./scan-part.ts";
import { part as slots } from "./slots-part.ts";
import { part as start } from "./start-part.ts";
import { part as throughput } from "./throughput-part.ts";

/** Everything that is measured, in the order of RESULTS.md: a new part is one line here. */
export const parts: readonly Part[] = [http, metering, slots, throughput, scan, start, memory, egress, scale];
