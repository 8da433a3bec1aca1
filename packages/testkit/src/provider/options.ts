import type { Provider } from "@gennaker/core/ports";

/** Registers a test: `test` of vitest, of node:test, or of any runner that awaits what the function returns. */
export interface RegisterTest {
  (name: string, run: () => Promise<void>): unknown;
  /** Where the runner has it, skipped tests show as skipped. */
  readonly skip?: (name: string, run: () => Promise<void>) => unknown;
}

/** A provider to be tried, in a place of its own. */
export interface ProviderUnderTest<Release> {
  readonly provider: Provider<Release>;
  /** A name for `provider.cluster`, never used before. */
  readonly cluster: string;
  /** A release that becomes healthy. */
  readonly release: Release;
  /** A release that never becomes healthy. */
  readonly badRelease?: Release;
  /** Another good release. Default: `release`. */
  readonly otherRelease?: Release;
  /** Another connection to the same world, as after a crash. The kit closes it. */
  reconnect?(): Promise<Provider<Release>>;
  /** Which group answers at an address that `preview` gave; needed where `supports.preview`. */
  reach?(address: string): Promise<string>;
  /** Names of what is left in the world; asked after `dispose`. */
  residue?(): Promise<readonly string[]>;
  /** Ends everything that the test made. Called once for each test, also when it failed. */
  dispose(): Promise<void>;
}

/** Tests that cannot hold here, by their full names, and why. */
export interface SkippedTests {
  readonly reason: string;
  readonly tests: readonly string[];
}

/** How to try a provider. */
export interface ProviderKitOptions<Release> {
  /** Called for each test: fresh and isolated. */
  readonly create: () => Promise<ProviderUnderTest<Release>>;
  /**
   * Waits until a condition holds, asking as often as fits the world, and gives up with an error that names `what`
   * when that takes longer than a healthy world needs. In virtual time: moves the clock.
   */
  readonly wait: (until: () => Promise<boolean>, what: string) => Promise<void>;
  readonly skip?: readonly SkippedTests[];
}
