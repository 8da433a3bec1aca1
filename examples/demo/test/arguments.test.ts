import { expect, it } from "vitest";
import { readArguments } from "../arguments.ts";

it("shows a rollout that goes well when nothing is asked for", () => {
  expect(readArguments([])).toEqual({
    nature: "well",
    kill: false,
    plan: false,
    strategy: "red-black",
    json: false,
    keep: false,
  });
});

it("takes each flag", () => {
  expect(readArguments(["--bad", "--kill", "--json", "--keep", "--strategy=highlander"])).toEqual({
    nature: "bad",
    kill: true,
    plan: false,
    strategy: "highlander",
    json: true,
    keep: true,
  });
  expect(readArguments(["--sick", "--strategy", "highlander"])).toMatchObject({
    nature: "sick",
    strategy: "highlander",
  });
  expect(readArguments(["--plan", "--strategy", "canary"])).toMatchObject({ plan: true, strategy: "canary" });
  expect(readArguments(["--bad", "--help"])).toBe("help");
});

it("names everything that is wrong at once, and what was probably meant", () => {
  expect(readArguments(["--badd", "--strategy", "redblack", "--keep=yes", "fast", "-x"])).toEqual({
    problems: [
      "--badd: there is no such flag (did you mean --bad?)",
      '--strategy: there is none called "redblack" (did you mean red-black?); known: red-black, rolling-red-black, rolling, canary, highlander',
      "--keep: takes no value",
      "fast: only flags are expected",
      "-x: there is no such flag",
    ],
  });
  expect(readArguments(["--strategy"])).toEqual({
    problems: ["--strategy: needs one of red-black, rolling-red-black, rolling, canary, highlander"],
  });
  expect(readArguments(["--bad", "--sick"])).toEqual({
    problems: ["--bad and --sick: a version is either one or the other"],
  });
  expect(readArguments(["--plan", "--kill"])).toEqual({
    problems: ["--plan and --kill: a plan deploys nothing that could be killed"],
  });
});
