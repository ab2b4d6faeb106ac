import { type CheckSettings, checkModel } from "./capacity-check.ts";
import { type CostSettings, measureCosts } from "./capacity-costs.ts";
import { measureIdle } from "./capacity-idle.ts";
import { toCapacityRows, toCapacityText } from "./capacity-report.ts";
import { openSite, type Sizes } from "./capacity-site.ts";
import type { Part, PartOptions, PartResult } from "./part.ts";

type CapacitySettings = Sizes & CostSettings & CheckSettings;

const whole: CapacitySettings = {
  storages: 50_000,
  users: 10_000,
  sessions: 10_000,
  trickleSeconds: 8,
  idleSeconds: 10,
  loadSeconds: 6,
  seconds: 20,
  warmSeconds: 4,
  scale: 1,
};

const small: CapacitySettings = {
  storages: 2_000,
  users: 10_000,
  sessions: 500,
  trickleSeconds: 1,
  idleSeconds: 0.3,
  loadSeconds: 0.2,
  seconds: 1,
  warmSeconds: 1,
  scale: 0.1,
};

/**
 * What each kind of work costs PostgreSQL and Node, and whether two mixes of it cost what the sum of their parts says. Reads CPU
 * time from /proc: on Linux alone.
 */
export const part: Part = {
  name: "capacity",
  title: "What work costs, and whether the model of capacity holds",
  async run({ smoke }: PartOptions): Promise<PartResult> {
    const settings = smoke ? small : whole;
    await using stack = new AsyncDisposableStack();
    const site = await openSite(settings);
    stack.defer(site.close);
    const idlePostgres = await measureIdle(site.meter, [], settings.idleSeconds);
    const api = await site.startApi();
    stack.defer(api.stop);
    const hand = stack.use(await site.startWorker());
    const bench = { site, api, hand, settings };
    const measured = await measureCosts({ ...bench, idlePostgres });
    const checked = await checkModel(bench, measured);
    return {
      rows: toCapacityRows(checked),
      text: toCapacityText(measured, checked, { ...settings, postgres: site.postgres }),
    };
  },
};
