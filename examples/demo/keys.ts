/** What a viewer can ask for. */
export type Wish = "abort" | "pause" | "promote" | "stop";

const KEYS: Readonly<Record<string, Wish>> = {
  a: "abort",
  p: "pause",
  n: "promote",
  // In raw mode Ctrl-C is a character.
  "\u0003": "stop",
};

/** Listens to single keys of a terminal; returns how to stop that. */
export function listenToKeys(input: NodeJS.ReadStream, wished: (wish: Wish) => void): () => void {
  if (!input.isTTY) return () => {};
  const heard = (text: string): void => {
    for (const key of text) {
      const wish = KEYS[key.toLowerCase()];
      if (wish) wished(wish);
    }
  };
  input.setRawMode(true).setEncoding("utf8").on("data", heard).resume();
  return () => {
    input.off("data", heard).pause().setRawMode(false);
  };
}
