import type { Tally } from "../load/tally.ts";
import type { Progress } from "./progress.ts";
import { count, namesOf, seconds, shortNames } from "./words.ts";

/** How it went, in a line or two. */
export function summary(progress: Progress, load: Tally): readonly string[] {
  const { outcome, startedAt = 0, finishedAt = startedAt, cluster, turned, reason, left = [] } = progress;
  const took = seconds(finishedAt - startedAt);
  const requests = `${count(load.sent)} requests, ${count(load.failed)} failed`;
  if (outcome === "succeeded") return [`succeeded in ${took} · ${requests}`, ...failures(load)];
  const title = outcome === "rolled-back" ? "rolled back" : (outcome ?? "not finished");
  const why = shortNames(turned ?? reason ?? "the log does not say why", cluster);
  return [
    `${title} after ${took}: ${why} · ${whereTraffic(progress)}`,
    `${requests}${illAnswers(progress, load)}`,
    ...left.map((item) => `left behind: ${item}`),
    ...failures(load),
  ];
}

function whereTraffic(progress: Progress): string {
  const { exposedAt, shieldedAt } = progress;
  const { stable } = namesOf(progress);
  if (exposedAt === undefined) return `traffic never left ${stable}`;
  if (shieldedAt === undefined) return "traffic stayed where it is";
  return `traffic was back on ${stable} ${seconds(shieldedAt - exposedAt)} after it had left`;
}

function illAnswers(progress: Progress, { sick }: Tally): string {
  if (sick === 0) return "";
  return ` · ${count(sick)} errors were answered by the ill ${namesOf(progress).candidate} itself`;
}

function failures({ reasons }: Tally): string[] {
  const list = Object.entries(reasons).map(([reason, times]) => `${reason} × ${count(times)}`);
  return list.length === 0 ? [] : [`failed requests: ${list.join(", ")}`];
}
