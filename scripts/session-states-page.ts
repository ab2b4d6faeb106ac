import { isEnded, leasedStates, nextStates, type SessionState, sessionStates } from "../src/sessions/states.ts";
import { toPage } from "./page.ts";

type Step = { [From in SessionState]: `${From} ${(typeof nextStates)[From][number]}` }[SessionState];

const stateMeanings: Readonly<Record<SessionState, string>> = {
  pending: "The session waits until it is due, and then for a worker.",
  claimed: "A worker has the session, and may be launching it.",
  running: "The engine has a run for it, queued or under way.",
  unknown: "A run may exist: the launch had no clear answer, and EOM searches for the run.",
  retry_wait: "An attempt has failed, and the session waits for the next one.",
  succeeded: "The run has succeeded.",
  failed: "The session has failed for good. `error` says why.",
  canceled: "A person canceled it, or a newer session took its place.",
  skipped: "The session never ran. `reason` says why.",
};

/** The author and the condition of each step. A step that states.ts has and this table lacks is a type error, and the reverse. */
const steps: Readonly<Record<Step, readonly [author: string, when: string]>> = {
  "pending claimed": ["pick", "the session is due, its schedule allows it, and the engine has room"],
  "pending skipped": [
    "pick, or a person",
    "another session of the schedule is under way (`overlap`), or the schedule is disabled",
  ],
  "pending canceled": [
    "a person, or pick",
    "the session is canceled, its schedule is deleted, or a newer session takes its place",
  ],
  "claimed running": ["launch", "the engine has launched the run"],
  "claimed unknown": ["launch, or sweep", "the answer to the launch is unclear, or the launching process has died"],
  "claimed pending": [
    "launch, or sweep",
    "the engine cannot launch it yet, or its worker died before the launch had begun",
  ],
  "claimed failed": ["launch, or sweep", "the engine refuses the launch, or the run died with its process"],
  "claimed canceled": ["launch, or sweep", "a stop was requested before the launch"],
  "claimed retry_wait": ["launch, or sweep", "as `failed`, and the policy allows another attempt"],
  "running succeeded": ["poll", "the run has succeeded"],
  "running failed": ["poll, or sweep", "the run has failed, took too long, or is lost"],
  "running canceled": ["poll", "the run has ended after a stop was requested"],
  "running retry_wait": ["poll, or sweep", "as `failed`, and the policy allows another attempt"],
  "unknown running": ["search", "the run is found"],
  "unknown pending": ["search", "no run is found for long enough: the session may be launched again"],
  "unknown failed": [
    "search, or sweep",
    "no launch had a clear answer in time, the run died with its process, or the engine was removed",
  ],
  "unknown canceled": ["search", "no run is found, and a stop was requested"],
  "unknown retry_wait": ["search, or sweep", "as `failed`, and the policy allows another attempt"],
  "retry_wait claimed": ["pick", "the next attempt is due"],
  "retry_wait canceled": [
    "a person, or pick",
    "the session is canceled, its schedule is deleted, or a newer session takes its place",
  ],
};

/** The reference page of the states of a session: a diagram, the meaning of each state, and the cause of each step. */
export function toSessionStatesPage(): string {
  return toPage("The states of a session", [
    "Every step of a session is drawn here, and is an entry in its history with time, actor and cause. The database refuses other",
    "steps (trigger `ailbl_session_step`). This page is made from [states.ts](../../src/sessions/states.ts), and a test compares that",
    "file with the database.",
    "",
    "```mermaid",
    "stateDiagram-v2",
    "  [*] --> pending",
    ...sessionStates.flatMap((from) => nextStates[from].map((to) => `  ${from} --> ${to}`)),
    ...sessionStates.filter(isEnded).map((state) => `  ${state} --> [*]`),
    "```",
    "",
    "| state | meaning |",
    "| --- | --- |",
    ...sessionStates.map((state) => `| ${state} | ${stateMeanings[state]} |`),
    "",
    `A session that is ${toList(leasedStates)} has a lease: one worker has it, with a token that every write checks. If the`,
    "worker dies, the lease runs out, and sweep takes the session over.",
    "",
    "| from | to | by | when |",
    "| --- | --- | --- | --- |",
    ...Object.entries(steps).map(([step, [author, when]]) => `| ${step.replace(" ", " | ")} | ${author} | ${when} |`),
  ]);
}

function toList(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
