import type { LookupAddress } from "node:dns";
import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Hosts that may be called although their address is private; true: any. */
export type PrivateHosts = true | readonly string[];

// Not globally reachable by IANA's special-purpose registries, by range and prefix.
const RANGES: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  // Itself and nobody; and addresses of IPv4 in disguise: what they lead to cannot be told from here.
  ["::", 96, "ipv6"],
  ["::ffff:0:0", 96, "ipv6"],
  ["::ffff:0:0:0", 96, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["2001::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["100::", 63, "ipv6"],
  ["2001:2::", 48, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["3fff::", 20, "ipv6"],
  ["5f00::", 16, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 9, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

/** Whether an IP address is one that only machines nearby can reach. */
export function isPrivate(address: string): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const blocked = new BlockList();
  for (const [net, prefix, kind] of RANGES) if (kind === family) blocked.addSubnet(net, prefix, kind);
  return blocked.check(address, family);
}

/** Why a host may not be called, whatever it resolves to; undefined: it may, or that depends on its address. */
export function refuseHost(host: string, allowed: PrivateHosts): string | undefined {
  const bare = host.replace(/^\[|\]$/g, "");
  if (isAllowed(bare, allowed) || isIP(bare) === 0 || !isPrivate(bare)) return undefined;
  return refused(bare, bare);
}

/**
 * Resolves a name as `node:dns` does, and refuses private addresses. Given to the socket itself, so that the address that
 * was checked is the one that is called.
 */
export function publicLookup(allowed: PrivateHosts): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, "");
      const addresses = found as unknown as readonly LookupAddress[];
      const bad = isAllowed(host, allowed) ? undefined : addresses.find(({ address }) => isPrivate(address));
      if (bad)
        return callback(Object.assign(new Error(refused(host, bad.address)), { code: "EPRIVATE" }), "");
      if (options.all) return callback(null, [...addresses]);
      const [first] = addresses;
      callback(null, first?.address ?? "", first?.family);
    });
  };
}

function isAllowed(host: string, allowed: PrivateHosts): boolean {
  return allowed === true || allowed.includes(host);
}

function refused(host: string, address: string): string {
  const what = host === address ? address : `${host} (${address})`;
  return `${what} is a private address: name it in httpStage({ allowPrivate: [${JSON.stringify(host)}] }) if it may be called`;
}
