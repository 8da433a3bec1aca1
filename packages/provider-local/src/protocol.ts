/** What provider and supervisor speak; raised when they would misunderstand each other. */
export const PROTOCOL = "1";

/** How a supervisor is found: `supervisor.json` in its directory. */
export interface SupervisorAddress {
  readonly pid: number;
  readonly protocol: string;
  readonly socket: string;
}
