import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { createDelivery, pipeline, type RunView, type Schema, type StageView } from "../../src/index.ts";
import { http, type HttpInput, httpStage } from "../../src/stages.ts";
import { isPrivate } from "../../src/stages/http/address.ts";

interface Seen {
  readonly method: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly cut?: boolean;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(...replies: readonly Reply[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const {
        status = 200,
        headers = {},
        body: text = "",
        cut,
      } = replies[seen.length] ?? replies.at(-1) ?? {};
      seen.push({ method: request.method, headers: request.headers, body });
      if (cut) request.socket.destroy();
      else response.writeHead(status, headers).end(text);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const near = httpStage({ allowPrivate: ["127.0.0.1"], retry: { attempts: 3, delay: "1ms" } });

async function call(input: HttpInput, stage = near): Promise<StageView & { readonly run: RunView }> {
  const calling = pipeline("calling").stage("call", stage, () => input);
  const delivery = createDelivery();
  const run = await delivery.start(calling, null);
  await run.outcome();
  const view = await run.state();
  await delivery.close();
  const [only] = view.stages;
  if (!only) throw new Error("no stage");
  return { ...only, run: view };
}

const json = { "content-type": "application/json" };

it("calls an address and leaves what it answered", async () => {
  const { url, seen } = await serve({ status: 201, headers: json, body: '{"id":"T-1"}' });
  const stage = await call({
    url: `${url}/tickets`,
    body: { title: "release" },
    headers: { "X-Team": "shop" },
  });
  expect(stage.output).toEqual({ status: 201, body: { id: "T-1" } });
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ method: "POST", body: '{"title":"release"}' });
  expect(seen[0]?.headers).toMatchObject({ "x-team": "shop", "content-type": "application/json" });
  expect(seen[0]?.headers["idempotency-key"]).toBe(`${stage.run.id}/call`);
});

it("tries again what can do no harm, with the same key", async () => {
  const { url, seen } = await serve({ status: 503 }, { cut: true }, { body: "done" });
  const stage = await call({ url, method: "PUT", body: "x" });
  expect(stage.output).toEqual({ status: 200, body: "done" });
  expect(stage.attempt).toBe(3);
  expect(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
});

it("does not send a POST twice when it may have arrived", async () => {
  const { url, seen } = await serve({ cut: true }, { body: "twice" });
  const stage = await call({ url, body: "pay" });
  expect(stage.status).toBe("failed");
  expect(stage.error?.message).toContain("it may have arrived: look before you repeat it");
  expect(seen).toHaveLength(1);
});

it("sends a POST again when the other side recognises repetitions", async () => {
  const { url, seen } = await serve({ status: 500 }, { body: "once" });
  const stage = await call({ url, body: "pay", idempotent: true });
  expect(stage.status).toBe("succeeded");
  expect(seen).toHaveLength(2);
});

it("sends a POST again that surely did not arrive", async () => {
  const { url } = await serve({});
  const gone = new URL(url);
  servers.splice(0).forEach((server) => server.close());
  const stage = await call({ url: gone.href, body: "pay" });
  expect(stage.error?.message).toContain("ECONNREFUSED");
  expect(stage.attempt).toBe(3);
});

it("fails at once at an answer that will not get better, and says what it was", async () => {
  const { url, seen } = await serve({ status: 404, body: "no such ticket" });
  const stage = await call({ url: `${url}/tickets/7?token=secret-value` });
  expect(stage.error).toMatchObject({
    code: "http-status",
    message: `GET ${url}/tickets/7 answered 404: no such ticket`,
  });
  expect(seen).toHaveLength(1);
});

it("takes the answers that are expected, and no others", async () => {
  const { url } = await serve({ status: 404 });
  expect((await call({ url, expect: [404] })).status).toBe("succeeded");
  const ok = await serve({ status: 200 });
  expect((await call({ url: ok.url, expect: [204] })).status).toBe("failed");
});

it("does not follow a redirect, which could lead anywhere", async () => {
  const { url, seen } = await serve({ status: 302, headers: { location: "http://169.254.169.254/" } });
  const stage = await call({ url });
  expect(stage.error?.message).toContain(
    "answered 302 (to http://169.254.169.254/; redirects are not followed)",
  );
  expect(seen).toHaveLength(1);
});

it("refuses private addresses, by number and by name, unless they are allowed", async () => {
  const { url, seen } = await serve({});
  const byNumber = await call({ url }, http);
  expect(byNumber.error?.message).toContain("127.0.0.1 is a private address");
  const byName = await call({ url: url.replace("127.0.0.1", "localhost") }, http);
  expect(byName.error?.message).toMatch(/localhost \(.+\) is a private address: name it in httpStage/);
  expect(byName.attempt).toBe(1);
  expect(seen).toHaveLength(0);
  const allowed = httpStage({ allowPrivate: ["localhost"] });
  expect((await call({ url: url.replace("127.0.0.1", "localhost") }, allowed)).status).toBe("succeeded");
});

it.each([
  ["10.1.2.3", true],
  ["172.31.255.255", true],
  ["172.32.0.1", false],
  ["192.168.0.1", true],
  ["169.254.169.254", true],
  ["100.64.0.1", true],
  ["0.0.0.0", true],
  ["8.8.8.8", false],
  ["::1", true],
  ["::", true],
  ["::ffff:127.0.0.1", true],
  ["fd00::1", true],
  ["fe80::1", true],
  ["fe80::1%lo", true],
  ["::127.0.0.1", true],
  ["64:ff9b::7f00:1", true],
  ["64:ff9b:1::7f00:1", true],
  ["2001:0:7f00:1::", true],
  ["2002:7f00:1::", true],
  ["fec0::1", true],
  ["192.0.2.1", true],
  ["198.51.100.1", true],
  ["203.0.113.1", true],
  ["2001:db8::1", true],
  ["100::1", true],
  ["2001:4860:4860::8888", false],
])("knows whether %s is private", (address, expected) => {
  expect(isPrivate(address)).toBe(expected);
});

it("gives up on an answer that takes too long", async () => {
  const server = createServer(() => {});
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const once = httpStage({ allowPrivate: true, retry: { attempts: 1 } });
  const stage = await call({ url, timeout: "50ms" }, once);
  expect(stage.error?.message).toBe(`GET ${url}/ failed: no whole answer within 50 ms`);
});

it("gives up on a connection that turns into something else, instead of waiting for ever", async () => {
  const server = createServer();
  server.on("connection", (socket) =>
    socket.once("data", () =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
    ),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const once = httpStage({ allowPrivate: true, retry: { attempts: 1 } });
  const stage = await call({ url }, once);
  expect(stage.error?.message).toBe(
    `GET ${url}/ failed: the connection was closed before there was an answer`,
  );
});

it("waits for as long as it may, when that is longer than a timer can be", async () => {
  const { url } = await serve({ body: "done" });
  expect((await call({ url, timeout: "30d" })).output).toEqual({ status: 200, body: "done" });
});

it.each(["2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "127.1", "[::ffff:7f00:1]", "[::7f00:1]", "0"])(
  "refuses a private address that is written as %s",
  async (host) => {
    const stage = await call({ url: `http://${host}:1/` }, http);
    expect(stage.error?.message).toContain("is a private address");
    expect(stage.attempt).toBe(1);
  },
);

it("does not send a POST again that was answered with 503, unless it was told when to come back", async () => {
  const proxy = await serve({ status: 503, body: "upstream reset" }, { body: "twice" });
  const stage = await call({ url: proxy.url, body: "pay" });
  expect(stage.status).toBe("failed");
  expect(stage.error?.message).toContain("answered 503");
  expect(proxy.seen).toHaveLength(1);
  const busy = await serve({ status: 503, headers: { "retry-after": "0" } }, { body: "once" });
  expect((await call({ url: busy.url, body: "pay" })).status).toBe("succeeded");
});

it("does not read more than it may record", async () => {
  const { url } = await serve({ body: "x".repeat(2000) });
  const stage = await call(
    { url },
    httpStage({ allowPrivate: true, maxBytes: 1000, retry: { attempts: 1 } }),
  );
  expect(stage.error?.message).toContain("longer than 1000 bytes");
});

it("checks the answer by a schema, and says what is wrong with it", async () => {
  const ticket: Schema<unknown, { id: string }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const { id } = value as { id?: unknown };
        return typeof id === "string"
          ? { value: { id } }
          : { issues: [{ message: "must be a text", path: ["id"] }] };
      },
    },
  };
  const typed = httpStage({ allowPrivate: true, body: ticket });
  const good = await serve({ headers: json, body: '{"id":"T-1","more":1}' });
  expect((await call({ url: good.url }, typed)).output).toEqual({ status: 200, body: { id: "T-1" } });
  const bad = await serve({ headers: json, body: '{"id":7}' });
  expect((await call({ url: bad.url }, typed)).error?.message).toContain("id: must be a text");
  const none = await serve({ headers: json, body: "<html>" });
  expect((await call({ url: none.url }, typed)).error?.message).toContain("is not JSON, although it says so");
});

it("says everything that is wrong with a call before it is made", async () => {
  const stage = await call({
    url: "ftp://x",
    method: "FETCH",
    headers: { "a b": "x", c: "1\r\nEvil: 2" },
    expect: [],
    timeout: "soon",
  } as unknown as HttpInput);
  for (const field of ["url:", 'method: "FETCH"', 'headers: "a b"', 'headers: "c"', "expect:", "timeout:"])
    expect(stage.error?.message).toContain(field);
  expect((await call({ url: "https://ana:pw@example.com" })).error?.message).toContain(
    "must not hold a user",
  );
});
