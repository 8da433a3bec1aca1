/** The program to start as the supervisor: source beside source, dist beside dist. Must stay in the folder of supervisor.ts. */
export const SUPERVISOR_ENTRY: URL = new URL(
  import.meta.url.endsWith(".ts") ? "./supervisor.ts" : "./supervisor.js",
  import.meta.url,
);
