import { type IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toInstance } from "../src/supervisor/headers.ts";
import { bodyOf, type Front, openFront } from "./fixtures/front.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let front: Front;
let seen: Seen[];
beforeEach(async () => {
  seen = [];
  front = await openFront(async (request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: await bodyOf(request) });
    response.end("done");
  });
});
afterEach(() => front.end());

const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
const close = "Connection: close\r\n";
const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n`;

for (const method of ["GET", "DELETE", "POST"])
  test(`${method}: a client that calls Content-Length its own connection's affair smuggles nothing`, async () => {
    const length = `Content-Length: ${SMUGGLED.length}\r\n`;
    await front.raw(
      `${method} /a HTTP/1.1\r\nHost: a\r\nConnection: close, content-length, host, transfer-encoding\r\n${length}\r\n${SMUGGLED}`,
    );
    expect(seen).toMatchObject([{ url: "/a", body: SMUGGLED, headers: { host: "a" } }]);
  });

test("two lengths, a length beside chunks, or two hosts are answered 400 and go nowhere", async () => {
  const cases = [
    `Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    `Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    `Host: a\r\nHost: b\r\n${close}\r\n`,
    `Host: a\r\nContent-Length : 5\r\n\r\nhello`,
  ];
  for (const one of cases)
    expect([one, await front.raw(`POST /d HTTP/1.1\r\n${one}`)]).toEqual([
      one,
      expect.stringMatching(/^HTTP\/1\.1 400 /),
    ]);
  expect(seen).toEqual([]);
});

test("a transfer coding that the instance would not be told of is answered 501", async () => {
  const body = "3\r\nabc\r\n0\r\n\r\n";
  const answer = await front.raw(
    `POST / HTTP/1.1\r\nHost: a\r\n${close}Transfer-Encoding: gzip, chunked\r\n\r\n${body}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 501 .*only chunked/s);
  expect(seen).toEqual([]);
});

test("an HTTP/1.0 client without a Host gets its answer, unchunked, and then the end", async () => {
  const answer = await front.raw("GET /old HTTP/1.0\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n(?!.*chunked).*\r\ndone$/s);
  expect(seen).toMatchObject([{ url: "/old", headers: { host: `127.0.0.1:${front.port}` } }]);
});

test("requests that are sent without waiting are answered in their order", async () => {
  const answer = await front.raw(`${post("/1")}\r\nab${post("/2")}\r\ncd${post("/3")}${close}\r\nef`);
  expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  expect(seen.map(({ url, body }) => `${url} ${body}`)).toEqual(
    expect.arrayContaining(["/1 ab", "/2 cd", "/3 ef"]),
  );
});

test("a client that offers another protocol beside its body is served in this one, and its next request too", async () => {
  const offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  const first = `POST /1 HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: 3\r\n\r\nabc`;
  const answer = await front.raw(`${first}GET /2 HTTP/1.1\r\nHost: a\r\n${close}\r\n`);
  expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  expect(seen).toMatchObject([
    { method: "POST", url: "/1", body: "abc" },
    { method: "GET", url: "/2", body: "" },
  ]);
  expect(seen[0]?.headers).not.toHaveProperty("upgrade");
});

/** What an instance is told of a client who claims much. */
function told(remoteAddress: string): Record<string, string> {
  const rawHeaders = [
    "Host",
    "a",
    "X-Forwarded-For",
    "6.6.6.6",
    "X-Forwarded-Proto",
    "https",
    "Forwarded",
    "for=6.6.6.6",
  ];
  const headers = { host: "a", "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https" };
  const request = { method: "GET", rawHeaders, headers, socket: { remoteAddress } };
  const list = toInstance(request as unknown as IncomingMessage);
  return Object.fromEntries(list.flatMap((name, n) => (n % 2 === 0 ? [[name, list[n + 1] ?? ""]] : [])));
}

test("who a request is from is believed only of a client on this machine", () => {
  for (const near of ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    expect(told(near)).toMatchObject({ "X-Forwarded-For": `6.6.6.6, ${near}`, "X-Forwarded-Proto": "https" });
  const far = told("203.0.113.9");
  expect(far).toMatchObject({ "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http" });
  expect(far).not.toHaveProperty("Forwarded");
});
