import { createDelivery, type Event, memory } from "@gennaker/core";
import { tapped } from "./tapped-engine.ts";
import { runOnce, tenSteps } from "./ten-steps.ts";

/** What a run of ten steps writes, as it is committed: what a floor must write too. */
export async function commitsOfOneRun(): Promise<readonly (readonly Event[])[]> {
  const commits: (readonly Event[])[] = [];
  const engine = tapped(memory(), (events) => commits.push(events));
  const delivery = createDelivery({ engine, pipelines: [tenSteps] });
  await runOnce(delivery);
  await delivery.close();
  return commits;
}
