/**
 * The pure machines, for test kits and tools that draw or explore them.
 * @packageDocumentation
 */
export type {} from "./machine/events.ts";
