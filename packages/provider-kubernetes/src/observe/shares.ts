/** Whole percentages of weights, 100 in all: each rounded down, the rest to the largest remainders. */
export function percentages(weights: Readonly<Record<string, number>>): Record<string, number> {
  const names = Object.keys(weights);
  const sum = names.reduce((total, name) => total + (weights[name] ?? 0), 0);
  if (sum === 0) return {};
  const exact = names.map((name) => ({ name, exact: (100 * (weights[name] ?? 0)) / sum }));
  const floors = exact.map((each) => ({ ...each, share: Math.floor(each.exact) }));
  const rest = 100 - floors.reduce((total, { share }) => total + share, 0);
  const byRemainder = floors.toSorted((a, b) => (b.exact % 1) - (a.exact % 1));
  const raised = new Set(byRemainder.slice(0, rest).map(({ name }) => name));
  return Object.fromEntries(floors.map(({ name, share }) => [name, raised.has(name) ? share + 1 : share]));
}
