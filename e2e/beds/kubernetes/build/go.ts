import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const OLDEST = [1, 26] as const;

// A developer's own workspace or flags must not change what the locked modules resolve to.
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  CGO_ENABLED: "0",
  GOWORK: "off",
  GOFLAGS: "-mod=readonly",
};

/** Why nothing can be built here; undefined when it can. */
export async function whyNoGo(): Promise<string | undefined> {
  const need = `the Kubernetes bed is built from source and needs Go ${OLDEST.join(".")} or later`;
  const version = await goVersion().catch(() => undefined);
  if (version === undefined) return `${need}; there is no \`go\` in PATH`;
  const [major = 0, minor = 0] = version.replace(/^go/, "").split(".").map(Number.parseFloat);
  const enough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return enough ? undefined : `${need}; the one in PATH is ${version}`;
}

async function goVersion(): Promise<string> {
  return (await promisify(execFile)("go", ["env", "GOVERSION"])).stdout.trim();
}

/** Runs Go in a folder at a low priority; resolves to what it printed, or throws with Go's own words. */
export async function go(folder: string, args: readonly string[]): Promise<string> {
  const child = spawn("nice", ["-n", "10", "go", ...args], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  let complaints = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return printed;
  throw new Error(
    `go ${args[0] ?? ""} in ${folder} failed:\n${complaints.trimEnd().split("\n").slice(-20).join("\n")}`,
  );
}
