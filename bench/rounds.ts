import type { Measured } from "./load.ts";
import type { LoadProcess, ServerProcess } from "./processes.ts";

/** One kind of request; both servers get the same paths. */
export interface Scenario {
  readonly name: string;
  /** The least ratio to the bare server's requests per second that EOM aims at; null where the database does the work. */
  readonly aim: number | null;
  readonly paths: readonly string[];
}

export interface Side {
  readonly requestsPerSecond: number;
  readonly cpuMicrosecondsPerRequest: number;
  readonly medianMilliseconds: number;
  readonly p99Milliseconds: number;
}

/** Both servers, one directly after the other. */
export interface Round {
  readonly eom: Side;
  readonly bare: Side;
}

export interface RoundOptions {
  readonly token: string;
  readonly connections: number;
  readonly rounds: number;
  readonly warmUpMilliseconds: number;
  readonly roundMilliseconds: number;
}

interface Servers {
  readonly eom: ServerProcess;
  readonly bare: ServerProcess;
}

/**
 * Loads the servers in turns. Whatever else the machine does falls on both; who goes first changes from round to round, so
 * that no drift favours one.
 */
export async function measure(
  load: LoadProcess,
  servers: Servers,
  scenario: Scenario,
  options: RoundOptions,
): Promise<Round[]> {
  const loadOne = (server: ServerProcess, milliseconds: number) =>
    loadServer(load, server, scenario, options, milliseconds);
  await loadOne(servers.eom, options.warmUpMilliseconds);
  await loadOne(servers.bare, options.warmUpMilliseconds);
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const first = await loadOne(round % 2 === 0 ? servers.eom : servers.bare, options.roundMilliseconds);
    const second = await loadOne(round % 2 === 0 ? servers.bare : servers.eom, options.roundMilliseconds);
    rounds.push(round % 2 === 0 ? { eom: first, bare: second } : { eom: second, bare: first });
  }
  return rounds;
}

async function loadServer(
  load: LoadProcess,
  server: ServerProcess,
  { paths }: Scenario,
  { token, connections }: RoundOptions,
  milliseconds: number,
): Promise<Side> {
  const cpuBefore = await server.cpuMicroseconds();
  const measured = await load.run({ url: server.url, paths, token, connections, milliseconds });
  const cpu = (await server.cpuMicroseconds()) - cpuBefore;
  return toSide(measured, cpu);
}

function toSide(measured: Measured, cpuMicroseconds: number): Side {
  return {
    requestsPerSecond: measured.requests / measured.seconds,
    cpuMicrosecondsPerRequest: cpuMicroseconds / measured.requests,
    medianMilliseconds: measured.medianMilliseconds,
    p99Milliseconds: measured.p99Milliseconds,
  };
}
