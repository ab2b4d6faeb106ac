import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Config, ConfigError, type Problem, readConfig } from "../../src/platform/config/config.ts";
import { type Variable, variables } from "../../src/platform/config/variables.ts";

const table = Object.entries(variables as Readonly<Record<string, Variable>>).map(([name, variable]) => ({
  name,
  ...variable,
}));
const canary = "c4nary-s3cret-v4lue";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "eom-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function findProblems(environment: Record<string, string>, roots: readonly string[] = []): readonly Problem[] {
  try {
    readConfig(environment, roots);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { name, message } of error.problems) expect(error.message).toContain(`  ${name} ${message}`);
    return error.problems;
  }
}

const namesOf = (problems: readonly Problem[]) => problems.map(({ name }) => name).sort();

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("the table of variables", () => {
  test("has a default that the variable's own schema accepts, or none", () => {
    for (const { name, schema, default: text } of table) {
      if (text !== null) expect(schema.safeParse(text).success, name).toBe(true);
    }
    expect(readConfig({}, [])).toMatchObject({
      EOM_HOST: "127.0.0.1",
      EOM_PORT: 8080,
      EOM_AUTH: "token",
      EOM_MIGRATE: false,
      EOM_STORAGE_VERIFY: true,
      EOM_EGRESS_ALLOW: [],
      EOM_RETENTION_DAYS: 90,
      keyFile: ".eom/key",
      isLoopback: true,
    } satisfies Partial<Config>);
  });

  test("describes each variable in sentences", () => {
    for (const { name, about } of table) expect(about, name).toMatch(/^\S.{9,}\.$/);
  });

  test("marks every name of a credential as secret", () => {
    const credentials = table.filter(({ name }) => /(_TOKEN|_SECRET_ID|_URL)$/.test(name));
    expect(credentials.filter(({ secret }) => secret !== true)).toEqual([]);
  });

  test("treats an empty text as absent", () => {
    const empty = Object.fromEntries(table.map(({ name }) => [name, ""]));
    expect(readConfig(empty, [])).toEqual(readConfig({}, []));
  });
});

describe("EOM_JOBS_USER", () => {
  test.each([
    ["nobody", /uid or uid:gid, as numbers/],
    ["0", /must not be root/],
    ["1000:0", /must not be root/],
    ["4294967295", /at most 4294967294/],
  ])("is refused: %s", (text, expected) => {
    expect(findProblems({ EOM_JOBS_USER: text })).toEqual([
      { name: "EOM_JOBS_USER", message: expect.stringMatching(expected) },
    ]);
  });

  test("is a user and a group, which has the user's number unless given", () => {
    expect(readConfig({ EOM_JOBS_USER: "1000" }, []).EOM_JOBS_USER).toEqual({ uid: 1000, gid: 1000 });
    expect(readConfig({ EOM_JOBS_USER: "1000:100" }, []).EOM_JOBS_USER).toEqual({ uid: 1000, gid: 100 });
  });
});

describe("credentials as people paste them are refused by the name of their variable, and not repeated", () => {
  test.each([
    ["VAULT_TOKEN", "hvs.canary\n", /must have visible ASCII .* but has U\+000A at character 11$/],
    ["VAULT_TOKEN", " hvs.canary", /U\+0020 at character 1$/],
    ["VAULT_TOKEN", "hvs.canary\u200b", /U\+200B at character 11$/],
    ["VAULT_TOKEN", "\ufeffhvs.canary", /U\+FEFF at character 1$/],
    ["VAULT_TOKEN", '"hvs.canary"', /^must have no quotation marks around it$/],
    ["VAULT_TOKEN", "'hvs.canary'", /^must have no quotation marks around it$/],
    ["EOM_VAULT_SECRET_ID", "canary\r\n", /must have no white space at its ends .* U\+000D at character 7$/],
    ["EOM_VAULT_SECRET_ID", '"canary"', /^must have no quotation marks around it$/],
    ["EOM_VAULT_ROLE_ID", "id\t", /U\+0009 at character 3, got "id\\t"$/],
    ["VAULT_NAMESPACE", "team a", /U\+0020 at character 5, got "team a"$/],
    ["EOM_ADMIN_TOKEN", "canary-canary-canary\n", /only letters, digits/],
    ["EOM_ADMIN_TOKEN", '"canary-canary-canary"', /only letters, digits/],
  ])("%s=%j", (name, text, expected) => {
    const problems = findProblems({ [name]: text });
    expect(problems).toEqual([{ name, message: expect.stringMatching(expected) }]);
    expect(JSON.stringify(problems)).not.toContain("canary");
  });

  test("a text with spaces and letters of any language inside is taken where no header carries it", () => {
    expect(readConfig({ EOM_VAULT_SECRET_ID: "Größe 2" }, []).EOM_VAULT_SECRET_ID).toBe("Größe 2");
  });
});

describe("Dagster connections", () => {
  test("are read from JSON, with defaults for missing fields, and without the path that EOM adds", () => {
    const config = readConfig(
      {
        EOM_ENGINE: "dagster",
        EOM_DAGSTER_URL: "https://dagster.example/prefix/graphql",
        EOM_DAGSTER_HEADERS: '{"Authorization": "Bearer canary"}',
        EOM_DAGSTER_CONNECTIONS: '{"eu-west": {"url": "http://10.0.0.1:3000/", "rate": 5}}',
      },
      [],
    );
    expect(config).toMatchObject({
      EOM_DAGSTER_URL: "https://dagster.example/prefix",
      EOM_DAGSTER_HEADERS: { Authorization: "Bearer canary" },
      EOM_DAGSTER_CONNECTIONS: { "eu-west": { url: "http://10.0.0.1:3000", headers: {}, rate: 5, maxRuns: 1000 } },
    });
  });

  test.each([
    ["EOM_DAGSTER_URL", "https://ada:canary@dagster.example", /no user or password/],
    ["EOM_DAGSTER_URL", "https://:canary@dagster.example", /no user or password/],
    ["EOM_DAGSTER_URL", "dagster.example", /http:/],
    ["EOM_DAGSTER_HEADERS", "Authorization: Bearer canary", /JSON object of texts/],
    ["EOM_DAGSTER_HEADERS", '{"Authorization": "canary\\ncanary"}', /U\+000A at character 7 \(at Authorization\)/],
    ["EOM_DAGSTER_HEADERS", '{"Authorization": "Bearer canary\\n"}', /U\+000A at character 14 \(at Authorization\)/],
    ["EOM_DAGSTER_HEADERS", '{"X-Token": " canary"}', /U\+0020 at character 1 \(at X-Token\)/],
    ["EOM_DAGSTER_HEADERS", '{"X-Token": "canary "}', /U\+0020 at character 7 \(at X-Token\)/],
    ["EOM_DAGSTER_HEADERS", '{"X-Token": "canary\\u00a0"}', /U\+00A0 at character 7 \(at X-Token\)/],
    ["EOM_DAGSTER_HEADERS", '{"X-Token": "“canary”"}', /U\+201C at character 1 \(at X-Token\)/],
    ["EOM_DAGSTER_HEADERS", '{"Authorization": "Bearer \\"canary\\""}', /no quotation marks around it/],
    ["EOM_DAGSTER_HEADERS", '{"Content-Length": "6"}', /other headers than .*\(at Content-Length\)/],
    [
      "EOM_DAGSTER_CONNECTIONS",
      '{"eu": {"url": "http://b", "headers": {"X-Token": "canary\\n"}}}',
      /U\+000A at character 7 \(at eu\.headers\.X-Token\)/,
    ],
    ["EOM_DAGSTER_CONNECTIONS", '{"local": {"url": "http://canary"}}', /other names than local/],
    ["EOM_DAGSTER_CONNECTIONS", '{"eu": {"uri": "http://canary"}}', /connections by name/],
    ["EOM_DAGSTER_CONNECTIONS", '{"eu": {"url": "http://a:canary@b"}}', /no user or password.*eu\.url/],
  ])("that cannot be used are refused by name, without possible secrets: %s=%s", (name, text, expected) => {
    const problems = findProblems({ [name]: text });
    expect(problems).toEqual(expect.arrayContaining([{ name, message: expect.stringMatching(expected) }]));
    expect(JSON.stringify(problems)).not.toContain("canary");
  });

  test("may be the default engine by name; an unknown name is refused with the known names", () => {
    const EOM_DAGSTER_CONNECTIONS = '{"eu": {"url": "http://10.0.0.1:3000"}}';
    expect(readConfig({ EOM_ENGINE: "eu", EOM_DAGSTER_CONNECTIONS }, []).EOM_ENGINE).toBe("eu");
    expect(findProblems({ EOM_ENGINE: "us", EOM_DAGSTER_CONNECTIONS })).toEqual([
      { name: "EOM_ENGINE", message: 'must be one of local, dagster, eu (EOM_DAGSTER_CONNECTIONS), got "us"' },
    ]);
  });

  test("need an address as the default engine", () => {
    expect(findProblems({ EOM_ENGINE: "dagster" })).toEqual([
      { name: "EOM_DAGSTER_URL", message: "is needed with EOM_ENGINE=dagster" },
    ]);
  });
});

describe("problems", () => {
  test("are listed all at once, each with its name, the expected and the given value", () => {
    const problems = findProblems({
      EOM_PORT: "65536",
      EOM_DATABASE_POOL: "0",
      EOM_MIGRATE: "yes",
      EOM_AUTH: "password",
      EOM_SECRETS: "vault",
      EOM_RETENTION_DAYS: "1.5",
      EOM_EGRESS_ALLOW: "s3.example.org, http://x, 10.0.0.1/8",
      EOM_TYPO: "1",
      EOM_KEY_FILE_FILE: "/key",
    });
    expect(namesOf(problems)).toEqual([
      "EOM_AUTH",
      "EOM_DATABASE_POOL",
      "EOM_EGRESS_ALLOW",
      "EOM_EGRESS_ALLOW",
      "EOM_KEY_FILE_FILE",
      "EOM_MIGRATE",
      "EOM_PORT",
      "EOM_RETENTION_DAYS",
      "EOM_TYPO",
      "VAULT_ADDR",
      "VAULT_TOKEN",
    ]);
    const messagesOf = (variable: string) =>
      problems.filter(({ name }) => name === variable).map(({ message }) => message);
    expect(messagesOf("EOM_PORT")).toEqual(['must be a port from 0 to 65535, got "65536"']);
    expect(messagesOf("EOM_DATABASE_POOL")).toEqual(['must be a whole number from 1 to 500, got "0"']);
    expect(messagesOf("EOM_MIGRATE")).toEqual(['must be true, false, 1 or 0, got "yes"']);
    expect(messagesOf("EOM_EGRESS_ALLOW")[0]).toMatch(/"http:\/\/x" is a URL; leave out the scheme/);
    expect(messagesOf("EOM_EGRESS_ALLOW")[1]).toMatch(/"10.0.0.1\/8" has bits beyond its prefix: write 10.0.0.0\/8/);
    expect(messagesOf("EOM_TYPO")).toEqual(["is not known: docs/reference/configuration.md lists all variables"]);
    expect(messagesOf("VAULT_ADDR")).toEqual(["is needed with EOM_SECRETS=vault"]);
  });

  test.each(["-1", " 8080", "8080 ", "0x1F90", "1e3", "NaN", "１２", "999999999999"])(
    "the port %j is refused",
    (port) => expect(namesOf(findProblems({ EOM_PORT: port }))).toEqual(["EOM_PORT"]),
  );

  test("repeat no value of a secret, from any source and with any fault", () => {
    const secrets = table.filter(({ secret }) => secret === true).map(({ name }) => name);
    for (const name of secrets) {
      const file = write(name, `\u0007 ${canary}`);
      const mount = join(folder, "mounts", name, "default", "eom");
      mkdirSync(mount, { recursive: true });
      writeFileSync(join(mount, name), `\u0007 ${canary}`);
      const answer = [
        findProblems({ [name]: `\u0007 ${canary}` }),
        findProblems({ [`${name}_FILE`]: file }),
        findProblems({ [name]: canary, [`${name}_FILE`]: file }),
        findProblems({}, [join(folder, "mounts", name)]),
      ];
      // Not by toContain: a failing test must not print the secret.
      expect(JSON.stringify(answer).includes(canary), name).toBe(false);
      expect(answer[2]?.map((problem) => problem.name)).toContain(name);
    }
    const others = findProblems({ EOM_ADMIN_TOKN: canary, EOM_DATABASE_URL: `mysql://eom:${canary}@db/eom` });
    expect(namesOf(others)).toEqual(["EOM_ADMIN_TOKN", "EOM_DATABASE_URL"]);
    expect(JSON.stringify(others).includes(canary)).toBe(false);
  });

  test("name the variables that a way to log in to Vault lacks, and not a variable that is wrong", () => {
    const vault = { EOM_SECRETS: "vault", VAULT_ADDR: "http://vault:8200" };
    expect(namesOf(findProblems({ ...vault, EOM_VAULT_AUTH: "kubernetes" }))).toEqual(["EOM_VAULT_ROLE"]);
    expect(namesOf(findProblems({ ...vault, EOM_VAULT_AUTH: "approle" }))).toEqual([
      "EOM_VAULT_ROLE_ID",
      "EOM_VAULT_SECRET_ID",
    ]);
    expect(findProblems({ ...vault, EOM_VAULT_TOKEN_FILE: "/run/token" })).toEqual([]);
    expect(findProblems({ ...vault, VAULT_TOKEN: "t", VAULT_ADDR: "vault:8200" })).toHaveLength(1);
    expect(findProblems({ ...vault, VAULT_TOKEN_FILE: join(folder, "missing") })).toHaveLength(1);
  });
});

describe("without authentication", () => {
  test.each(["127.0.0.1", "127.8.9.10", "::1", "localhost"])("EOM listens on %s, which is loopback", (host) => {
    expect(readConfig({ EOM_AUTH: "none", EOM_HOST: host }, []).isLoopback).toBe(true);
  });

  test.each([
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "192.168.1.1",
    "eom.example.org",
    "127.0.0.1.example.org",
    "::ffff:10.0.0.1",
  ])("EOM refuses to listen on %s, and listens there with tokens", (host) => {
    expect(findProblems({ EOM_AUTH: "none", EOM_HOST: host })).toEqual([
      {
        name: "EOM_AUTH",
        message: `must not be none when EOM_HOST (${host}) is not loopback: use token, oidc or gateway`,
      },
    ]);
    expect(readConfig({ EOM_HOST: host }, []).isLoopback).toBe(false);
  });

  test("EOM refuses to listen beyond loopback also if the host comes from a file", () => {
    const problems = findProblems({ EOM_AUTH: "none", EOM_HOST_FILE: write("host", "0.0.0.0\n") });
    expect(namesOf(problems)).toEqual(["EOM_AUTH"]);
  });
});

describe("a variable in a file", () => {
  test("is read without the end of its last line, and otherwise unchanged", () => {
    expect(readConfig({ EOM_DATA_DIR_FILE: write("a", " data \n\n") }, []).EOM_DATA_DIR).toBe(" data \n");
    expect(readConfig({ EOM_DATA_DIR_FILE: write("b", "data\r\n") }, []).EOM_DATA_DIR).toBe("data");
    expect(readConfig({ VAULT_TOKEN_FILE: write("c", `${canary}\n`) }, []).VAULT_TOKEN).toBe(canary);
    expect(readConfig({ EOM_PORT_FILE: write("d", "\n") }, []).EOM_PORT).toBe(8080);
  });

  test("is a problem if it cannot be read, is a folder, or is too large; no further problem is derived from it", () => {
    const large = write("large", "1".repeat(64 * 1024 + 1));
    for (const [path, why] of [
      [join(folder, "missing"), "cannot be read (ENOENT)"],
      [folder, "is no regular file"],
      [large, "is larger than 65536 bytes"],
    ]) {
      expect(findProblems({ EOM_PORT_FILE: path ?? "" })).toEqual([
        { name: "EOM_PORT_FILE", message: `names ${path}, which ${why}` },
      ]);
    }
  });

  test("is a problem if the variable is given by itself too, unless one of the two is empty", () => {
    const file = write("port", "8081");
    expect(namesOf(findProblems({ EOM_PORT: "8082", EOM_PORT_FILE: file }))).toEqual(["EOM_PORT"]);
    expect(readConfig({ EOM_PORT: "", EOM_PORT_FILE: file }, []).EOM_PORT).toBe(8081);
    expect(readConfig({ EOM_PORT: "8082", EOM_PORT_FILE: "" }, []).EOM_PORT).toBe(8082);
  });

  test("does not exist for a variable that names a file itself", () => {
    const file = write("jobs.json", "{}");
    expect(readConfig({ EOM_JOBS_FILE: file }, []).EOM_JOBS_FILE).toBe(file);
    expect(namesOf(findProblems({ EOM_JOBS_FILE_FILE: file }))).toEqual(["EOM_JOBS_FILE_FILE"]);
  });
});

describe("a mounted variable", () => {
  /** As the kubelet does: names link through `..data`, which is swapped when the values change. */
  function mount(root: string, namespace: string, object: string, values: Record<string, string>): string {
    const target = join(folder, root, namespace, object);
    const version = "..2026_11_23_10_00_00.123456789";
    mkdirSync(join(target, version), { recursive: true });
    symlinkSync(version, join(target, "..data"));
    for (const [key, value] of Object.entries(values)) {
      writeFileSync(join(target, version, key), value);
      symlinkSync(join("..data", key), join(target, key));
    }
    return join(folder, root);
  }

  test("is read through the links that Kubernetes makes, from secrets and from config maps", () => {
    const secrets = mount("secrets", "default", "eom-secret", { EOM_ADMIN_TOKEN: `${canary}-0001\n` });
    const configs = mount("configs", "default", "eom-config", { EOM_PORT: "9000", "other.conf": "x" });
    mount("configs", "team", "more", { EOM_RETENTION_DAYS: "7" });
    const config = readConfig({}, [secrets, configs, join(folder, "missing")]);
    expect(config).toMatchObject({ EOM_ADMIN_TOKEN: `${canary}-0001`, EOM_PORT: 9000, EOM_RETENTION_DAYS: 7 });
  });

  test("yields to the environment", () => {
    const root = mount("configs", "default", "eom", { EOM_PORT: "9000" });
    expect(readConfig({ EOM_PORT: "9001" }, [root]).EOM_PORT).toBe(9001);
    expect(readConfig({ EOM_PORT_FILE: write("port", "9002") }, [root]).EOM_PORT).toBe(9002);
  });

  test("is a problem if it is mounted twice", () => {
    const root = mount("configs", "default", "a", { EOM_PORT: "9000" });
    mount("configs", "default", "b", { EOM_PORT: "9001" });
    const [problem] = findProblems({}, [root]);
    expect(problem?.name).toBe("EOM_PORT");
    expect(problem?.message).toMatch(/^is mounted twice, as .*default\/a\/EOM_PORT and as .*default\/b\/EOM_PORT/);
  });

  test("is a problem if its link leads nowhere", () => {
    mkdirSync(join(folder, "configs/default/eom"), { recursive: true });
    symlinkSync("..data/EOM_PORT", join(folder, "configs/default/eom/EOM_PORT"));
    const [problem] = findProblems({}, [join(folder, "configs")]);
    expect(problem?.message).toMatch(/cannot be read \(ENOENT\)/);
  });

  test("reveals no value if there are files where folders are expected", () => {
    mkdirSync(join(folder, "secrets"));
    write("secrets/EOM_PORT", "9000");
    expect(readConfig({}, [join(folder, "secrets")]).EOM_PORT).toBe(8080);
  });
});
