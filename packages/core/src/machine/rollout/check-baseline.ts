import type { Phase, Situation } from "../../model/phase.ts";

/**
 * What is wrong with the baseline that phases want. It compares, and then it is gone: nothing may be left of it where
 * nothing leads back any more.
 */
export function checkBaseline(phases: readonly Phase[], { stable }: Situation): readonly string[] {
  const named = phases.filter(({ want }) => want.baseline !== undefined);
  const gone = named.findIndex(isGone);
  const until = gone < 0 ? named : named.slice(0, gone + 1);
  const past = gone < 0 ? [] : named.slice(gone);
  const last = named.at(-1);
  return [
    ...until
      .filter((phase) => !isGone(phase) && !stable)
      .map((phase) => says(phase, "there is no stable group yet whose release it could run")),
    ...past
      .filter((phase) => !isGone(phase))
      .map((phase) => says(phase, "it is gone already and cannot come back")),
    ...(last && !isGone(last)
      ? [says(last, 'it is never removed (write baseline: "gone" into a later phase)')]
      : []),
    ...until
      .filter(({ after }) => after === "forward")
      .map((phase) => says(phase, "nothing leads back from here (let it be gone in an earlier phase)")),
  ];
}

function isGone({ want }: Phase): boolean {
  return want.baseline === "gone";
}

function says({ name }: Phase, problem: string): string {
  return `phase ${JSON.stringify(name)}: baseline: ${problem}`;
}
