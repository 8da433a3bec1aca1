// What a promise chain can be waiting for besides virtual time: turns of the event loop (an engine that commits
// once per tick), and file calls.
const PENDING: ReadonlySet<string> = new Set(["Immediate", "FSReqCallback", "FSReqPromise", "CloseReq"]);

// Between the steps of one file call, Node shows nothing pending for one turn.
const QUIET_TURNS = 2;

// Taken now, so that a test runner's fake timers cannot stop virtual time.
const immediate = setImmediate;
const turn = (): Promise<void> => new Promise((resolve) => void immediate(resolve));
const pending = (): boolean => process.getActiveResourcesInfo().some((resource) => PENDING.has(resource));

/**
 * Resolves when this process has nothing left to do right now: all promise chains of any depth have run, and no
 * `setImmediate` and no file call is outstanding. One turn of the event loop runs every promise chain to its end;
 * Node tells whether that left more to do. Real timers and sockets are not waited for.
 */
export async function quiet(): Promise<void> {
  for (let quietTurns = 0; quietTurns < QUIET_TURNS;) {
    await turn();
    quietTurns = pending() ? 0 : quietTurns + 1;
  }
}
