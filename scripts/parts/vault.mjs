// Builds the secrets server of the contract tests into .parts/vault/: HashiCorp Vault's core from the Go module proxy, which does not have
// OpenBao. EOM uses the part of the API that both share.
import { buildGoPart } from "./go-build.mjs";
import { main } from "./main.mjs";

await main(() =>
  buildGoPart({
    part: "vault",
    binary: "vault-server",
    target: ".",
    label: "HashiCorp Vault 1.21.4 (core)",
    minutes: 6,
  }),
);
