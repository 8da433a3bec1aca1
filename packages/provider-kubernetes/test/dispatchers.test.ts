import { HttpMethod, KubeConfig, RequestContext } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import * as undici from "undici";
import { Dispatchers } from "../src/api/dispatchers.ts";

const configOf = (server: string, caData: string): KubeConfig => {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "c", server, caData: Buffer.from(caData).toString("base64") }],
    users: [{ name: "u", token: "t" }],
    contexts: [{ name: "x", cluster: "c", user: "u" }],
    currentContext: "x",
  });
  return config;
};

async function needed(dispatchers: Dispatchers, config: KubeConfig): Promise<undici.Dispatcher | undefined> {
  const context = new RequestContext("https://127.0.0.1:1/api", HttpMethod.GET);
  const own = dispatchers.watching(config);
  await own.config.applySecurityAuthentication(context);
  expect(context.getHeaders()).toMatchObject({ Authorization: "Bearer t" });
  expect(context.getDispatcher()).toBeUndefined();
  const options = own.options();
  return options && dispatchers.for(options);
}

it("uses connections again for as long as address and credentials stay the same", async () => {
  const dispatchers = new Dispatchers(undici);
  const first = await needed(dispatchers, configOf("https://127.0.0.1:1", "one"));
  const again = await needed(dispatchers, configOf("https://127.0.0.1:1", "one"));
  expect(first).toBeDefined();
  expect(again).toBe(first);
});

it("opens others when credentials are renewed, and lets the old ones end", async () => {
  const dispatchers = new Dispatchers(undici);
  const first = await needed(dispatchers, configOf("https://127.0.0.1:1", "one"));
  const renewed = await needed(dispatchers, configOf("https://127.0.0.1:1", "two"));
  expect(renewed).not.toBe(first);
  expect(first).toMatchObject({ closed: true });
  await dispatchers.close();
  expect(renewed).toMatchObject({ destroyed: true });
});

it("leaves a way through SOCKS to the client", async () => {
  const config = configOf("https://127.0.0.1:1", "one");
  config.clusters = config.clusters.map((cluster) => ({ ...cluster, proxyUrl: "socks5://127.0.0.1:2" }));
  const context = new RequestContext("https://127.0.0.1:1/api", HttpMethod.GET);
  const own = new Dispatchers(undici).watching(config);
  await own.config.applySecurityAuthentication(context);
  expect([own.options(), context.getDispatcher() !== undefined]).toEqual([undefined, true]);
});
