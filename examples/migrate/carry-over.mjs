// Carries storages, quotas, users' quotas and schedules over from the Python functions into EOM, by HTTP alone: it reads the lists
// that the old functions answer, and creates in EOM what is not there yet by its name. Run it as often as you like.
//
//   OLD=https://fission.example OLD_TOKEN=… NEW=http://127.0.0.1:8080 NEW_TOKEN=eom_… CREDENTIALS=credentials.json \
//     USERS=users.txt node carry-over.mjs
//
// USERS: an id a line, of those whose quotas are carried over; what they used is not.
// CREDENTIALS: {"<old storage id>": {"access_key_id": "…", "secret_access_key": "…"}}, out of the old Vault; mode 0600, and removed
// afterwards. What EOM makes has ids of its own; the old one stands in the label `python/id`.
import { readFileSync } from "node:fs";

const sides = {
  old: { url: process.env.OLD, token: process.env.OLD_TOKEN },
  new: { url: process.env.NEW, token: process.env.NEW_TOKEN },
};
const credentials = JSON.parse(readFileSync(process.env.CREDENTIALS ?? "/dev/null", "utf8") || "{}");
const users = readFileSync(process.env.USERS ?? "/dev/null", "utf8")
  .split("\n")
  .filter(Boolean);
const oldId = "python/id";

/** The new ids by the old ones. */
const storages = await carry("/eom/admin/storages", ({ name, description, enable, labels, resource, id }) => ({
  name,
  description: description ?? null,
  enable,
  labels,
  resource: {
    ...pick(resource, "type", "endpoint", "region", "bucket", "prefix", "path_style"),
    credential: credentials[id],
  },
}));
const quotas = await carry("/eom/admin/quotas", (quota) =>
  pick(quota, "name", "description", "type", "value", "expire", "enable", "labels"),
);
await carryAssignments();
await carry("/ailbl/admin/schedules", (schedule) => ({
  ...pick(schedule, "name", "description", "kind", "labels", "trigger", "active", "policy", "job"),
  params: mapStorage(schedule.params),
  // Enabled by hand, once the old one is not: a slot must not run in both.
  enable: false,
}));

async function carry(path, toBody) {
  const ids = new Map();
  for await (const object of list("old", path)) {
    const body = toBody(object);
    const made = await ask("new", "POST", path, { ...body, labels: { ...body.labels, [oldId]: object.id } });
    const present = made.status === 409 ? await findByName(path, object) : null;
    if (made.status !== 201 && present === null) {
      say(`${path} ${object.name}: ${made.body.error_code} ${made.body.error_msg}`);
      process.exitCode = 1;
      continue;
    }
    ids.set(object.id, (present ?? made.body).id);
    say(`${path} ${object.name}: ${present === null ? "made" : "is there"}`);
  }
  return ids;
}

async function carryAssignments() {
  for (const user of users) {
    const path = `/eom/admin/users/${encodeURIComponent(user)}/quotas`;
    for await (const { id } of list("old", path)) {
      const { status, body } = await ask("new", "POST", path, { quota_id: quotas.get(id) });
      const isThere = status === 201 || body.error_code === "USER_QUOTA_CONFLICT";
      if (!isThere) process.exitCode = 1;
      say(`${path} ${id}: ${status === 201 ? "made" : isThere ? "is there" : body.error_msg}`);
    }
  }
}

function mapStorage(params) {
  return params?.storage_id === undefined ? params : { ...params, storage_id: storages.get(params.storage_id) };
}

async function findByName(path, { id }) {
  const { body } = await ask("new", "GET", `${path}?filter[label]=${encodeURIComponent(`${oldId}:${id}`)}`);
  return body.data[0] ?? null;
}

async function* list(side, path, filter = "") {
  for (let page = 0; ; page += 1) {
    const { status, body } = await ask(side, "GET", `${path}?size=100&page=${page}&${filter}`);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    yield* body.data;
    if ((page + 1) * 100 >= body.total) return;
  }
}

async function ask(side, method, path, body) {
  const { url, token } = sides[side];
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

function pick(object, ...names) {
  return Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
