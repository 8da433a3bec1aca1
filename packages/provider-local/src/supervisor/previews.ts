import { Balancer } from "./balancer.ts";
import type { Listen } from "./record.ts";
import type { Target } from "./target.ts";

/** The instances of one group. */
interface Previewed {
  readonly name: string;
  readonly targets: readonly Target[];
}

// A version that nobody has promoted yet is not for the network, even where its cluster is.
const HERE: Listen = { host: "127.0.0.1", port: 0 };

/** Doors to single groups, whatever their share of the traffic: each is a balancer of its own. */
export class Previews {
  readonly #doors = new Map<string, Balancer>();

  /** Opens the door to a group, or finds it open. */
  async open(group: Previewed): Promise<Listen> {
    const door = this.#doors.get(group.name) ?? new Balancer();
    this.#doors.set(group.name, door);
    lead(door, group);
    return door.open(HERE);
  }

  /** Doors lead to the instances that there are; those of groups that are gone are closed. */
  follow(groups: readonly Previewed[]): void {
    for (const [name, door] of this.#doors) {
      const group = groups.find((each) => each.name === name);
      if (group) lead(door, group);
      else this.#shut(name, door);
    }
  }

  close(): void {
    for (const [name, door] of this.#doors) this.#shut(name, door);
  }

  #shut(name: string, door: Balancer): void {
    this.#doors.delete(name);
    door.close();
  }
}

function lead(door: Balancer, { name, targets }: Previewed): void {
  door.divide([{ name, share: 100, targets }]);
}
