import type { Duration } from "../../model/duration.ts";
import type { Json } from "../../model/json.ts";
import type { Schema } from "../../model/schema.ts";
import type { PrivateHosts } from "./address.ts";

/** What an `http` stage sends. */
export interface HttpInput {
  /** `https:` or `http:`, without a user and password. */
  readonly url: string;
  /** Default `"GET"`, or `"POST"` when there is a body. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes out as it is, anything else as JSON. */
  readonly body?: Json;
  /** Answers that count as success. Default: 200 to 299. */
  readonly expect?: readonly number[];
  /** Until the whole answer is there. Default `"30s"`. */
  readonly timeout?: Duration;
  /**
   * The other side recognises a repetition by the header `Idempotency-Key`, so that a POST or PATCH may be sent again.
   * Default false: it is sent again only when it surely did not arrive.
   */
  readonly idempotent?: boolean;
}

/** What came back. */
export interface HttpOutput<Body = Json> {
  readonly status: number;
  /** Parsed when its type is JSON, else the text. */
  readonly body: Body;
}

/** How a type of HTTP stage behaves. */
export interface HttpStageOptions<Body> {
  /** Checks the answer's body; what it returns is the output's. */
  readonly body?: Schema<unknown, Body>;
  /**
   * Hosts that may be called although their address is private, loopback or link-local; true: any. Default: none, so that an
   * address from a run's input cannot reach what is behind the firewall.
   */
  readonly allowPrivate?: PrivateHosts;
  /** Attempts in all (default 3), the delay before the second (default `"1s"`, doubling). */
  readonly retry?: { readonly attempts: number; readonly delay?: Duration };
  /** Longest answer that is read, since it is recorded. Default 65,536 bytes. */
  readonly maxBytes?: number;
  /** The name that plans and logs know it by. Default `"http"`. */
  readonly type?: string;
}
