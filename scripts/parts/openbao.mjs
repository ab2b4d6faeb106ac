// Builds the secrets server of the contract tests into .parts/openbao/. The program is HashiCorp Vault's core, not
// OpenBao's: the Go module proxy refuses github.com/openbao/openbao, and both serve the same API for what EOM uses.
import { buildGoPart, main } from "./go-build.mjs";

await main(() =>
  buildGoPart({
    part: "openbao",
    binary: "vault-server",
    target: ".",
    label: "HashiCorp Vault 1.21.4 (core)",
    minutes: 6,
  }),
);
