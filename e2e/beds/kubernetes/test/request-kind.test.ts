import { expect, test } from "vitest";
import { requestKind } from "../fault-proxy/request-kind.ts";

test.each([
  ["GET", "/api/v1/namespaces/n/pods?limit=5", { verb: "list", resource: "pods", namespace: "n" }],
  ["GET", "/api/v1/pods?watch=true", { verb: "watch", resource: "pods" }],
  [
    "GET",
    "/apis/apps/v1/namespaces/n/deployments/d",
    { verb: "get", resource: "deployments", namespace: "n", name: "d" },
  ],
  [
    "PATCH",
    "/apis/apps/v1/namespaces/n/deployments/d/scale",
    { verb: "patch", resource: "deployments/scale", namespace: "n", name: "d" },
  ],
  ["GET", "/api/v1/namespaces/n", { verb: "get", resource: "namespaces", name: "n" }],
  ["DELETE", "/api/v1/nodes/x", { verb: "delete", resource: "nodes", name: "x" }],
  ["GET", "/version", { verb: "get", resource: "/version" }],
  ["GET", "/apis/apps/v1", { verb: "get", resource: "/apis/apps/v1" }],
])("%s %s is what RBAC would call it", (method, url, kind) => {
  expect(requestKind(method, url)).toEqual(kind);
});
