import { describe, expect } from "vitest";
import { databaseKinds } from "../support/database/database.ts";
import { test } from "./fixtures.ts";

describe("with a database of EOM on loopback", () => {
  test.override({ settings: { egress: { infrastructure: [{ host: "127.0.0.1", port: 5432 }] } } });

  test.for([
    ["a cloud's metadata service", "https://169.254.169.254/latest"],
    ["the name of a metadata service", "https://metadata.google.internal/"],
    ["EOM's own database", "https://127.0.0.1:5432/"],
    ["a private address", "https://10.0.0.5/"],
    ["http to a public host", "http://hooks.example.org/eom"],
    ["http to a public address", "http://93.184.216.34/eom"],
  ] as const)("an address that is %s is refused when it is saved", async ([, address], { world }) => {
    await expect(world.createWebhook({ address })).rejects.toMatchObject({
      code: "VALIDATION_ERROR",
      details: { issues: [{ path: "/address", code: "address_forbidden" }] },
    });
    const { id } = await world.createWebhook({ address: "https://hooks.example.org/eom" });
    await expect(world.webhooks.update(id, { address }, null, world.change)).rejects.toMatchObject({
      code: "VALIDATION_ERROR",
    });
  });
});

describe("with an allow-list and without loopback", () => {
  test.override({ settings: { egress: { loopback: false, allow: ["hooks.internal", "10.1.0.0/16"] } } });

  test("http is accepted where the allow-list names the host or its address, and nowhere else", async ({ world }) => {
    for (const address of ["http://hooks.internal/", "http://10.1.2.3/"]) {
      expect(await world.createWebhook({ address })).toMatchObject({ address });
    }
    await expect(world.createWebhook({ address: "http://127.0.0.1/" })).rejects.toMatchObject({
      code: "VALIDATION_ERROR",
    });
  });
});

describe.each(databaseKinds)("with a resolver that answers with forbidden addresses, on %s", (kind) => {
  const forbidden = ["169.254.169.254", "10.0.0.5", "127.0.0.1"];
  const resolved = { address: "" };
  const lookup = async () => [{ address: resolved.address, family: 4 }];
  test.override({ kind, settings: { lookup, egress: { loopback: false } } });

  test("a message to a name that has come to mean a forbidden address is not sent", async ({ world, receiver }) => {
    const { port } = new URL(receiver.address);
    const { id } = await world.createWebhook({ address: `https://rebound.example.org:${port}/` });
    for (const address of forbidden) {
      resolved.address = address;
      expect(await world.deliveries.test(id)).toMatchObject({ delivered: false, error: "address_forbidden" });
    }
    expect(receiver.received).toEqual([]);
  });
});
