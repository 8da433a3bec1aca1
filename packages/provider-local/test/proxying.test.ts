import { randomBytes } from "node:crypto";
import { Agent, get, request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bed, eventually, openBed } from "./fixtures/bed.ts";
import { ask } from "./fixtures/traffic.ts";

let bed: Bed;
let url: string;
let group: string;
beforeEach(async () => {
  bed = await openBed();
  group = await bed.healthyGroup(1);
  await bed.provider.setTraffic(bed.cluster, { shares: { [group]: 100 } }, bed.token());
  url = await bed.provider.address(bed.cluster);
});
afterEach(() => bed.end());

const active = async (): Promise<number> =>
  (await bed.provider.stats(bed.cluster)).groups[group]?.active ?? 0;

/** Bytes in, everything that comes back until the other side closes. */
function raw(text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
  let got = "";
  socket.on("data", (chunk) => (got += chunk.toString()));
  socket.on("error", reject);
  socket.on("close", () => resolve(got));
  return promise;
}

test("a body of 5 MB passes both ways unchanged", async () => {
  const body = randomBytes(5_000_000).toString("hex");
  for (const method of ["POST", "PUT"])
    expect((await ask(`${url}/echo`, { method, body })).body === body).toBe(true);
});

test("the instance learns who asked, and nothing about the client's connection", async () => {
  const agent = new Agent({ keepAlive: true });
  const { promise, resolve } = Promise.withResolvers<string>();
  const headers = {
    "X-Forwarded-For": "10.0.0.7",
    Host: "shop.example",
    Connection: "x-hop",
    "X-Hop": "1",
    "X-Kept": "2",
  };
  get(`${url}/headers`, { agent, headers }, (response) => {
    let text = "";
    response.on("data", (chunk) => (text += chunk));
    response.on("end", () => resolve(text));
  });
  const seen = JSON.parse(await promise) as Record<string, string>;
  expect(seen).toMatchObject({
    host: "shop.example",
    "x-forwarded-for": "10.0.0.7, 127.0.0.1",
    "x-forwarded-host": "shop.example",
    "x-forwarded-proto": "http",
    "x-kept": "2",
  });
  expect(seen).not.toHaveProperty("x-hop");
  agent.destroy();
});

test("HEAD brings headers and no body", async () => {
  expect(await ask(url, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
});

test("a client that waits for 100-continue is told to go on", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const sent = request(`${url}/echo`, {
    method: "POST",
    headers: { Expect: "100-continue", "Content-Length": 5 },
  });
  sent.on("continue", () => sent.end("order"));
  sent.on("response", (response) => response.on("data", (chunk) => resolve(String(chunk))));
  sent.flushHeaders();
  expect(await promise).toBe("order");
});

test("a chunked body of a DELETE stays the body of that one request", async () => {
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
  const got = await raw(
    `DELETE /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  );
  expect(got.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(got).toContain("GET /smuggled");
});

test("rubbish instead of HTTP is answered 400 and harms nobody", async () => {
  expect(await raw("rubbish\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  expect((await ask(url)).status).toBe(200);
});

test("an answer that breaks off half way looks broken to the client, never complete", async () => {
  await expect(ask(`${url}/break-off`)).rejects.toMatchObject({ code: "ECONNRESET" });
  expect((await bed.provider.stats(bed.cluster)).groups[group]).toMatchObject({ requests: 1, failures: 1 });
});

test("a client that goes away ends its request at the instance", async () => {
  const abort = new AbortController();
  const gone = fetch(`${url}/?ms=60000`, { signal: abort.signal }).catch(() => "gone");
  await eventually(async () => (await active()) === 1);
  abort.abort();
  expect(await gone).toBe("gone");
  await eventually(async () => (await active()) === 0);
});

test("a WebSocket passes, and survives its group's loss of traffic", async () => {
  const socket = new WebSocket(url.replace("http", "ws"));
  const heard: string[] = [];
  socket.addEventListener("message", ({ data }) => heard.push(String(data)));
  socket.addEventListener("open", () => socket.send("one"));
  await eventually(() => heard.length === 1);
  const other = await bed.healthyGroup(1);
  await bed.provider.setTraffic(bed.cluster, { shares: { [other]: 100 } }, bed.token());
  socket.send("two");
  await eventually(() => heard.length === 2);
  expect(heard).toEqual(["one", "two"]);
  expect(await active()).toBe(1);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  socket.close();
  await closed;
  await eventually(async () => (await active()) === 0);
});

const shakeHands = (path: string): Promise<string> =>
  raw(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);

test("a WebSocket that cannot be had is answered in HTTP, and the connection ends", async () => {
  expect(await shakeHands("/refuse")).toMatch(
    /^HTTP\/1\.1 403 Forbidden\r\n.*Connection: close\r\n.*no ws$/s,
  );
  expect(await shakeHands("/hang-up")).toMatch(/^HTTP\/1\.1 502 .*shop-api-v001-1 broke the connection/s);

  await bed.provider.setTraffic(bed.cluster, { shares: {} }, bed.token());
  expect(await shakeHands("/")).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 1\r\n/s);
  expect((await bed.provider.stats(bed.cluster)).groups[group]).toMatchObject({
    requests: 2,
    failures: 1,
    active: 0,
  });
});
