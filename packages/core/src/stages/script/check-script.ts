import { checkDuration } from "../wait.ts";
import type { ScriptInput } from "./script-input.ts";

/** Everything that is wrong with what a `script` stage is to run. */
export function checkScript(input: ScriptInput): readonly string[] {
  const { command, cwd, stdin, env = {}, timeout, memoryMb, cpuSeconds, parse } = input;
  const good =
    Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === "string");
  return [
    ...(good ? [] : ['command: must be a program and its arguments (write ["./migrate", "--all"])']),
    ...checkText("cwd", cwd),
    ...checkText("stdin", stdin),
    ...Object.entries(env).flatMap(([name, value]) =>
      typeof value === "string" ? [] : [`env: ${name} must be a text`],
    ),
    ...(timeout === undefined ? [] : checkDuration("timeout", timeout)),
    ...checkAmount("memoryMb", memoryMb),
    ...checkAmount("cpuSeconds", cpuSeconds),
    ...(parse === undefined || parse === "text" || parse === "json"
      ? []
      : [`parse: ${JSON.stringify(parse)} is unknown (write "text" or "json")`]),
  ];
}

function checkText(field: string, text: unknown): readonly string[] {
  return text === undefined || typeof text === "string" ? [] : [`${field}: must be a text`];
}

function checkAmount(field: string, amount: number | undefined): readonly string[] {
  return amount === undefined || (Number.isInteger(amount) && amount > 0)
    ? []
    : [`${field}: ${amount} is not a whole number above 0`];
}
