/** What the keeper is told. JSON. */
export type ToKeeper =
  | {
      readonly do: "start";
      readonly id: string;
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
      /** The file that output is appended to. */
      readonly log: string;
    }
  | { readonly do: "signal"; readonly id: string; readonly signal: NodeJS.Signals };

/** What the keeper tells. JSON. */
export type FromKeeper =
  | { readonly is: "started"; readonly id: string; readonly pid: number }
  | { readonly is: "failed"; readonly id: string; readonly reason: string }
  | {
      readonly is: "exited";
      readonly id: string;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };
