import { afterEach, expect, test } from "vitest";
import { databaseKinds } from "../support/database/database.ts";
import { startReceiver } from "./receiver.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
afterEach(() => world.close());

test.each([
  ["the cloud's metadata service", "https://169.254.169.254/latest"],
  ["its name", "https://metadata.google.internal/"],
  ["EOM's own database", "https://127.0.0.1:5432/"],
  ["a private address", "https://10.0.0.5/"],
  ["http to a public host", "http://hooks.example.org/eom"],
  ["http to a public address", "http://93.184.216.34/eom"],
])("an address that is %s is refused when it is saved", async (_, address) => {
  world = await createWorld("embedded", { egress: { infrastructure: [{ host: "127.0.0.1", port: 5432 }] } });
  await expect(world.createWebhook({ address })).rejects.toMatchObject({
    code: "VALIDATION_ERROR",
    details: { issues: [{ path: "/address", code: "address_forbidden" }] },
  });
  const { id } = await world.createWebhook({ address: "https://hooks.example.org/eom" });
  await expect(world.webhooks.update(id, { address }, null, world.change)).rejects.toMatchObject({
    code: "VALIDATION_ERROR",
  });
});

test("http is taken where the allow-list names the host, or its address", async () => {
  const allow = ["hooks.internal", "10.1.0.0/16"];
  world = await createWorld("embedded", { egress: { loopback: false, allow } });
  for (const address of ["http://hooks.internal/", "http://10.1.2.3/"]) {
    expect(await world.createWebhook({ address })).toMatchObject({ address });
  }
  await expect(world.createWebhook({ address: "http://127.0.0.1/" })).rejects.toMatchObject({
    code: "VALIDATION_ERROR",
  });
});

test.each(databaseKinds)(
  "a name that comes to point to a forbidden address is refused when it is sent to, on %s",
  async (kind) => {
    const addresses = ["169.254.169.254", "10.0.0.5", "127.0.0.1"];
    const lookup = async () => [{ address: addresses[0] ?? "", family: 4 }];
    world = await createWorld(kind, { lookup, egress: { loopback: false } });
    const receiver = await startReceiver();
    const { port } = new URL(receiver.address);
    const { id } = await world.createWebhook({ address: `https://rebound.example.org:${port}/` });
    for (const _ of [...addresses]) {
      expect(await world.deliveries.test(id)).toMatchObject({ delivered: false, error: "address_forbidden" });
      addresses.shift();
    }
    expect(receiver.received).toEqual([]);
    await receiver.close();
  },
);
