import { expect, it } from "vitest";
import {
  createDelivery,
  defineStage,
  DeliveryError,
  type Event,
  type Json,
  memorySecrets,
  pipeline,
  secret,
  type SecretResolver,
  type StageContext,
} from "../../src/index.ts";
import { collect } from "../fixtures/collect.ts";

const PASSWORD = "p/w+d ünïque&<7>?";

interface Told {
  readonly events: readonly Event[];
  readonly lines: readonly string[];
}

/** All that is told of a stage that uses a secret. */
async function told(
  value: string,
  run: (context: StageContext<{ token: string }>) => unknown,
): Promise<Told> {
  const lines: string[] = [];
  const note = (details: object, message: string): void => void lines.push(JSON.stringify(details) + message);
  const use = defineStage<{ token: string }>({ type: "use", run: run as never });
  const delivery = createDelivery({
    secretResolver: memorySecrets({ token: value }),
    logger: { debug: note, info: note, warn: note, error: note },
  });
  const started = await delivery.start(
    pipeline("using").stage("use", use, () => ({ token: secret("token") })),
    null,
  );
  await started.outcome();
  const events = await collect(started.events());
  await delivery.close();
  return { events, lines };
}

const outputOf = ({ events }: Told): Json | undefined =>
  events.flatMap((event) => (event.type === "stage-succeeded" ? [event.output] : []))[0];

const base64 = (text: string): string => Buffer.from(text).toString("base64");

it.each<[string, string]>([
  ["as a whole", base64(PASSWORD)],
  ["without padding", base64(PASSWORD).replace(/=+$/, "")],
  ["for addresses", Buffer.from(PASSWORD).toString("base64url")],
  ["with the line break of echo", base64(`${PASSWORD}\n`)],
  ["after a user's name", base64(`ana:${PASSWORD}`)],
  ["after another user's name", base64(`anna:${PASSWORD}`)],
  ["in the midst of a text", base64(`DB=x${PASSWORD};more`)],
])("keeps a secret in Base64 out of the log, %s", async (_, shown) => {
  const output = outputOf(await told(PASSWORD, () => ({ shown: `<${shown}>` })));
  // What is left beside the mask are its neighbours.
  expect(output).toEqual({ shown: expect.stringMatching(/^<.{0,7}\[redacted\].{0,10}>$/) });
});

it.each<[string, string]>([
  ["as a component", encodeURIComponent(PASSWORD)],
  ["in small letters", encodeURIComponent(PASSWORD).replaceAll(/%../g, (code) => code.toLowerCase())],
  ["as a form", new URLSearchParams({ a: PASSWORD }).toString().slice(2)],
  ["as part of an address", encodeURI(PASSWORD)],
  ["as JSON in ASCII", '"p/w+d \\u00fcn\\u00efque&<7>?"'],
  ["as JSON in capital ASCII", '"p/w+d \\u00FCn\\u00EFque&<7>?"'],
  ["as JSON with escaped slashes", '"p\\/w+d ünïque&<7>?"'],
])("keeps a secret that is encoded out of an error, %s", async (_, shown) => {
  const { events, lines } = await told(PASSWORD, () => {
    throw new Error(`refused ${shown}`);
  });
  for (const line of [...lines, ...events.map((event) => JSON.stringify(event))])
    expect(line).not.toMatch(/que&|que%26|7>|7%3/i);
});

it.each<[string, string, string]>([
  [
    "the host of an address with a key in its query",
    "https://api.example.com?key=s3cr3t9",
    "https://api.example.com/status",
  ],
  ["what stands before a #", "prod#k39fjs", "prod"],
  ["what an address would make of dots", "abc/../deployment", "eployment"],
  ["a secret's letters as small ones, when they are few", "PROD", "prod"],
  ["short lines of a file", "user: ana\ntrue\n8080\nkey: 0123456789abcdef", "true 8080 user"],
  ["what few letters look like in Base64", "abcd", "xFiY2R"],
])("leaves alone in an output: %s", async (_, value, shown) => {
  expect(outputOf(await told(value, () => ({ shown, port: 8080 })))).toEqual({ shown, port: 8080 });
});

it("keeps fields apart that have secrets as names", async () => {
  const output = outputOf(
    await told("prodkeyA1\nprodkeyB2", () => ({ prodkeyA1: 1, prodkeyB2: 2, "[redacted]": 3, other: 4 })),
  );
  expect(Object.values(output as object)).toEqual([1, 2, 3, 4]);
  expect(JSON.stringify(output)).not.toContain("prodkey");
});

it("masks what looks like a password before a text is cut, in what code shortens as well", async () => {
  const long = `${"x".repeat(190)} postgres://svc:hunter2hunter2@db`;
  const { events } = await told("another one", ({ redact }) => {
    throw new Error(redact(long).slice(0, 215));
  });
  expect(JSON.stringify(events)).not.toContain("hunter2");
  const { events: longer } = await told("another one", () => {
    throw new Error(`${"x".repeat(7980)} postgres://svc:hunter2hunter2@db`);
  });
  expect(JSON.stringify(longer)).not.toContain("hunter2");
});

it("keeps a secret out of JSON within JSON", async () => {
  const value = 'pa"ss\\word';
  const nested = JSON.stringify({ body: JSON.stringify({ sent: value }) });
  const { events } = await told(value, () => {
    throw new Error(`refused ${nested}`);
  });
  expect(JSON.stringify(events)).not.toContain("word");
});

it("keeps a key of several lines out of the log, whichever of its lines is shown", async () => {
  const key = ["-----BEGIN KEY-----", "aaaabbbbcccc", "ddddeeeeffff", "-----END KEY-----", ""].join("\n");
  const { events } = await told(key, async ({ progress }) => {
    await progress("read ddddeeeeffff");
    return { whole: key.trim(), windows: key.replaceAll("\n", "\r\n"), line: "aaaabbbbcccc" };
  });
  const shown = JSON.stringify(events);
  expect(shown).not.toContain("aaaabbbb");
  expect(shown).not.toContain("eeeeffff");
});

it("keeps a secret that its file ends with a line break out of the log, where it stands without one", async () => {
  const shown = await told("hunter2-hunter2\n", ({ input }) => ({ sent: `<${input.token.trim()}>` }));
  expect(outputOf(shown)).toEqual({ sent: "<[redacted]>" });
});

it("keeps a secret out of the names of fields, in outputs, steps and the details of errors", async () => {
  const value = "hunter2-hunter2";
  const kept = await told(value, async ({ step }) => {
    await step("form", () => ({ [value]: "" }));
    return { form: { [value]: "1" } };
  });
  expect(JSON.stringify(kept.events)).not.toContain(value);
  expect(outputOf(kept)).toEqual({ form: { "[redacted]": "1" } });
  const failed = await told(value, () => {
    throw new DeliveryError("GENNAKER_PROVIDER", "refused", { details: { form: { [value]: "1" } } });
  });
  expect(JSON.stringify(failed)).not.toContain(value);
});

it("keeps a secret of digits out of an output where it is a number", async () => {
  const shown = await told("48151623", () => ({ pin: 48_151_623, count: 48 }));
  expect(outputOf(shown)).toEqual({ pin: "[redacted]", count: 48 });
});

it("keeps a secret out of an error's code, and all that stands under the name of a secret out of its details", async () => {
  const value = "hunter2-hunter2";
  const { events } = await told(value, () => {
    throw Object.assign(new Error("refused"), { code: `E_${value}` });
  });
  expect(JSON.stringify(events)).not.toContain(value);
  const { events: failed } = await told(value, () => {
    throw new DeliveryError("GENNAKER_PROVIDER", "refused", {
      details: { headers: { "set-cookie": ["sid=abcdef0123"], authorization: { user: "ana", pass: 12 } } },
    });
  });
  expect(JSON.stringify(failed)).not.toContain("abcdef0123");
});

it("refuses a step whose name holds a secret, which would be recorded", async () => {
  const value = "hunter2-hunter2";
  const { events, lines } = await told(value, ({ step }) => step(`pay with ${value}`, () => 1));
  expect(JSON.stringify([events, lines])).not.toContain(value);
  const failed = events.find(({ type }) => type === "stage-failed");
  expect(failed).toMatchObject({ error: { code: "GENNAKER_CONFIGURATION" } });
});

it("does not begin the code of a stage that was cancelled while its secret was asked for", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const secretResolver: SecretResolver = {
    resolve: () => {
      asked.resolve();
      return answer.promise;
    },
  };
  const ran: string[] = [];
  const use = defineStage({ type: "use", run: () => void ran.push("ran") as never });
  const delivery = createDelivery({ secretResolver });
  const run = await delivery.start(
    pipeline("using").stage("use", use, () => secret("token")),
    null,
  );
  await asked.promise;
  await run.cancel({ reason: "wrong one" });
  answer.resolve("hunter2-hunter2");
  expect(await run.outcome()).toBe("cancelled");
  expect(ran).toEqual([]);
  await delivery.close();
});

it("lets code shorten what it was told, without a part of a secret staying at the end", async () => {
  const value = "hunter2-hunter2";
  const shown = await told(value, ({ input, redact }) => redact(`token ${input.token}`).slice(0, 12));
  expect(outputOf(shown)).toBe("token [redac");
});
