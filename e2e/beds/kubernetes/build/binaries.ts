import { existsSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder, fillOnce } from "./cache.ts";
import { go, whyNoGo } from "./go.ts";
import { CARRIED, MODULES, kubernetesVersion, programs } from "./recipe.ts";

/** What the bed is started from. */
export interface Binaries {
  /** The folder of it all: `bin`, `crds`, `stages`. */
  readonly folder: string;
  /** Such as `v1.36.3`. */
  readonly kubernetes: string;
}

/** The binaries if they were built before. */
export function builtBefore(): Binaries | undefined {
  const folder = cacheFolder();
  return existsSync(folder) ? { folder, kubernetes: kubernetesVersion() } : undefined;
}

/** Why there are no binaries and can be none; undefined when there are, or they can be built. */
export async function whyNoBinaries(): Promise<string | undefined> {
  return builtBefore() ? undefined : await whyNoGo();
}

/**
 * The binaries, built first if need be: minutes on a cold machine. Tells what it does, line by line.
 *
 * @throws Error without Go, or with Go's own words when the build fails
 */
export async function binaries(say: (line: string) => void): Promise<Binaries> {
  const before = builtBefore();
  if (before) return before;
  const missing = await whyNoGo();
  if (missing)
    throw new Error(`${missing}. Install Go, or set GENNAKER_KUBECONFIG to use a cluster of yours.`);
  const folder = cacheFolder();
  await fillOnce(folder, (draft) => build(draft, say), say);
  return { folder, kubernetes: kubernetesVersion() };
}

async function build(draft: string, say: (line: string) => void): Promise<void> {
  for (const { name, args } of programs()) {
    const began = performance.now();
    say(`building ${name} …`);
    await go(join(MODULES, name), [
      "build",
      "-trimpath",
      "-buildvcs=false",
      "-o",
      join(draft, "bin", name),
      ...args,
    ]);
    say(`built ${name} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  for (const { in: consumer, module, from, to } of CARRIED) {
    const source = join(await moduleFolder(consumer, module), from);
    await mkdir(dirname(join(draft, to)), { recursive: true });
    await cp(source, join(draft, to), { recursive: true });
  }
}

async function moduleFolder(consumer: string, module: string): Promise<string> {
  const folder = join(MODULES, consumer);
  await go(folder, ["mod", "download", module]);
  return (await go(folder, ["list", "-m", "-f", "{{.Dir}}", module])).trim();
}
