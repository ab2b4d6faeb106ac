// Makes sure that there is a Chromium for test/parts/docs-pages.test.ts: on the PATH, or from Debian, which root may install.
import { spawnSync } from "node:child_process";
import { main } from "./main.mjs";

const program = "chromium";

await main(async () => {
  const version = findVersion();
  console.log(version === null ? `${install()}: installed` : `${version}: already installed`);
});

function findVersion() {
  const { status, stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

function install() {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const run = (...args) =>
    spawnSync("apt-get", ["-qq", ...args], { stdio: ["ignore", "ignore", "inherit"], env }).status === 0;
  const isInstalled = run("update") && run("install", "--yes", "--no-install-recommends", program);
  const version = isInstalled ? findVersion() : null;
  if (version !== null) return version;
  throw new Error(`There is no ${program} on the PATH, and apt-get could not install it: on Debian, root may`);
}
