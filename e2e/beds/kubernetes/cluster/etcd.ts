import { ask } from "./ask.ts";

/** The address that clients use. */
export function etcdUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** The flags of an etcd that loses its data with the machine: durability is not what is tested. */
export function etcdFlags(data: string, port: number, peer: number): string[] {
  const peers = `http://127.0.0.1:${peer}`;
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${etcdUrl(port)}`,
    `--advertise-client-urls=${etcdUrl(port)}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

/** Throws away all history up to now, as the API server does by itself every five minutes; resolves to the revision. */
export async function compact(port: number): Promise<string> {
  const key = Buffer.from("/").toString("base64");
  const found = JSON.parse(
    await ask(`${etcdUrl(port)}/v3/kv/range`, { method: "POST", body: { key, limit: 1 } }),
  ) as { readonly header: { readonly revision: string } };
  const { revision } = found.header;
  await ask(`${etcdUrl(port)}/v3/kv/compaction`, { method: "POST", body: { revision, physical: true } });
  return revision;
}
