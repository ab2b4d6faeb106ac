/** One line of the table in RESULTS.md. */
export interface ResultRow {
  /** The measured work, as in "GET one storage over HTTP". */
  readonly work: string;
  readonly beside: string;
  /** As text with its unit, as in "0.54" or "1.2 s". */
  readonly result: string;
  /** Least and greatest of the rounds, as in "0.51 to 0.64"; empty where there are no rounds. */
  readonly spread: string;
  /** As in "≥ 0.65"; empty where there is none. */
  readonly aim: string;
  /** Null where there is no aim. */
  readonly isReached: boolean | null;
}

export interface PartResult {
  readonly rows: readonly ResultRow[];
  /** The part's section of RESULTS.md, in Markdown without its heading: figures in detail, exact set-up, versions. */
  readonly text: string;
}

export interface PartOptions {
  /** Few rows and rounds: shows that the part works, its figures mean nothing. */
  readonly smoke: boolean;
  /** Rounds that count; the part's own number when undefined. */
  readonly rounds: number | undefined;
}

/** A part of the bench: it starts what it needs, measures in interleaved rounds, and leaves nothing behind. */
export interface Part {
  /** The word for `--only`. */
  readonly name: string;
  readonly title: string;
  /** Whether it measures beside the Python stacks too. */
  readonly needsPython?: boolean;
  run(options: PartOptions): Promise<PartResult>;
}
