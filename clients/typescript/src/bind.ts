import { callOperation, type OperationOptions } from "./call.ts";
import type { Connection } from "./connection/options.ts";
import { countParameters } from "./connection/path.ts";
import { createEdit } from "./edit.ts";
import { createPages, type OnlyPage } from "./pages.ts";
import type { Row, Rows } from "./row.ts";

type Operation = (...args: readonly unknown[]) => unknown;

/** A function for each operation of a noun, and `edit` for one that has `get` and `update`. */
export function bindNoun(rows: Rows, connection: Connection): Readonly<Record<string, unknown>> {
  const operations = Object.fromEntries(Object.entries(rows).map(([verb, row]) => [verb, bind(row, connection)]));
  const { get, update } = operations;
  return get === undefined || update === undefined ? operations : { ...operations, edit: createEdit(get, update) };
}

/** The arguments of the function: the path's parameters, the body or its amounts if there are any, the options. */
function bind(row: Row, connection: Connection): Operation {
  const [, path, words] = row;
  const ids = countParameters(path);
  const hasBody = words.includes("body") || words.includes("amounts");
  const call = (args: readonly unknown[], options: unknown) =>
    callOperation(connection, row, {
      ids: args.slice(0, ids),
      body: hasBody ? args[ids] : undefined,
      options: (options ?? {}) as OperationOptions,
    });
  const findOptions = (args: readonly unknown[]) => args[hasBody ? ids + 1 : ids];
  if (!words.includes("list")) return async (...args) => call(args, findOptions(args));
  return (...args) => {
    const read = async (options: OperationOptions) => (await call(args, options)) as OnlyPage<unknown>;
    return createPages(read, (findOptions(args) ?? {}) as OperationOptions, words.includes("paged"));
  };
}
