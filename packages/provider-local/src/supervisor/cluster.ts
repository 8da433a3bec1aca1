import { join } from "node:path";
import type { ClusterState, ServerGroup, Token } from "@gennaker/core/ports";
import { pause } from "../pause.ts";
import { Balancer, type ClusterTraffic } from "./balancer.ts";
import * as commands from "./commands.ts";
import { Instance } from "./instance.ts";
import { removeLogs, rotate } from "./log-file.ts";
import { dispensable, type InstanceView, observedGroup } from "./observed.ts";
import { isAlive } from "./process-table.ts";
import type { ClusterRecord, GroupRecord, InstanceRecord, Listen } from "./record.ts";
import { Refusal } from "./refusal.ts";
import { StateFile } from "./state-file.ts";
import { Watchers } from "./watchers.ts";

/** A supervisor's worth of revisions: those of the next one are above all of this one. */
const REVISIONS_PER_OPENING = 2 ** 32;
const LISTEN_AGAIN_MS = 1000;
/** The logs of so many groups of a cluster are kept. */
const LOGS_KEPT = 10;

export interface ClusterOptions {
  readonly directory: string;
  readonly log: (message: string) => void;
  /** The last group went, or the first came. */
  readonly changed: () => void;
}

/** One cluster at work: the record on disk says what must be, and this makes it so. */
export class LocalCluster {
  readonly name: string;
  readonly watchers: Watchers = new Watchers();
  readonly #options: ClusterOptions;
  readonly #file: StateFile<ClusterRecord>;
  readonly #balancer = new Balancer();
  readonly #instances = new Map<string, Instance>();
  readonly #dismissed = new Set<string>();
  readonly #closed = new AbortController();
  #balancerTrouble: string | undefined;
  #revision: number;
  #shown = "[]";
  #resumed = false;

  constructor(record: ClusterRecord, options: ClusterOptions) {
    this.name = record.name;
    this.#options = options;
    this.#revision = record.opened * REVISIONS_PER_OPENING;
    const path = join(options.directory, "clusters", `${record.name}.json`);
    this.#file = new StateFile(path, record, () => this.#settle());
  }

  /** Goes on where an earlier supervisor ended: takes over what is alive, starts what is not, then opens the balancer. */
  async resume(): Promise<void> {
    const record = await this.#file.update((old) => ({ ...old, opened: old.opened + 1 }));
    this.#revision = record.opened * REVISIONS_PER_OPENING;
    for (const group of record.groups)
      for (const instance of group.instances) await this.#resumeInstance(group, instance);
    this.#resumed = true;
    this.#settle();
    const adopted = [...this.#instances.values()].filter(({ health }) => health === "unknown");
    await Promise.all(adopted.map((instance) => instance.asked));
    if (record.listen && record.groups.length > 0) await this.#listenAgain(record.listen);
  }

  get busy(): boolean {
    return this.#file.state.groups.length > 0 || this.watchers.count > 0;
  }

  observe(): ClusterState {
    return { groups: this.#view(), revision: this.#file.state.sequence === 0 ? 0 : this.#revision };
  }

  get traffic(): ClusterTraffic {
    return this.#balancer.traffic;
  }

  async claim(run: string): Promise<number> {
    return (await this.#file.update((record) => commands.claim(record, run))).epoch;
  }

  async createGroup(spec: commands.NewGroup, token: Token, where: Listen): Promise<string> {
    commands.requireEpoch(this.#file.state, token);
    const listen = await this.open(where);
    const record = await this.#file.update((old) => commands.createGroup(old, spec, token, listen));
    await this.#removeOldLogs(record);
    return record.keys[spec.key] ?? "";
  }

  async scaleGroup(change: commands.Scale, token: Token): Promise<void> {
    await this.#file.update((old) => {
      const group = old.groups.find(({ name }) => name === change.group);
      const order = group ? dispensable(group, (id) => this.#instances.get(id)) : [];
      return commands.scaleGroup(old, change, token, this.#healthy, order);
    });
  }

  async setTraffic(change: commands.Traffic, token: Token): Promise<void> {
    await this.#file.update((old) => commands.setTraffic(old, change, token, this.#healthy));
  }

  async destroyGroup(change: commands.Destroy, token: Token): Promise<void> {
    await this.#file.update((old) => commands.destroyGroup(old, change, token, this.#healthy));
  }

  /** Ends everything. Resolves when no process is left. */
  async destroyAll(): Promise<void> {
    await this.#file.update(commands.destroyAll);
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#instances.size === 0) resolve();
    };
    const remove = this.watchers.add(look);
    look();
    await promise;
    remove();
    this.close();
  }

  /** Opens the balancer, at the recorded port when none is asked for. */
  async open(where: Listen): Promise<Listen> {
    const known = this.#file.state.listen;
    const port = where.port === 0 && known?.host === where.host ? known.port : where.port;
    try {
      const listen = await this.#balancer.open({ host: where.host, port });
      this.#balancerTrouble = undefined;
      if (known?.port !== listen.port || known.host !== listen.host)
        await this.#file.update((old) => ({ ...old, listen }));
      return listen;
    } catch (error) {
      throw new Refusal("invalid", cannotListen({ ...where, port }, error));
    }
  }

  get listening(): Listen | undefined {
    return this.#balancer.listening;
  }

  async rotateLogs(): Promise<void> {
    for (const group of this.#file.state.groups)
      for (const { id } of group.instances) {
        const instance = this.#instances.get(id);
        if (instance) await rotate(instance.logFile, group.run.log);
      }
  }

  /** Stops balancing; instances are left as they are. */
  close(): void {
    this.#closed.abort();
    this.#balancer.close();
    for (const instance of this.#instances.values()) instance.abandon();
  }

  // ---

  readonly #healthy = (group: string): number =>
    this.#view().find(({ name }) => name === group)?.healthy ?? 0;

  /** Logs outlive their groups, for those who ask why; but not for ever. */
  async #removeOldLogs({ sequence, groups }: ClusterRecord): Promise<void> {
    const oldest = Math.min(...groups.map((group) => group.sequence));
    const upTo = Math.min(sequence - LOGS_KEPT, oldest - 1);
    await removeLogs(join(this.#options.directory, "logs"), this.name, upTo);
  }

  /** Makes instances and traffic follow the record. Called at each change of it. */
  #settle(): void {
    if (!this.#resumed) return;
    const { groups } = this.#file.state;
    for (const group of groups)
      for (const instance of group.instances) {
        if (!this.#instances.has(instance.id)) this.#admit(group, instance.id).begin();
        if (instance.leaving) this.#dismiss(instance.id);
      }
    const serving = groups.filter((group) => !group.gone);
    this.#balancer.divide(
      serving.map((group) => ({
        name: group.name,
        share: group.share,
        targets: staying(group).flatMap(({ id }) => this.#instances.get(id)?.target ?? []),
      })),
    );
    this.#changed();
  }

  #admit(group: GroupRecord, id: string): Instance {
    const instance = new Instance({
      id,
      group: group.name,
      directory: this.#options.directory,
      run: group.run,
      log: this.#options.log,
      changed: () => this.#changed(),
      record: async (running) => {
        await this.#file.update((old) => commands.recordProcess(old, id, running));
      },
    });
    this.#instances.set(id, instance);
    return instance;
  }

  #dismiss(id: string): void {
    const instance = this.#instances.get(id);
    if (!instance || this.#dismissed.has(id)) return;
    this.#dismissed.add(id);
    this.#seeOff(instance).catch((error: unknown) =>
      this.#options.log(`${id} could not be ended: ${String(error)}`),
    );
  }

  async #seeOff(instance: Instance): Promise<void> {
    await instance.leave();
    await this.#file.update((old) => commands.forgetInstance(old, instance.id));
    this.#instances.delete(instance.id);
    this.#dismissed.delete(instance.id);
    this.#options.log(`${instance.id} is gone`);
    this.watchers.tell();
    this.#options.changed();
  }

  async #resumeInstance(group: GroupRecord, { id, port, process }: InstanceRecord): Promise<void> {
    const instance = this.#admit(group, id);
    const alive = process !== undefined && port !== undefined && (await isAlive(process));
    this.#options.log(alive ? `${id} taken over: pid ${process.pid}, port ${port}` : `${id} is not running`);
    if (alive) instance.begin({ port, process });
    else instance.begin();
  }

  /** Somebody may have taken the port while no supervisor was there: goes on trying behind the scenes. */
  async #listenAgain(listen: Listen): Promise<void> {
    try {
      await this.#balancer.open(listen);
      this.#balancerTrouble = undefined;
    } catch (error) {
      this.#balancerTrouble = cannotListen(listen, error);
      const { signal } = this.#closed;
      void pause(LISTEN_AGAIN_MS, signal).then(() =>
        signal.aborted ? undefined : this.#listenAgain(listen),
      );
    }
    this.#changed();
  }

  #view(): ServerGroup[] {
    return this.#file.state.groups
      .filter((group) => !group.gone)
      .map((group) => {
        const views = staying(group).map(({ id }): InstanceView => this.#instances.get(id) ?? NOT_YET);
        return observedGroup(group, views, this.#balancerTrouble);
      });
  }

  #changed(): void {
    const shown = JSON.stringify(this.#view());
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#revision += 1;
    this.watchers.tell();
    this.#options.changed();
  }
}

const NOT_YET: InstanceView = { health: "starting", trouble: undefined };

function staying(group: GroupRecord): readonly InstanceRecord[] {
  return group.instances.filter(({ leaving }) => !leaving);
}

function cannotListen({ host, port }: Listen, error: unknown): string {
  const { code = "unknown", message } = error as NodeJS.ErrnoException;
  const why =
    code === "EADDRINUSE" ? "another process has the port (EADDRINUSE): choose another, or stop it" : message;
  return `the balancer cannot listen on ${host}:${port}: ${why}`;
}
