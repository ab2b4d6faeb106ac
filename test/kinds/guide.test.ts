import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startEom, thisCheckout } from "../support/processes/eom-process.ts";
import { createLoad } from "../support/processes/load.ts";
import { copyVersion } from "../support/processes/next-version.ts";
import { patience } from "../support/time-limits.ts";

/** The blocks of code in the guide that begin with this text, without the fence. */
async function readGuide() {
  const guide = await readFile(join(thisCheckout, "docs/guides/kinds.md"), "utf8");
  const blocks = [...guide.matchAll(/```(?:ts|sh)\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
  const find = (part: string) => blocks.find((code) => code.includes(part)) ?? "";
  return {
    kind: find("export const expireKind"),
    list: find("export const kinds"),
    // The shell puts the storage's id between the quotes; the test sends its own.
    request: JSON.parse(
      /schedules -d '(\{[\s\S]*?\}\})'/.exec(find('"kind": 7'))?.[1]?.replace("'$STORAGE'", "") ?? "null",
    ),
  };
}

test(
  "the guide's steps add a kind that names a storage, and its request saves a schedule",
  patience,
  async ({ onTestFinished }) => {
    const guide = await readGuide();
    const { checkout, remove } = await copyVersion();
    const folder = await mkdtemp(join(tmpdir(), "eom-guide-"));
    onTestFinished(async () => {
      await remove();
      await rm(folder, { recursive: true, force: true });
    });
    await writeFile(join(checkout, "src/kinds/expire.ts"), guide.kind);
    const listFile = join(checkout, "src/kinds/kinds.ts");
    const list = await readFile(listFile, "utf8");
    const extended = list.replace(/export const kinds[\s\S]*?;\n/, guide.list);
    await writeFile(listFile, `import { expireKind } from "./expire.ts";\n${extended}`);
    await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs: [{ name: "expire", command: ["true"] }] }));
    const token = `eom_${"t".repeat(43)}`;
    const environment = {
      EOM_DATA_DIR: join(folder, "data"),
      EOM_JOBS_FILE: join(folder, "jobs.json"),
      EOM_ADMIN_TOKEN: token,
      EOM_PORT: "0",
    };
    const eom = await startEom("start", { checkout, environment });
    onTestFinished(async () => void (await eom.stop()));
    const { ask } = createLoad(eom.url ?? "", token);

    const resource = {
      type: "s3",
      endpoint: "http://127.0.0.1:9",
      bucket: "scenes",
      credential: { access_key_id: "AK", secret_access_key: "SK" },
    };
    const storage = await ask("POST", "/eom/admin/storages?verify=false", { name: "scenes", resource });
    const storage_id = storage.body.id;
    const request = { ...guide.request, params: { storage_id } };
    const created = await ask("POST", "/ailbl/admin/schedules", request);
    expect(created).toMatchObject({ status: 201, body: { kind: 7, params: { storage_id, older_than_days: 30 } } });
    const path = `/ailbl/admin/schedules/${created.body.id}`;
    const wrong = await ask("PUT", path, { params: { older_than_days: 0 } });
    expect(wrong.status).toBe(400);
    expect(wrong.body.error_msg).toContain("/params/older_than_days must be at least 1");
    const deleted = await ask("DELETE", `/eom/admin/storages/${storage_id}`);
    expect(deleted).toMatchObject({ status: 409, body: { error_code: "STORAGE_IN_USE" } });
  },
);
