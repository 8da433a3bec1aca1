import { binaries } from "../build/binaries.ts";
import { whyNoControl } from "../index.ts";

const say = (line: string): void => void process.stderr.write(`kubernetes bed: ${line}\n`);

// Before the tests, as a cold build takes longer than any test may.
export default async function built(): Promise<void> {
  const why = await whyNoControl();
  if (why) say(`most tests are skipped: ${why}`);
  else await binaries(say);
}
