/**
 * How an operation is called: its method, its path, and words for the rest.
 *
 * - `key`: it accepts an Idempotency-Key, and gets one on every call.
 * - `body`: an argument is the body. `amounts`: an argument is the body's `amounts`, and options are its other fields.
 * - `conditional`: it accepts `ifNoneMatch`. `list`: it returns rows. `paged`: on pages with
 *   cursors. `empty`: it has no body in its answer. `text`: its answer is no JSON.
 */
export type Row = readonly [method: string, path: string, words: string];

/** The operations of a noun, by verb. */
export type Rows = Readonly<Record<string, Row>>;
