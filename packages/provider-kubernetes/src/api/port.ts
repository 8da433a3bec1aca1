/** One request to the API server. Everything that the provider does goes through this. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query: `/api/v1/namespaces/shop/pods?labelSelector=a%3Db`. */
  readonly path: string;
  readonly body?: string;
  /** Of the body. */
  readonly contentType?: string;
  readonly signal: AbortSignal;
}

/** What came back: the body is read once, either as text or line by line while it comes. */
export interface ApiResponse {
  readonly status: number;
  /** A header, whatever its case. */
  header(name: string): string | undefined;
  /** The whole body. */
  text(): Promise<string>;
  /** The body line by line, as it comes; rejects when the connection breaks. */
  lines(): AsyncIterable<string>;
}

/**
 * A connection to one API server, with credentials. Answers of any status resolve; only a broken connection rejects.
 * Pass your own to `kubernetes({ api })` to put something in between.
 */
export interface KubernetesApi {
  /** Sends one request; ends it when its signal aborts. */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}
