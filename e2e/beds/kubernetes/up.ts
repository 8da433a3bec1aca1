// Starts a bed and leaves it up until Ctrl-C, for a look with kubectl or a program of yours.
//
//   npm run e2e:kubernetes:up
import { once } from "node:events";
import { startKubernetes } from "./index.ts";

const began = performance.now();
const bed = await startKubernetes();
const seconds = ((performance.now() - began) / 1000).toFixed(1);
process.stderr.write(`Kubernetes ${bed.version} is up after ${seconds} s; Ctrl-C ends it\n`);
if (bed.control) process.stderr.write(`logs: ${bed.control.folder}/logs\n`);
process.stdout.write(`export KUBECONFIG=${bed.admin.file}\n`);
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await bed.close();
