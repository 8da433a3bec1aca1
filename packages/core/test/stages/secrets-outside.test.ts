import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createDelivery, type Event, memorySecrets, pipeline, secret } from "../../src/index.ts";
import { type HttpInput, httpStage, script, type ScriptInput } from "../../src/stages.ts";
import { Tail } from "../../src/stages/script/tail.ts";
import { collect } from "../fixtures/collect.ts";

const VALUE = "hunter2-hunter2-hunter2";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  answer: (request: IncomingMessage) => { status?: number; headers?: Record<string, string>; body?: string },
): Promise<string> {
  const server = createServer((request, response) => {
    const { status = 200, headers = {}, body = "" } = answer(request);
    response.writeHead(status, headers).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** All events of a run of one stage that refers to the secret. */
async function events(
  stage: "http" | "script",
  input: HttpInput | ScriptInput,
  value = VALUE,
): Promise<readonly Event[]> {
  const near = httpStage({ allowPrivate: true, retry: { attempts: 1 } });
  const delivery = createDelivery({ secretResolver: memorySecrets({ token: value }) });
  const run = await (stage === "http"
    ? delivery.start(
        pipeline("outside").stage("out", near, () => input as HttpInput),
        null,
      )
    : delivery.start(
        pipeline("outside").stage("out", script, () => input as ScriptInput),
        null,
      ));
  await run.outcome();
  const all = await collect(run.events());
  await delivery.close();
  return all;
}

const errorIn = (all: readonly Event[]): string =>
  all.flatMap((event) => (event.type === "stage-failed" ? [event.error.message] : []))[0] ?? "";

const outputIn = (all: readonly Event[]): unknown =>
  all.flatMap((event) => (event.type === "stage-succeeded" ? [event.output] : []))[0];

const sh = (text: string): ScriptInput["command"] => ["sh", "-c", text];

it("shows no part of a secret where a long answer is cut off", async () => {
  const url = await serve(({ headers }) => ({
    status: 400,
    body: `${"x".repeat(190)}${String(headers["x-token"])}`,
  }));
  const all = await events("http", { url, headers: { "x-token": secret("token") } });
  expect(errorIn(all)).toContain("answered 400: xxx");
  expect(JSON.stringify(all)).not.toContain("hunter2");
});

it("shows nothing of the query of the address that an answer leads to", async () => {
  const url = await serve(() => ({
    status: 302,
    headers: { location: "https://ana:pw@files.example/get?signature=abc123#part" },
  }));
  expect(errorIn(await events("http", { url }))).toContain(
    "answered 302 (to https://files.example/get; redirects are not followed)",
  );
});

it("shows no secret that is part of the path that was called, however the address writes it", async () => {
  const value = 'T00/B00/ünï "x" {y}';
  const url = await serve(() => ({ status: 404 }));
  const all = await events("http", { url: `${url}/hooks/${secret("token")}` }, value);
  expect(errorIn(all)).toContain(`GET ${url}/hooks/[redacted] answered 404`);
});

it("shows no secret that is the name of the host that was called", async () => {
  const all = await events("http", { url: `http://${secret("token")}.invalid/` }, "HunterTwoHunter");
  expect(errorIn(all)).toContain("failed: ");
  expect(JSON.stringify(all)).not.toMatch(/huntertwo/i);
});

it("keeps a secret out of what an answer is recorded as: its fields, its numbers, its texts", async () => {
  const value = "48151623";
  const url = await serve(({ headers }) => {
    const token = String(headers["x-token"]);
    return {
      headers: { "content-type": "application/json" },
      body: `{"${token}":1,"pin":${token},"text":"is ${token}"}`,
    };
  });
  const all = await events("http", { url, headers: { "x-token": secret("token") } }, value);
  expect(outputIn(all)).toEqual({
    status: 200,
    body: { "[redacted]": 1, pin: "[redacted]", text: "is [redacted]" },
  });
});

it("shows no part of a secret that a script prints in pieces", async () => {
  const all = await events("script", {
    command: sh(
      'printf "token %.7s" "$TOKEN"; sleep 0.3; printf "%s\\n" "$(printf %s "$TOKEN" | cut -c8-)"; sleep 1.1; echo done',
    ),
    env: { TOKEN: secret("token") },
  });
  expect(outputIn(all)).toEqual({ output: "token [redacted]\ndone\n" });
  expect(all.some(({ type }) => type === "stage-progressed")).toBe(true);
  expect(JSON.stringify(all)).not.toContain("hunter2");
});

it("shows no part of a secret in a long line of progress", async () => {
  const all = await events("script", {
    command: sh(`printf "${"x".repeat(190)}%s\\n" "$TOKEN"`),
    env: { TOKEN: secret("token") },
  });
  expect(all.some(({ type }) => type === "stage-progressed")).toBe(true);
  expect(JSON.stringify(all)).not.toContain("hunter2");
});

it("shows no line of a key of several lines that a script prints", async () => {
  const lines = Array.from({ length: 9 }, (_, line) => `line${line}-${"k".repeat(20)}`);
  const key = ["-----BEGIN KEY-----", ...lines, "-----END KEY-----"].join("\n");
  const all = await events(
    "script",
    { command: sh('echo "$KEY"; echo "$KEY" >&2; exit 1'), env: { KEY: secret("token") } },
    key,
  );
  expect(errorIn(all)).toContain("sh ended with 1");
  expect(JSON.stringify(all)).not.toContain("kkkk");
});

it("shows no part of a secret where the beginning of a long output is cut off", async () => {
  const printed = `${"x".repeat(100)}${VALUE}${"y".repeat(65_536 - 10)}`;
  const all = await events("script", {
    command: [
      process.execPath,
      "-e",
      'process.stdout.write("x".repeat(100) + process.env.TOKEN + "y".repeat(65526))',
    ],
    env: { TOKEN: secret("token") },
  });
  const { output } = outputIn(all) as { output: string };
  expect(printed.slice(-65_536).startsWith("er2-hunter2".slice(1))).toBe(true);
  expect(output.length).toBeLessThanOrEqual(65_536);
  expect(output).toMatch(/y{65526}$/);
  expect(output).not.toContain("hunter2");
  expect(output).not.toContain("er2");
});

it.each([" ", "\n"])(
  "shows no part of a long secret that a script prints again and again, with %j between",
  (gap) => {
    const token = Array.from({ length: 300 }, (_, index) => `part-${String(index).padStart(4, "0")}.`).join(
      "",
    );
    const tail = new Tail((text) => text.replaceAll(token, "[redacted]"));
    for (let count = 0; count < 100; count++) tail.add(token + gap);
    expect(tail.isCut).toBe(true);
    expect(tail.text).not.toContain("part-");
    expect(tail.lines(5)).not.toContain("part-");
  },
);

it("shows no part of a secret that a script prints without end", async () => {
  const all = await events("script", {
    command: [
      process.execPath,
      "-e",
      'process.stdout.write((process.env.TOKEN + "").repeat(100000) + "\\nlast")',
    ],
    env: { TOKEN: secret("token") },
  });
  const { output } = outputIn(all) as { output: string };
  expect(output.endsWith("last")).toBe(true);
  expect(output).not.toMatch(/hunter|unter|nter2|er2/);
});

it("says that a script did not start, and not with what, when it cannot be given what holds a zero", async () => {
  const all = await events(
    "script",
    { command: ["echo", secret("token")], env: { TOKEN: secret("token") } },
    `${VALUE}\0tail`,
  );
  expect(errorIn(all)).toContain("echo did not start");
  expect(JSON.stringify(all)).not.toContain("hunter2");
});
