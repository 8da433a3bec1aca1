import { RULES } from "@gennaker/core/machine";
import { type Settings, withDefaults } from "./options.ts";
import type { Brief } from "./properties.ts";

/** A test file that follows a history again, with the strategy as it was planned: nothing else is needed to run it. */
export function pasteable(says: string, history: readonly string[], brief: Brief): string {
  const { strategy, planned, settings } = brief;
  const { name, version, options, size, modes } = strategy;
  return [
    `import type { Strategy } from "@gennaker/core";`,
    `import { replayHistory } from "@gennaker/testkit";`,
    `import { expect, it } from "vitest";`,
    ``,
    `it(${text(says)}, () => {`,
    `  // As it was planned in this world. Call your own factory instead, and the test follows what you change.`,
    `  const strategy: Strategy = {`,
    ...Object.entries({ name, version, options, size, modes }).map(
      ([field, value]) => `    ${field}: ${text(value)},`,
    ),
    `    rollout: () => (${text(planned.rollout)}),`,
    `  };`,
    ...(settings.rules === RULES
      ? []
      : [`  // It was found with other rules than these: give them as \`rules\`.`]),
    `  const { broken } = replayHistory(strategy, ${text(given(settings))}, [`,
    ...history.map((label) => `    ${text(label)},`),
    `  ]);`,
    `  expect(broken).toEqual([]);`,
    `});`,
    ``,
  ].join("\n");
}

// What is as by default need not be said.
function given({ rules: _, ...settings }: Settings): object {
  const defaults: Readonly<Record<string, unknown>> = { ...withDefaults({}) };
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => text(value) !== text(defaults[name])),
  );
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
