import { get } from "node:http";
import type { HealthRules } from "../release.ts";

/** `unknown`: taken over from another supervisor and not asked yet. */
export type Health = "starting" | "healthy" | "unhealthy" | "unknown";

/** What came of asking once. `refused`: nobody listens on the port. */
export type Answer =
  | { readonly well: true }
  | { readonly well: false; readonly refused: boolean; readonly text: string };

/** Health so far, and how many equal answers in a row lead elsewhere. */
export interface Streak {
  readonly health: Health;
  readonly well: number;
  readonly ill: number;
}

export const FIRST_STREAK: Streak = { health: "starting", well: 0, ill: 0 };

/** One more answer. `age`: milliseconds since the process started. */
export function judge(streak: Streak, answer: Answer, rules: HealthRules, age: number): Streak {
  if (answer.well) {
    const well = streak.well + 1;
    const enough = streak.health === "unknown" || streak.health === "healthy" || well >= rules.healthyAfter;
    return { health: enough ? "healthy" : streak.health, well, ill: 0 };
  }
  if (answer.refused && streak.health === "starting" && age < rules.bootMs) return { ...streak, well: 0 };
  const ill = streak.ill + 1;
  return { health: ill >= rules.unhealthyAfter ? "unhealthy" : streak.health, well: 0, ill };
}

/** Asks an instance once. */
export function ask(port: number, rules: HealthRules): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const what = `GET ${rules.path}`;
  const request = get({ host: "127.0.0.1", port, path: rules.path, agent: false }, (response) => {
    const status = response.statusCode ?? 0;
    response.resume();
    const well = status >= 200 && status < 400;
    resolve(well ? { well } : { well, refused: false, text: `${what} answered ${status}` });
  });
  const timer = setTimeout(() => {
    resolve({ well: false, refused: false, text: `${what} did not answer within ${rules.timeoutMs} ms` });
    request.destroy();
  }, rules.timeoutMs);
  request.on("error", (error: NodeJS.ErrnoException) => {
    const refused = error.code === "ECONNREFUSED";
    const text = refused ? "nothing listens on its PORT" : `${what} failed: ${error.code ?? error.message}`;
    resolve({ well: false, refused, text });
  });
  // The head is the answer. A body without an end is cut off at the same time as a missing answer.
  request.on("close", () => clearTimeout(timer));
  return promise;
}
