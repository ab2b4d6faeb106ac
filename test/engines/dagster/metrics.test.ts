import { expect, test } from "vitest";
import { createTestApp } from "../../support/http/app.ts";
import { startFakeDagster } from "./fake-dagster.ts";

test("metrics report the breaker from the start, and every call", async () => {
  const dagster = await startFakeDagster();
  const app = await createTestApp("embedded", { EOM_DAGSTER_URL: dagster.url });
  const read = async () => (await app.fetch("/metrics")).text();
  expect(await read()).toContain('eom_engine_breaker_open{engine="dagster"} 0');
  await app.request("GET", "/ailbl/admin/engines");
  const operation = dagster.calls[0]?.operation;
  const metrics = await read();
  expect(metrics).toContain(`eom_engine_calls_total{engine="dagster",operation="${operation}",result="answered"} 1`);
  expect(metrics).toContain(`eom_engine_call_seconds_count{engine="dagster",operation="${operation}"} 1`);
  await app.close();
  await dagster.stop();
});
