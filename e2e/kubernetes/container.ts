/** A container of a pod template. */
export type Container = {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
};

const BAD = "-bad-image";

/**
 * The container of a version, such as `shop:2`. On a bed of ours its pods are played, as the tag says. In a cluster of
 * somebody's own they are real: one image for all versions, `GENNAKER_IMAGE`, and none for a bad one.
 */
export function containerOf(version: string): Container {
  const container = { name: "app", image: version, ports: [{ name: "http", containerPort: 8080 }] };
  if (!process.env["GENNAKER_KUBECONFIG"]) return container;
  const real = process.env["GENNAKER_IMAGE"] ?? "registry.k8s.io/pause:3.10";
  return {
    ...container,
    image: version.endsWith(BAD) ? real + BAD : real,
    env: [{ name: "VERSION", value: version }],
  };
}
