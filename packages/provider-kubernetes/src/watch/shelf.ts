import type { KubernetesObject } from "../objects/objects.ts";

/**
 * Objects of one kind as they were at one version of the world. Lists and watches of any age may be put in: only what is
 * newer than what is there counts.
 */
export class Shelf<T extends KubernetesObject> {
  #objects: ReadonlyMap<string, T> = new Map();
  #at: bigint | undefined;

  /** The version of the world, to watch from; undefined before the first list. */
  get at(): string | undefined {
    return this.#at?.toString();
  }

  /** Whether it is at this version or a later one. */
  isAt(version: bigint): boolean {
    return this.#at !== undefined && this.#at >= version;
  }

  get all(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Takes a whole list. False when it is older than what is there. */
  replace(items: readonly T[], resourceVersion: string): boolean {
    const version = BigInt(resourceVersion);
    if (this.#at !== undefined && version < this.#at) return false;
    this.#at = version;
    this.#objects = new Map(items.map((item) => [item.metadata.name, item]));
    return true;
  }

  /** Takes one change. False when it is in what is there already. */
  apply(type: string, object: T): boolean {
    const version = BigInt(object.metadata.resourceVersion ?? 0);
    if (this.#at !== undefined && version <= this.#at) return false;
    this.#at = version;
    if (type === "BOOKMARK") return false;
    const objects = new Map(this.#objects);
    if (type === "DELETED") objects.delete(object.metadata.name);
    else objects.set(object.metadata.name, object);
    this.#objects = objects;
    return true;
  }
}
