import type { Engine } from "@gennaker/core/ports";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import type { SkippedTests } from "../provider/options.ts";

/** An engine to be tried, with a log of its own. */
export interface EngineUnderTest {
  /** Not open: the kit opens it. */
  readonly engine: Engine;
  /**
   * Another engine on the same log, not open, that will get the log although the first one is still open, as after
   * that one was killed or hangs. Absent for an engine whose log ends with its process; then that is tried instead.
   */
  reopen?(): Promise<Engine>;
  /** Ends everything that the test made; the kit has closed the engines. Called once, also when the test failed. */
  dispose(): Promise<void>;
}

/** How to try an engine. */
export interface EngineKitOptions {
  /** Called for each test: fresh and isolated. */
  readonly create: () => Promise<EngineUnderTest>;
  /** Given to the engine as its clock, and moved by the kit. */
  readonly clock: VirtualClock;
  /** Milliseconds of real time to wait for what must come; default 5000. For engines that talk to a server. */
  readonly patienceMs?: number;
  readonly skip?: readonly SkippedTests[];
}
