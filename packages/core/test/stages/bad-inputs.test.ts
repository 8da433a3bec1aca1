// What each built-in stage says of an input that cannot be, and what a pipeline says of a shape that cannot be.
import { expect, it } from "vitest";
import {
  ConfigurationError,
  defineCheck,
  defineStage,
  deploy,
  destroyGroup,
  disableGroup,
  enableGroup,
  evaluate,
  findGroup,
  judgement,
  pipeline,
  precondition,
  resizeGroup,
  secret,
  shiftTraffic,
  stageGate,
  type StageType,
  undo,
  wait,
} from "../../src/index.ts";
import { http, script } from "../../src/stages.ts";
import { windows } from "../../src/windows.ts";

const cluster = { provider: "p", account: "a", location: "l", name: "n" };
const strategy = { name: "s", rollout: () => ({}) };
const problemsOf = (make: () => unknown): readonly string[] => {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

it.for<[Pick<StageType<never, unknown>, "type" | "check">, unknown, readonly string[]]>([
  [wait, { for: "soon" }, ["for: "]],
  [
    wait,
    { until: "2026-12-01T09:00" },
    ['until: "2026-12-01T09:00" is not an instant (write "2026-12-01T09:00Z", with its zone)'],
  ],
  [
    judgement,
    { roles: [], onTimeout: "wait", approvals: 0, choices: [""] },
    [
      "roles: at least one role is needed",
      'onTimeout: "wait" is unknown (write "fail" or "pass")',
      "onTimeout: without a timeout it never comes",
      "approvals: 0 is not a number of people (write 2)",
      "choices: must be texts, at least one",
    ],
  ],
  [
    deploy,
    { group: "", onBusy: "wait" },
    [
      "cluster: is missing (make one with your provider's cluster(name))",
      "release: is missing",
      "strategy: is missing or not a strategy (for example redBlack())",
      "group: must be the name of a group of the cluster, or left out",
      'onBusy: "wait" is not one of supersede, queue, reject',
    ],
  ],
  [
    deploy,
    { cluster: { ...cluster, account: "" }, release: 1, strategy },
    ["cluster: account is missing (make clusters with your provider's cluster(name))"],
  ],
  [
    undo,
    { cluster, group: undefined },
    ["group: there is nothing to go back to (a first deploy has no group before it)"],
  ],
  [precondition, { require: [] }, ["require: at least one is needed"]],
  [
    precondition,
    {
      require: [
        { that: 1 },
        { pipeline: "p", ended: "well" },
        { cluster },
        { cluster, healthy: { atLeast: 3, atMost: 2 } },
      ],
      within: "soon",
    },
    [
      "require[0].that: must be true or false, with a because",
      'require[1].ended: "well" is not one of succeeded, rolled-back, cancelled, failed',
      "require[2].cluster: nothing is asked of it (write healthy: { atLeast: 3 })",
      "require[3].healthy: at least 3 and at most 2 cannot be",
      "within: ",
    ],
  ],
  [
    evaluate,
    { key: secret("a/b") },
    ['secret("a/b"): is not for evaluate; refer to it in the stage that uses it'],
  ],
  [findGroup, { cluster, group: {} }, ['group: is missing (write "serving", or { name: "shop-api-v003" })']],
  [
    resizeGroup,
    { cluster, group: "newset", size: 1.5 },
    [
      'group: "newset" is not one of newest, oldest, previous, largest, serving (did you mean "newest"?)',
      "size: must be a number of instances, { by: 2 } or { percent: 150 }",
    ],
  ],
  [
    shiftTraffic,
    { cluster, shares: [] },
    ['shares: at least one is needed (write [{ group: "newest", share: 100 }])'],
  ],
  [
    shiftTraffic,
    { cluster, shares: [{ group: "newest", share: 60 }] },
    ["shares: they sum to 60, not to 100"],
  ],
  [
    enableGroup,
    { cluster, group: "newest", share: 101 },
    ["share: 101 is not a whole percentage of 0 to 100"],
  ],
  [disableGroup, { group: "oldest" }, ["cluster: is missing (make one with your provider's cluster(name))"]],
  [destroyGroup, { cluster, group: [], timeout: "soon" }, ["timeout: ", "group: at least one is needed"]],
  [
    http,
    { url: "ftp://x", method: "SEND", headers: { "a b": "c" }, expect: [] },
    [
      "url: must be an address with https: or http:",
      'method: "SEND" is not one of GET, HEAD, POST, PUT, PATCH, DELETE',
      'headers: "a b" is not a header of one line',
      "expect: must be statuses, at least one (write [200, 204])",
    ],
  ],
  [
    http,
    { url: "https://me:it@x.example", method: "GET", body: 1 },
    ["url: must not hold a user and password (send a header)", 'body: GET has none (write method: "POST")'],
  ],
  [
    script,
    { command: [], env: { A: 1 }, memoryMb: 0, parse: "xml" },
    [
      'command: must be a program and its arguments (write ["./migrate", "--all"])',
      "env: A must be a text",
      "memoryMb: 0 is not a whole number above 0",
      'parse: "xml" is unknown (write "text" or "json")',
    ],
  ],
])("%s", ([type, input, expected]) => {
  const problems = type.check(input as never);
  expect(problems).toHaveLength(expected.length);
  for (const [index, start] of expected.entries())
    expect(problems[index]?.slice(0, start.length)).toBe(start);
});

const code = defineStage({ type: "code", run: () => null });
const none = (): null => null;
const hollow = { type: "hollow", kind: "effect", check: () => [] } as unknown as typeof code;

it.for<[string, () => { readonly problems: readonly string[] }, string]>([
  ["a name that is none", () => pipeline("p").stage("", code, none), "every stage needs a name"],
  ["a name of a retry", () => pipeline("p").stage("a~2", code, none), "taken by its own retries"],
  [
    "a name that the language keeps",
    () => pipeline("p").stage("__proto__", code, none),
    "keeps this name to itself",
  ],
  [
    "a list's name with brackets",
    () => pipeline("p").matrix("a[b]", ["x"], code, none),
    "has no [ or ] in it",
  ],
  [
    "a type without code",
    () => pipeline("p").stage("a", hollow, none),
    "has no code to run; make it with defineStage",
  ],
  [
    "a type that is none",
    () => pipeline("p").stage("a", {} as unknown as typeof code, none),
    "its type is not one made by defineStage",
  ],
  [
    "an after that is no list",
    () => pipeline("p").stage("a", code, none, { after: "b" } as unknown as { after: [] }),
    "after: must be a list of stages",
  ],
  [
    "a key that is no function",
    () => pipeline("p", { concurrency: { key: "all" } as never }).stage("a", code, none),
    "concurrency: key: must be a function of the input, or left out",
  ],
])("refuses %s", ([, make, message]) => {
  expect(make().problems.join("\n")).toContain(message);
});

it("says all that is wrong with windows, checks and gates, at once", () => {
  expect(problemsOf(() => windows({ timeZone: "", allow: 1 } as never))).toEqual([
    'timeZone: is missing; say whose clock it is (write "Europe/Lisbon")',
    "allow: must be a list of windows",
  ]);
  const deny = [null, { days: "mon" }, { rrule: "FREQ=DAILY", lasts: "1h" }];
  expect(problemsOf(() => windows({ timeZone: "UTC", deny } as never))).toEqual([
    "deny[0]: is not a window",
    "deny[1].days: must be a list of days",
    'deny[2].start: is missing (write "2026-01-03T08:00")',
  ]);
  expect(problemsOf(() => defineCheck({ name: "", run: 1 } as never))).toEqual([
    "name: is missing; logs name the check by it",
    "run: is missing; give the function that judges the candidate",
  ]);
  expect(problemsOf(() => stageGate(wait as never, () => 1))).toEqual([
    "wait: has no code of its own (give a stage that was made with defineStage)",
    "input: a function is not JSON",
  ]);
});
