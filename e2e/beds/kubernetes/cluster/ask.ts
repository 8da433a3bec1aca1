import { request as plain } from "node:http";
import { request as secure } from "node:https";

const PATIENCE_MS = 2000;

/** How to ask. */
export interface Question {
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  /** Whom to trust; without, anybody: for the self-signed health ports of this machine. */
  readonly ca?: string;
}

/** One request to a server of this machine; the body of a 200, and an error otherwise. */
export async function ask(url: string, { method = "GET", body, ca }: Question = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    method,
    agent: false as const,
    timeout: PATIENCE_MS,
    ...(ca ? { ca } : { rejectUnauthorized: false }),
  };
  const sending = (url.startsWith("https:") ? secure : plain)(url, options, (response) => {
    let text = "";
    response.on("data", (chunk: Buffer) => (text += chunk.toString()));
    response.on("error", reject);
    response.on("end", () => {
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`${url} answered ${String(response.statusCode)}: ${text.slice(0, 300)}`));
    });
  });
  sending.on("timeout", () => sending.destroy(new Error(`${url} did not answer within ${PATIENCE_MS} ms`)));
  sending.on("error", reject);
  sending.end(body === undefined ? undefined : JSON.stringify(body));
  return await promise;
}

/** Whether it answers 200. */
export async function answers(url: string, question?: Question): Promise<boolean> {
  await ask(url, question);
  return true;
}
