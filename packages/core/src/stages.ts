/**
 * Types of stages that reach out of this process: calls over HTTP, programs on this machine.
 * @packageDocumentation
 */
export type { PrivateHosts } from "./stages/http/address.ts";
export { http, httpStage } from "./stages/http/http.ts";
export type { HttpInput, HttpOutput, HttpStageOptions } from "./stages/http/http-input.ts";
export { script, scriptStage, type ScriptStageOptions } from "./stages/script/script.ts";
export type { ScriptInput, ScriptOutput } from "./stages/script/script-input.ts";
