import type { Event } from "@gennaker/core";
import { frame } from "./frame.ts";
import { fold } from "./line.ts";
import { logLine, sentences } from "./plain.ts";
import type { Scene } from "./scene.ts";
import { sizeOf, Terminal } from "./terminal.ts";

/** Where the viewer looks. */
export interface Display {
  /** Something may look different now: an event came, or only time has passed. */
  show(scene: Scene, event?: Event): void;
  /** Something happened beside the rollout. */
  note(scene: Scene, text: string): void;
  /** More than fits into a line, to stay where it is. */
  tell(scene: Scene, lines: readonly string[]): void;
  /** The rollout is over: the last look, and what to say of it. */
  end(scene: Scene, words: readonly string[]): void;
  /** It broke off. */
  abandon(): void;
}

/** Redraws in place. */
export function liveDisplay(out: NodeJS.WriteStream): Display {
  const terminal = new Terminal(out);
  return {
    show: (scene) => terminal.draw(frame(scene)),
    // The frame shows it.
    note: (scene) => terminal.draw(frame(scene)),
    tell(scene, lines) {
      terminal.writeAbove(lines);
      terminal.draw(frame(scene));
    },
    end(scene, words) {
      terminal.draw(frame(scene));
      terminal.release();
      const { columns } = sizeOf(out);
      out.write(`${words.flatMap((text) => fold(text, " · ", columns)).join("\n")}\n`);
    },
    abandon: () => terminal.release(),
  };
}

/** One line for each change, with the time since the demo began. */
export function plainDisplay(out: NodeJS.WriteStream, beganAt: number): Display {
  const say = (scene: Scene, text: string): void => void out.write(`${logLine(scene.now - beganAt, text)}\n`);
  let repeated = "";
  return {
    show(scene, event) {
      for (const text of event ? sentences(event, scene) : []) {
        if (text !== repeated) say(scene, text);
        repeated = text;
      }
    },
    note: say,
    tell: (_, lines) => void out.write(`${lines.join("\n")}\n`),
    end: (_, words) => void out.write(`${words.join("\n")}\n`),
    abandon: () => {},
  };
}
