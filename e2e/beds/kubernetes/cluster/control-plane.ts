import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Access, writeAccess } from "../access/access.ts";
import type { Binaries } from "../build/binaries.ts";
import type { Keeper } from "../processes/keeper.ts";
import { freePorts } from "../processes/ports.ts";
import { Server } from "../processes/server.ts";
import { answers } from "./ask.ts";
import { etcdFlags, etcdUrl } from "./etcd.ts";
import { type Ports, apiserverFlags, controllerManagerFlags, kwokFlags, schedulerFlags } from "./flags.ts";

/** The processes of a cluster. */
export type ServerName = "etcd" | "apiserver" | "controller-manager" | "scheduler" | "kwok";

/** Flags that are added to a server's own; a later one of the same name wins. */
export type ExtraFlags = Partial<Record<ServerName, readonly string[]>>;

/** A running control plane. */
export interface ControlPlane {
  readonly servers: Readonly<Record<ServerName, Server>>;
  readonly admin: Access;
  readonly ports: Ports;
  /** The files of the API server's certificate: whoever trusts it trusts others of this machine that show it. */
  readonly certificate: { readonly cert: string; readonly key: string };
}

/** What a control plane is started from. */
export interface Start {
  readonly binaries: Binaries;
  readonly keeper: Keeper;
  readonly folder: string;
  readonly flags: ExtraFlags;
}

const COMPONENTS = {
  admin: { user: "admin", group: "system:masters" },
  "controller-manager": { user: "system:kube-controller-manager", group: "" },
  scheduler: { user: "system:kube-scheduler", group: "" },
} as const;

/** Starts etcd and the API server, then the controllers and the scheduler. KWOK is there, and not yet started. */
export async function startControlPlane(start: Start): Promise<ControlPlane> {
  const { folder } = start;
  await Promise.all(["certificates", "logs", "access"].map((name) => mkdir(join(folder, name))));
  const ports = await choosePorts();
  const tokens = writeSecrets(folder);
  const server = serversIn(start);
  const etcd = server("etcd", "etcd", etcdFlags(join(folder, "etcd"), ports.etcd, ports.etcdPeer), () =>
    answers(`${etcdUrl(ports.etcd)}/health`),
  );
  const url = `https://127.0.0.1:${ports.apiserver}`;
  const ca = (): string => readFileSync(join(folder, "certificates", "apiserver.crt"), "utf8");
  const apiserver = server("apiserver", "kube", apiserverFlags(folder, ports), () =>
    answers(`${url}/readyz`, { ca: ca() }),
  );
  await etcd.start();
  await apiserver.start();

  const access = (name: keyof typeof COMPONENTS): Promise<Access> =>
    writeAccess(join(folder, "access"), name, {
      server: url,
      ca: ca(),
      user: COMPONENTS[name].user,
      token: tokens[name],
    });
  const [admin, controllers, scheduling] = await Promise.all([
    access("admin"),
    access("controller-manager"),
    access("scheduler"),
  ]);
  const servers = {
    etcd,
    apiserver,
    "controller-manager": server(
      "controller-manager",
      "kube",
      controllerManagerFlags(folder, ports.controllerManager, controllers.file),
      health(ports.controllerManager),
    ),
    scheduler: server(
      "scheduler",
      "kube",
      schedulerFlags(ports.scheduler, scheduling.file),
      health(ports.scheduler),
    ),
    kwok: server("kwok", "kwok", kwokFlags(ports.kwok, admin.file), health(ports.kwok, "http")),
  };
  await Promise.all([servers["controller-manager"].start(), servers.scheduler.start()]);
  const certificate = {
    cert: join(folder, "certificates", "apiserver.crt"),
    key: join(folder, "certificates", "apiserver.key"),
  };
  return { servers, admin, ports, certificate };
}

function health(port: number, scheme = "https"): () => Promise<boolean> {
  return () => answers(`${scheme}://127.0.0.1:${port}/healthz`);
}

async function choosePorts(): Promise<Ports> {
  const [etcd = 0, etcdPeer = 0, apiserver = 0, controllerManager = 0, scheduler = 0, kwok = 0] =
    await freePorts(6);
  return { etcd, etcdPeer, apiserver, controllerManager, scheduler, kwok };
}

function writeSecrets(folder: string): Record<keyof typeof COMPONENTS, string> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  writeFileSync(join(folder, "service-accounts.key"), privateKey, { mode: 0o600 });
  const tokens = { admin: randomUUID(), "controller-manager": randomUUID(), scheduler: randomUUID() };
  const lines = Object.entries(COMPONENTS).map(
    ([name, { user, group }]) => `${tokens[name as keyof typeof tokens]},${user},${name},"${group}"\n`,
  );
  writeFileSync(join(folder, "tokens.csv"), lines.join(""), { mode: 0o600 });
  return tokens;
}

function serversIn({ binaries, keeper, folder, flags }: Start) {
  return (name: ServerName, program: string, own: readonly string[], ready: () => Promise<boolean>): Server =>
    new Server(keeper, {
      name,
      command: join(binaries.folder, "bin", program),
      args: [...(program === "kube" ? [name] : []), ...own, ...(flags[name] ?? [])],
      // No configuration of this machine's user.
      env: { HOME: folder },
      cwd: folder,
      log: join(folder, "logs", `${name}.log`),
      ready,
    });
}
