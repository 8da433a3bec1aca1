import { parseArgs } from "node:util";
import { nearest } from "./nearest.ts";
import { STRATEGIES, type StrategyName } from "./strategies.ts";

/** How version 2 behaves: well, never healthy, or healthy until it gets real traffic. */
export type Nature = "well" | "bad" | "sick";

/** What the command line asks for. */
export interface Arguments {
  readonly nature: Nature;
  /** Kill the orchestrator in the middle of the rollout. */
  readonly kill: boolean;
  /** Show what would happen, and deploy nothing. */
  readonly plan: boolean;
  readonly strategy: StrategyName;
  readonly json: boolean;
  /** Leave the directory with the log and the service's output. */
  readonly keep: boolean;
}

const FLAGS = {
  bad: { type: "boolean" },
  sick: { type: "boolean" },
  kill: { type: "boolean" },
  plan: { type: "boolean" },
  strategy: { type: "string" },
  json: { type: "boolean" },
  keep: { type: "boolean" },
  help: { type: "boolean" },
} as const;

export const HELP: string = `npm run demo [-- flags]

Replaces version 1 of a small HTTP service by version 2 on this machine: real processes, a real load balancer,
real requests all the while. Not one of them may fail.

  --bad             version 2 never becomes healthy: it is taken back, and traffic never gets there
  --sick            version 2 falls ill once it has traffic: it is taken back while it is still on trial
  --kill            the orchestrator gets kill -9 in the middle; another process goes on from the log
  --plan            only what would happen, planned against version 1 as it runs; nothing is deployed
  --strategy NAME   ${Object.keys(STRATEGIES).join(" | ")}  (default: red-black)
  --json            the last line is a report for programs
  --keep            do not remove the directory with the log and the service's output
  --help            this

Ends with 0 when all went as the flags say and no request failed, with 1 when not, with 2 when a flag is wrong.`;

/** Reads the command line: what it asks for, `"help"`, or all that is wrong with it. */
export function readArguments(argv: readonly string[]): Arguments | "help" | { readonly problems: string[] } {
  const { values, tokens } = parseArgs({
    args: [...argv],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (values.help === true) return "help";
  const problems = tokens.flatMap((token) => {
    if (token.kind === "positional") return [`${token.value}: only flags are expected`];
    if (token.kind === "option") return flagProblems(token.name, token.rawName, token.value);
    return [];
  });
  const {
    bad,
    sick,
    kill = false,
    plan = false,
    strategy = "red-black",
    json = false,
    keep = false,
  } = values;
  if (bad && sick) problems.push("--bad and --sick: a version is either one or the other");
  if (plan && kill) problems.push("--plan and --kill: a plan deploys nothing that could be killed");
  if (problems.length > 0) return { problems };
  return {
    nature: bad ? "bad" : sick ? "sick" : "well",
    kill: kill === true,
    plan: plan === true,
    strategy: strategy as StrategyName,
    json: json === true,
    keep: keep === true,
  };
}

function flagProblems(name: string, raw: string, value: string | undefined): string[] {
  const known = Object.keys(FLAGS);
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    return [`${raw}: there is no such flag${meant ? ` (did you mean --${meant}?)` : ""}`];
  }
  if (name === "strategy") return strategyProblems(value);
  return value === undefined ? [] : [`--${name}: takes no value`];
}

function strategyProblems(value: string | undefined): string[] {
  const known = Object.keys(STRATEGIES);
  if (value === undefined) return [`--strategy: needs one of ${known.join(", ")}`];
  if (known.includes(value)) return [];
  const meant = nearest(value, known);
  return [
    `--strategy: there is none called ${JSON.stringify(value)}${meant ? ` (did you mean ${meant}?)` : ""}; known: ${known.join(", ")}`,
  ];
}
