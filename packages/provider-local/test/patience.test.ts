import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { eventually } from "./fixtures/bed.ts";
import { bodyOf, type Front, openFront, openRawFront } from "./fixtures/front.ts";
import { ask } from "./fixtures/traffic.ts";

let front: Front;
afterEach(() => front.end());

test("a client that never finishes its headers, or its body, is sent away", async () => {
  front = await openFront((incoming, response) => incoming.on("end", () => response.end()).resume(), 100);
  expect(await front.raw("GET / HTTP/1.1\r\nHost: a\r\n")).toMatch(/^HTTP\/1\.1 408 |^$/);
  const stalled = front.raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  await eventually(() => front.target.outstanding === 1);
  await stalled.catch(() => "broken off");
  await eventually(() => front.target.outstanding === 0);
});

test("a client that waits for an instance that takes its time is not sent away", async () => {
  let asked = 0;
  front = await openFront(async (incoming, response) => {
    asked += 1;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    response.end(await bodyOf(incoming));
  }, 600);
  const body = "x".repeat(3_000_000);
  expect((await ask(front.url, { method: "POST", body })).body === body).toBe(true);
  expect(asked).toBe(1);
});

test("an instance that says no before it has read the body is heard, and the connection goes on", async () => {
  front = await openRawFront((instance) => {
    instance.once("data", (head) => {
      const refused = head.toString("latin1").startsWith("POST");
      if (refused) instance.pause();
      instance.write(`HTTP/1.1 ${refused ? 413 : 200} x\r\nContent-Length: 2\r\n\r\nno`);
    });
  });
  const socket = connect(front.port, "127.0.0.1");
  let got = "";
  socket.on("data", (chunk) => (got += chunk.toString()));
  socket.write("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 40000000\r\n\r\n");
  socket.write("x".repeat(40_000_000));
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await once(socket, "close");
  expect(got.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"]);
});

test("a large PUT is not lost to a connection that the instance was just closing", async () => {
  let connections = 0;
  front = await openRawFront((socket) => {
    connections += 1;
    let served = 0;
    let got = "";
    socket.on("data", (chunk) => {
      // Each connection is good for one request; what comes after meets a closed door.
      if (served > 0) {
        setTimeout(() => socket.resetAndDestroy(), 50);
        return;
      }
      got += chunk.toString("latin1");
      const length = Number(/content-length: (\d+)/i.exec(got)?.[1] ?? 0);
      const head = got.indexOf("\r\n\r\n");
      if (head < 0 || got.length < head + 4 + length) return;
      served += 1;
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  for (const bytes of [10, 2_000_000, 10, 2_000_000])
    expect([bytes, (await ask(front.url, { method: "PUT", body: "x".repeat(bytes) })).status]).toEqual([
      bytes,
      200,
    ]);
  for (let n = 0; n < 3; n += 1) expect((await ask(front.url)).status).toBe(200);
  expect(connections).toBeGreaterThan(3);
});

test("all that an instance said before it closed an upgraded connection arrives, however slowly it is read", async () => {
  const bytes = 24_000_000;
  front = await openRawFront((socket: Socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: pipe\r\nConnection: Upgrade\r\n\r\n");
      socket.end("y".repeat(bytes));
    });
  });
  const sent = request(front.url, { headers: { Connection: "Upgrade", Upgrade: "pipe" } });
  sent.end();
  const [, socket, head] = (await once(sent, "upgrade")) as [unknown, Socket, Buffer];
  socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 100));
  let got = head.length;
  socket.on("data", (chunk) => {
    got += chunk.length;
    socket.pause();
    setTimeout(() => socket.resume(), 2);
  });
  await once(socket.resume(), "close");
  expect(got).toBe(bytes);
  socket.end();
  await eventually(() => front.target.outstanding === 0);
});

test("two callers that open one balancer at the same time get the same address", async () => {
  front = await openFront((_, response) => response.end());
  const { balancer, port } = front;
  balancer.close();
  const opened = await Promise.all([1, 2, 3].map(() => balancer.open({ host: "127.0.0.1", port })));
  expect(new Set(opened.map((one) => one.port))).toEqual(new Set([port]));
  balancer.close();
  const any = await Promise.all([1, 2].map(() => balancer.open({ host: "127.0.0.1", port: 0 })));
  expect(any[0]).toEqual(any[1]);
});
