import { readFile } from "node:fs/promises";
import { join } from "node:path";

const readme = join(import.meta.dirname, "../../../README.md");

interface TourSetup {
  readonly url: string;
  readonly token: string;
  /** The `export` line of the S3 server. */
  readonly exports: string;
}

/**
 * The commands of the README's tour as one script of bash, which prints one answer a line. A line such as `export STORAGE=… # yours` takes
 * the id from the answer before it.
 */
export async function toTourScript({ url, token, exports }: TourSetup): Promise<string> {
  const text = await readFile(readme, "utf8");
  const tour = text.slice(text.indexOf("\n## A tour"), text.indexOf("\n## Where to go next"));
  const blocks = [...tour.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const requests = blocks.filter((block) => block.includes("eom /") || block.includes('eom "/'));
  const commands = requests.join("").replaceAll(/^export (\w+)=\S+ +# yours$/gm, 'export $1="$(take_id)"');
  return [
    exports,
    `export TOKEN=${token}`,
    ...blocks.flatMap((block) => /^eom\(\) .*$/m.exec(block)?.slice(0, 1) ?? []).map((line) => keepAnswer(line, url)),
    `take_id() { node -p 'const { session_id, id } = JSON.parse(fs.readFileSync("answer.json", "utf8")); session_id ?? id'; }`,
    commands,
  ].join("\n");
}

/** The README's function, with the address of this EOM. */
function keepAnswer(line: string, url: string): string {
  return line.replace("http://127.0.0.1:8080", url).replace("; }", "| tee answer.json; echo; }");
}
