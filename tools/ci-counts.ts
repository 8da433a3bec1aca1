// .ci/run: sums up what the parts of CI counted, names what failed, and prints the counts as the last line.
//
//   node tools/ci-counts.ts VITEST_JSON… --e2e E2E_JSON
//
// Vitest's own reports first; after --e2e, what end-to-end runs printed with --json: the last line counts. What left no
// report is one failure: a part that broke down must not look like one that had nothing to do.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed, by name, with the first line of why. */
  readonly failures: readonly string[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { e2e: { type: "string", multiple: true, default: [] } },
});
const parts = [
  ...positionals.map((file) => countsOf(file, ofVitest)),
  ...values.e2e.map((file) => countsOf(file, ofEndToEnd)),
];
const total = parts.reduce(
  (sum, part) => ({
    passed: sum.passed + part.passed,
    failed: sum.failed + part.failed,
    skipped: sum.skipped + part.skipped,
    failures: [...sum.failures, ...part.failures],
  }),
  { passed: 0, failed: 0, skipped: 0, failures: [] },
);
for (const failure of total.failures) console.log(`failed: ${failure}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);

function countsOf(file: string, read: (text: string) => Counts): Counts {
  try {
    return read(readFileSync(file, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { passed: 0, failed: 1, skipped: 0, failures: [`${file}: no report (${reason})`] };
  }
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

// A file that failed to load has no tests in it: it counts as one failure.
function ofVitest(text: string): Counts {
  const report = JSON.parse(text) as VitestReport;
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests,
    failures: [
      ...report.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter(({ status }) => status === "failed")
          .map((test) => `${name} > ${test.fullName}: ${firstLine(test.failureMessages[0])}`),
      ),
      ...broken.map(({ name, message }) => `${name}: ${firstLine(message)}`),
    ],
  };
}

function firstLine(text = ""): string {
  return text.split("\n", 1)[0] ?? "";
}

interface EndToEndReport {
  readonly skipped?: string;
  readonly conformance: {
    readonly passed: number;
    readonly failed: readonly string[];
    readonly skipped: readonly string[];
  };
  readonly scenarios: readonly { readonly name: string; readonly outcome: string; readonly ok: boolean }[];
  readonly orphans: number;
  readonly requestsLost: number;
}

function ofEndToEnd(text: string): Counts {
  const report = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as EndToEndReport;
  if (report.skipped !== undefined) return { passed: 0, failed: 0, skipped: 1, failures: [] };
  const { conformance, scenarios } = report;
  const bad = scenarios.filter(({ ok }) => !ok);
  // Whatever made the run fail is in its counts, if no scenario has it already.
  const lost = bad.length === 0 && report.orphans + report.requestsLost > 0;
  return {
    passed: conformance.passed + scenarios.length - bad.length,
    failed: conformance.failed.length + bad.length + (lost ? 1 : 0),
    skipped: conformance.skipped.length,
    failures: [
      ...conformance.failed.map((name) => `conformance > ${name}`),
      ...bad.map(({ name, outcome }) => `${name}: ${outcome}`),
      ...(lost ? [`${report.orphans} orphans, ${report.requestsLost} requests lost`] : []),
    ],
  };
}
