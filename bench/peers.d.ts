/**
 * What this bench calls of its peers. Here, because the whole program is type-checked also where this package's own
 * dependencies are not installed.
 */
declare module "graphile-worker" {
  export class Logger {
    constructor(logFactory: () => (level: string, message: string) => void);
  }
  interface RunnerOptions {
    readonly preset: {
      readonly worker: {
        readonly connectionString: string;
        readonly concurrentJobs: number;
        readonly maxPoolSize: number;
        readonly localQueue: { readonly size: number };
        readonly completeJobBatchDelay: number;
        readonly failJobBatchDelay: number;
        readonly logger: Logger;
      };
    };
    readonly taskList: Readonly<Record<string, () => void>>;
    readonly crontab: string;
    readonly noHandleSignals: boolean;
  }
  export function run(options: RunnerOptions): Promise<{ stop(): Promise<void> }>;
  export function runMigrations(options: { readonly connectionString: string; readonly logger: Logger }): Promise<void>;
}

declare module "pg-boss" {
  interface WorkOptions {
    readonly batchSize: number;
    readonly localConcurrency: number;
    readonly pollingIntervalSeconds: number;
    readonly burstWhenBatchFull: boolean;
    readonly includeMetadata: boolean;
  }
  export class PgBoss {
    constructor(options: { readonly connectionString: string; readonly max: number });
    on(event: "error", listener: (error: Error) => void): void;
    start(): Promise<unknown>;
    stop(options: { readonly graceful: boolean }): Promise<void>;
    createQueue(name: string, options?: { readonly partition?: boolean }): Promise<void>;
    insert(name: string, jobs: readonly { readonly data: object }[]): Promise<unknown>;
    work(name: string, options: WorkOptions, handler: (jobs: readonly object[]) => Promise<void>): Promise<string>;
    offWork(name: string): Promise<void>;
  }
}
