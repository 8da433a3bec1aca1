import { pause } from "../pause.ts";
import { Instance } from "./instance.ts";
import { forgetInstance, recordProcess } from "./membership.ts";
import type { Ports } from "./ports.ts";
import { isAlive } from "./process-table.ts";
import type { ClusterRecord, GroupRecord } from "./record.ts";

/** Whoever was taken over and does not answer keeps the others waiting for so long. */
const ASKED_WITHIN_MS = 1000;
const END_AGAIN_MS = 1000;

export interface RosterOptions {
  readonly directory: string;
  readonly ports: Ports;
  readonly log: (message: string) => void;
  /** Somebody's health is another. */
  readonly changed: () => void;
  /** Somebody is gone, and forgotten on the disk too. */
  readonly gone: () => void;
  readonly update: (change: (record: ClusterRecord) => ClusterRecord) => Promise<unknown>;
}

/** The instances of a cluster, at work as the record wants them. */
export class Roster {
  readonly #options: RosterOptions;
  readonly #instances = new Map<string, Instance>();
  readonly #dismissed = new Set<string>();
  readonly #closed = new AbortController();

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#instances.size;
  }

  find(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  /** Takes over what is alive and starts what is not. Before that, nobody may `follow`. */
  async takeOver(groups: readonly GroupRecord[]): Promise<void> {
    for (const group of groups)
      for (const { id, port, process, leaving } of group.instances) {
        const instance = this.#admit(group, id);
        const alive = process !== undefined && port !== undefined && (await isAlive(process));
        this.#options.log(
          alive ? `${id} taken over: pid ${process.pid}, port ${port}` : `${id} is not running`,
        );
        if (alive) instance.begin({ port, process });
        else if (!leaving) instance.begin();
      }
  }

  /** Resolves when those that were taken over have said how they are, as far as they answer. */
  async asked(): Promise<void> {
    const adopted = [...this.#instances.values()].filter(({ health }) => health === "unknown");
    const all = new AbortController();
    void Promise.all(adopted.map((instance) => instance.asked)).then(() => all.abort());
    if (adopted.length > 0) await pause(ASKED_WITHIN_MS, all.signal);
  }

  /** Starts who is new, and sees off who is to leave. */
  follow(groups: readonly GroupRecord[]): void {
    for (const group of groups)
      for (const { id, leaving } of group.instances) {
        const known = this.#instances.get(id);
        const instance = known ?? this.#admit(group, id);
        if (!known) instance.begin();
        if (!leaving || this.#dismissed.has(id)) continue;
        this.#dismissed.add(id);
        void this.#seeOff(instance);
      }
  }

  /** Ends everybody, whatever the record says. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.leave()));
  }

  /** Looks after nobody any more, and leaves them as they are. */
  close(): void {
    this.#closed.abort();
    for (const instance of this.#instances.values()) instance.abandon();
  }

  // ---

  #admit(group: GroupRecord, id: string): Instance {
    const { directory, ports, log, changed, update } = this.#options;
    const instance = new Instance({
      id,
      group: group.name,
      directory,
      run: group.run,
      ports,
      log,
      changed,
      record: async (running) => {
        await update((old) => recordProcess(old, id, running));
      },
    });
    this.#instances.set(id, instance);
    return instance;
  }

  /** Until it succeeds: a disk that is full now may not be later, and nobody else would do it. */
  async #seeOff(instance: Instance): Promise<void> {
    const { signal } = this.#closed;
    while (!(await this.#end(instance))) {
      await pause(END_AGAIN_MS, signal);
      if (signal.aborted) return;
    }
    this.#instances.delete(instance.id);
    this.#dismissed.delete(instance.id);
    this.#options.log(`${instance.id} is gone`);
    this.#options.gone();
  }

  async #end(instance: Instance): Promise<boolean> {
    try {
      await instance.leave();
      await this.#options.update((old) => forgetInstance(old, instance.id));
      return true;
    } catch (error) {
      this.#options.log(`${instance.id} could not be ended: ${String(error)}`);
      return false;
    }
  }
}
