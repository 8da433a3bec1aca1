import type { Cluster } from "@gennaker/core";

/** The clusters that the stories are about. */
export const api: Cluster = { provider: "simulated", account: "prod", location: "shop", name: "shop-api" };
export const web: Cluster = { ...api, name: "shop-web" };
