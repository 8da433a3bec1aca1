/**
 * See README.md.
 * @packageDocumentation
 */
export {};
