// The floor of an import.
export const nothing = undefined;
