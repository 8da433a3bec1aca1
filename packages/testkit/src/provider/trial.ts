import assert from "node:assert/strict";
import type {
  CallOptions,
  Cluster,
  ClusterState,
  Condition,
  Json,
  Provider,
  ServerGroup,
  Token,
} from "@gennaker/core/ports";
import type { ProviderKitOptions, ProviderUnderTest } from "./options.ts";

type Optional = "badRelease" | "reconnect" | "residue" | "reach";

/** One provider on trial: its calls in short, with tokens of the newest epoch. */
export class Trial {
  readonly provider: Provider;
  readonly cluster: Cluster;
  readonly release: Json;
  readonly otherRelease: Json;
  readonly wait: ProviderKitOptions<Json>["wait"];
  readonly #place: ProviderUnderTest<Json>;
  #token: Token | undefined;
  #commands = 0;
  #disposed = false;
  readonly #connections: Provider[] = [];

  constructor(place: ProviderUnderTest<Json>, wait: ProviderKitOptions<Json>["wait"]) {
    this.#place = place;
    this.provider = place.provider;
    this.cluster = place.provider.cluster(place.cluster);
    this.release = place.release;
    this.otherRelease = place.otherRelease ?? place.release;
    this.wait = wait;
  }

  /** Takes the cluster; later commands speak with the new epoch. */
  async claim(): Promise<Token> {
    const epoch = await this.provider.claim(this.cluster, { run: "kit" });
    this.#token = { run: "kit", epoch, command: "claim" };
    return this.#token;
  }

  /** A token for one new command. */
  async token(): Promise<Token> {
    const token = this.#token ?? (await this.claim());
    this.#commands++;
    return { ...token, command: `command-${this.#commands}` };
  }

  /** Creates a group; its name. */
  async create(
    size: number,
    key: string = `key-${this.#commands}`,
    release: Json = this.release,
  ): Promise<string> {
    const { group } = await this.provider.createGroup(
      this.cluster,
      { key, release, size },
      await this.token(),
    );
    return group;
  }

  /** Creates a group and waits until all its instances are healthy; its name. */
  async healthy(size: number, release: Json = this.release): Promise<string> {
    const group = await this.create(size, undefined, release);
    await this.untilGroup(group, (it) => it.healthy === size, `${size} healthy`);
    return group;
  }

  async scale(group: string, size: number, condition?: Condition, options?: CallOptions): Promise<void> {
    const change = { group, size, ...(condition && { condition }) };
    await this.provider.scaleGroup(this.cluster, change, await this.token(), options);
  }

  async traffic(
    shares: Readonly<Record<string, number>>,
    condition?: Condition,
    options?: CallOptions,
  ): Promise<void> {
    const change = { shares, ...(condition && { condition }) };
    await this.provider.setTraffic(this.cluster, change, await this.token(), options);
  }

  async destroy(group: string, condition?: Condition, options?: CallOptions): Promise<void> {
    const change = { group, ...(condition && { condition }) };
    await this.provider.destroyGroup(this.cluster, change, await this.token(), options);
  }

  /** The cluster now: not a stale observation. */
  async state(provider: Provider = this.provider): Promise<ClusterState> {
    let state = await provider.observe(this.cluster);
    if (!state.stale) return state;
    await this.wait(async () => !(state = await provider.observe(this.cluster)).stale, "a fresh observation");
    return state;
  }

  async group(name: string): Promise<ServerGroup> {
    const { groups } = await this.state();
    const found = groups.find((group) => group.name === name);
    assert.ok(
      found,
      `${name} is observed; there are ${groups.map((group) => group.name).join(", ") || "none"}`,
    );
    return found;
  }

  /** Shares by group, without the groups that have none. */
  async shares(): Promise<Record<string, number>> {
    const { groups } = await this.state();
    return Object.fromEntries(groups.filter((it) => it.share > 0).map((it) => [it.name, it.share]));
  }

  /** What commands can change, for comparison before and after. */
  async wanted(): Promise<unknown> {
    const { groups } = await this.state();
    const wanted = groups.map(({ name, desired, share }) => ({ name, desired, share }));
    return wanted.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Does something that must leave sizes, shares and groups as they are. */
  async unchangedBy(act: () => Promise<unknown>): Promise<void> {
    const before = await this.wanted();
    await act();
    assert.deepEqual(await this.wanted(), before, "groups, sizes and shares are as they were");
  }

  async until(holds: (state: ClusterState) => boolean, what: string): Promise<void> {
    await this.wait(async () => holds(await this.state()), what);
  }

  async untilGroup(name: string, holds: (group: ServerGroup) => boolean, what: string): Promise<void> {
    await this.until(({ groups }) => groups.some((it) => it.name === name && holds(it)), `${name}: ${what}`);
  }

  /** A second connection. */
  async reconnect(): Promise<Provider> {
    const provider = await this.need("reconnect").call(this.#place);
    this.#connections.push(provider);
    return provider;
  }

  /** Something that `create` may leave out; then the test fails, unless it is skipped with a reason. */
  need<K extends Optional>(what: K): NonNullable<ProviderUnderTest<Json>[K]> {
    const given = this.#place[what];
    assert.ok(given, `create() gave no ${what}: give one, or skip this test with a reason`);
    return given;
  }

  async residue(): Promise<readonly string[]> {
    return this.need("residue").call(this.#place);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const connection of this.#connections) await connection.close();
    await this.#place.dispose();
  }
}
