import type { ClusterRecord } from "./record.ts";

/**
 * The record of a cluster as it was read or written last. Good for one try: a write into its very version, which fails when
 * anybody wrote since.
 */
export class LastRecord {
  #record: ClusterRecord | undefined;

  keep(record: ClusterRecord | undefined): void {
    this.#record = record;
  }

  /** The record, once. */
  take(): ClusterRecord | undefined {
    const record = this.#record;
    this.#record = undefined;
    return record;
  }
}
