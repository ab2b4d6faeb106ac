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
  const requests = blocks.filter((block) => /^call "?\//m.test(block));
  const commands = requests.join("").replaceAll(/^export (\w+)=\S+ +# yours$/gm, 'export $1="$(take_id)"');
  return [
    exports,
    `export TOKEN=${token} EOM_PORT=${new URL(url).port}`,
    ...blocks.flatMap((block) => /^call\(\) .*$/m.exec(block)?.slice(0, 1) ?? []).map(keepAnswer),
    `take_id() { node -p 'const { session_id, id } = JSON.parse(fs.readFileSync("answer.json", "utf8")); session_id ?? id'; }`,
    commands,
  ].join("\n");
}

/** The README's function, which keeps its answer for the next `export`. */
function keepAnswer(line: string): string {
  return line.replace(/; \}$/, " | tee answer.json; echo; }");
}
