// Builds what the Kubernetes bed is started from, and says what that took.
//
//   npm run e2e:kubernetes:build
import { binaries, builtBefore } from "./build/binaries.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const began = performance.now();
const warm = builtBefore() !== undefined;
try {
  const { folder, kubernetes } = await binaries(say);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(warm ? `Kubernetes ${kubernetes} was built before` : `built Kubernetes ${kubernetes} in ${seconds} s`);
  process.stdout.write(`${folder}\n`);
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
