// Builds the Versity S3 Gateway, the S3 server of the contract tests, into .parts/versitygw/.
import { buildGoPart } from "./go-build.mjs";
import { main } from "./main.mjs";

await main(() =>
  buildGoPart({
    part: "versitygw",
    binary: "versitygw",
    target: "github.com/versity/versitygw/cmd/versitygw",
    label: "Versity S3 Gateway 1.8.0",
    minutes: 2,
  }),
);
