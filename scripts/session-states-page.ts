import { isEnded, leasedStates, nextStates, type SessionState, sessionStates } from "../src/sessions/states.ts";
import { toPage } from "./page.ts";

type Step = { [From in SessionState]: `${From} ${(typeof nextStates)[From][number]}` }[SessionState];

const stateMeanings: Readonly<Record<SessionState, string>> = {
  pending: "It is due, or will be, and no worker has it.",
  claimed: "A worker has it, and may be launching it.",
  running: "Its run is known to the engine, queued or under way.",
  unknown: "A run of it may exist; it is looked for.",
  retry_wait: "An attempt has failed; the next one has its time.",
  succeeded: "Its run has succeeded.",
  failed: "It has failed for good: its error says why.",
  canceled: "Somebody ended it, or a newer session took its place.",
  skipped: "It is not run: its reason says why.",
};

/** Who takes each step, and when. A step that states.ts has and this has not is an error of types, and the reverse. */
const steps: Readonly<Record<Step, readonly [who: string, when: string]>> = {
  "pending claimed": ["pick", "it is due, its schedule allows it, and the engine has room"],
  "pending skipped": [
    "pick, or who disables",
    "another session of the schedule is under way (overlap), or it is disabled",
  ],
  "pending canceled": [
    "a person, or pick",
    "it is canceled, its schedule is deleted, or a newer session takes its place",
  ],
  "claimed running": ["launch", "the engine has launched it"],
  "claimed unknown": ["launch, or sweep", "the answer to the launch is unclear, or the launching process is gone"],
  "claimed pending": ["sweep", "its worker is gone, and had not begun to launch it"],
  "claimed failed": ["launch, or sweep", "it is refused, or its run died with the process that had it"],
  "claimed canceled": ["launch", "it was asked to end before it was launched"],
  "claimed retry_wait": ["launch, or sweep", "as to failed, and its policy has an attempt left"],
  "running succeeded": ["poll", "its run has succeeded"],
  "running failed": ["poll, or sweep", "its run failed, took too long, or is lost"],
  "running canceled": ["poll", "its run ended after it was asked to"],
  "running retry_wait": ["poll, or sweep", "as to failed, and its policy has an attempt left"],
  "unknown running": ["reconcile (poll)", "its run is found"],
  "unknown pending": ["reconcile (poll)", "no run is found for long enough: it may be launched again"],
  "unknown failed": ["sweep", "its run died with the process that had it, or its engine is none of this deployment"],
  "unknown canceled": ["reconcile (poll)", "no run is found, and it was asked to end"],
  "unknown retry_wait": ["sweep", "as to failed, and its policy has an attempt left"],
  "retry_wait claimed": ["pick", "the time of the next attempt has come"],
  "retry_wait canceled": [
    "a person, or pick",
    "it is canceled, its schedule is deleted, or a newer session takes its place",
  ],
};

/** The states of a session, drawn and explained. */
export function toSessionStatesPage(): string {
  return toPage("The states of a session", [
    "A step that is not drawn here is refused by the database (the trigger `ailbl_session_step`; a test holds it to",
    "[states.ts](../../src/sessions/states.ts), which this page is made from). Each step is an entry in the session's",
    "history, with time, actor and cause.",
    "",
    "```mermaid",
    "stateDiagram-v2",
    "  [*] --> pending",
    ...sessionStates.flatMap((from) => nextStates[from].map((to) => `  ${from} --> ${to}`)),
    ...sessionStates.filter(isEnded).map((state) => `  ${state} --> [*]`),
    "```",
    "",
    "| state | means |",
    "| --- | --- |",
    ...sessionStates.map((state) => `| ${state} | ${stateMeanings[state]} |`),
    "",
    `While it is ${toList(leasedStates)}, one worker holds a lease on it, with a token that every write carries; a lease that`,
    "runs out is what sweep looks for.",
    "",
    "| from | to | by | when |",
    "| --- | --- | --- | --- |",
    ...Object.entries(steps).map(([step, [who, when]]) => `| ${step.replace(" ", " | ")} | ${who} | ${when} |`),
  ]);
}

function toList(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
