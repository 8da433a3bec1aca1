import { join } from "node:path";
import type { ClusterState, ServerGroup, Token } from "@gennaker/core/ports";
import type { ClusterTraffic } from "./balancer.ts";
import * as commands from "./commands.ts";
import { FrontDoor } from "./front-door.ts";
import { requireEpoch } from "./landing.ts";
import { removeLogs, rotate } from "./log-file.ts";
import { dispensable, type InstanceView, observedGroup } from "./observed.ts";
import { Previews } from "./previews.ts";
import { Refusal } from "./refusal.ts";
import type { Ports } from "./ports.ts";
import type { ClusterRecord, GroupRecord, InstanceRecord, Listen } from "./record.ts";
import { Roster } from "./roster.ts";
import { StateFile } from "./state-file.ts";
import type { Target } from "./target.ts";
import { Watchers } from "./watchers.ts";

/** A supervisor's worth of revisions: those of the next one are above all of this one. */
const REVISIONS_PER_OPENING = 2 ** 32;
/** The logs of so many groups of a cluster are kept, and of each group's instances that are gone. */
const LOGS_KEPT = 10;

export interface ClusterOptions {
  readonly directory: string;
  readonly ports: Ports;
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
  readonly #door = new FrontDoor(() => this.#changed());
  readonly #previews = new Previews();
  readonly #roster: Roster;
  #revision: number;
  #shown = "[]";
  #resumed = false;

  constructor(record: ClusterRecord, options: ClusterOptions) {
    this.name = record.name;
    this.#options = options;
    this.#revision = record.opened * REVISIONS_PER_OPENING;
    const path = join(options.directory, "clusters", `${record.name}.json`);
    this.#file = new StateFile(path, record, () => this.#settle());
    this.#roster = new Roster({
      ...options,
      changed: () => this.#changed(),
      gone: () => this.#gone(),
      update: (change) => this.#file.update(change),
    });
  }

  /** Goes on where an earlier supervisor ended: instances first, then the balancer. */
  async resume(): Promise<void> {
    const record = await this.#file.update((old) => ({ ...old, opened: old.opened + 1 }));
    this.#revision = record.opened * REVISIONS_PER_OPENING;
    await this.#roster.takeOver(record.groups);
    this.#resumed = true;
    this.#settle();
    await this.#roster.asked();
    if (record.listen && record.groups.length > 0) await this.#door.reopen(record.listen);
  }

  /** Whether it has groups, though they may be on their way out. */
  get inhabited(): boolean {
    return this.#file.state.groups.length > 0;
  }

  get busy(): boolean {
    return this.inhabited || this.watchers.count > 0;
  }

  observe(): ClusterState {
    return { groups: this.#view(), revision: this.#file.state.sequence === 0 ? 0 : this.#revision };
  }

  get traffic(): ClusterTraffic {
    return this.#door.balancer.traffic;
  }

  async claim(run: string): Promise<number> {
    return (await this.#file.update((record) => commands.claim(record, run))).epoch;
  }

  async createGroup(spec: commands.NewGroup, token: Token, where: Listen): Promise<string> {
    requireEpoch(this.#file.state, token);
    const listen = await this.open(where);
    const record = await this.#file.update((old) => commands.createGroup(old, spec, token, listen));
    await this.#removeOldLogs();
    return record.keys[spec.key] ?? "";
  }

  async scaleGroup(change: commands.Scale, token: Token): Promise<void> {
    await this.#file.update((old) => {
      const group = old.groups.find(({ name }) => name === change.group);
      const order = group ? dispensable(group, (id) => this.#roster.find(id)) : [];
      return commands.scaleGroup(old, change, token, this.#healthy, order);
    });
  }

  async setTraffic(change: commands.Traffic, token: Token): Promise<void> {
    await this.#file.update((old) => commands.setTraffic(old, change, token, this.#healthy));
  }

  async destroyGroup(change: commands.Destroy, token: Token): Promise<void> {
    await this.#file.update((old) => commands.destroyGroup(old, change, token, this.#healthy));
  }

  /** Ends every group. Resolves when no process is left. */
  async destroyAll(): Promise<void> {
    await this.#file.update(commands.destroyAll);
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#roster.size === 0) resolve();
    };
    const remove = this.watchers.add(look);
    look();
    await promise;
    remove();
  }

  /** Ends every process although the state cannot be written any more. */
  async abolish(): Promise<void> {
    await this.#roster.endAll();
    this.close();
  }

  /** Opens the balancer, at the recorded port when none is asked for. */
  async open(where: Listen): Promise<Listen> {
    const known = this.#file.state.listen;
    const port = where.port === 0 && known?.host === where.host ? known.port : where.port;
    const listen = await this.#door.open({ host: where.host, port });
    if (known?.port !== listen.port || known.host !== listen.host)
      await this.#file.update((old) => ({ ...old, listen }));
    return listen;
  }

  get listening(): Listen | undefined {
    return this.#door.balancer.listening;
  }

  /** Opens a door to one group alone. */
  async preview(name: string): Promise<Listen> {
    const group = this.#file.state.groups.find((each) => each.name === name && !each.gone);
    if (!group) throw new Refusal("not-found", `there is no group ${name} in ${this.name}`);
    return this.#previews.open({ name, targets: this.#targets(group) });
  }

  async rotateLogs(): Promise<void> {
    for (const group of this.#file.state.groups)
      for (const { id } of group.instances) {
        const instance = this.#roster.find(id);
        if (instance) await rotate(instance.logFile, group.run.log);
      }
  }

  /** Stops balancing; instances are left as they are. */
  close(): void {
    this.#door.close();
    this.#previews.close();
    this.#roster.close();
  }

  // ---

  readonly #healthy = (group: string): number =>
    this.#view().find(({ name }) => name === group)?.healthy ?? 0;

  /** Logs outlive who wrote them, for those who ask why; but not for ever. */
  async #removeOldLogs(): Promise<void> {
    const { sequence, groups } = this.#file.state;
    const bySequence = new Map(groups.map((group) => [group.sequence, group]));
    const oldest = Math.min(...bySequence.keys());
    const upTo = Math.min(sequence - LOGS_KEPT, oldest - 1);
    await removeLogs(join(this.#options.directory, "logs"), this.name, (owner) => {
      const group = bySequence.get(owner.group);
      if (!group) return owner.group <= upTo;
      const here = this.#roster.find(`${group.name}-${owner.instance}`) !== undefined;
      return !here && owner.instance <= group.born - LOGS_KEPT;
    });
  }

  #gone(): void {
    this.watchers.tell();
    this.#options.changed();
    this.#removeOldLogs().catch((error: unknown) =>
      this.#options.log(`old logs could not be removed: ${String(error)}`),
    );
  }

  /** Makes instances and traffic follow the record. Called at each change of it. */
  #settle(): void {
    if (!this.#resumed) return;
    const { groups } = this.#file.state;
    this.#roster.follow(groups);
    const serving = groups.filter((group) => !group.gone);
    this.#door.balancer.divide(
      serving.map((group) => ({
        name: group.name,
        share: group.share,
        targets: this.#targets(group),
      })),
    );
    this.#previews.follow(groups.map((group) => ({ name: group.name, targets: this.#targets(group) })));
    this.#changed();
  }

  #targets(group: GroupRecord): readonly Target[] {
    return staying(group).flatMap(({ id }) => this.#roster.find(id)?.target ?? []);
  }

  #view(): ServerGroup[] {
    return this.#file.state.groups
      .filter((group) => !group.gone)
      .map((group) => {
        const views = staying(group).map(({ id }): InstanceView => this.#roster.find(id) ?? NOT_YET);
        return observedGroup(group, views, this.#door.trouble);
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
