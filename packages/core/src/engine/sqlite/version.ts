import manifest from "../../../package.json" with { type: "json" };

/** The version of this package: recorded in a log, so that an older one can say what it meets. */
export const VERSION: string = manifest.version;
