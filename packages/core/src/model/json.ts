/** Anything that JSON can carry. What is recorded in the log is of this type. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
