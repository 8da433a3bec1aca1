// Measures the budget that the first argument names, and tells the parent process.
import { BUDGETS } from "./budgets.ts";

const load = BUDGETS[process.argv[2] ?? ""];
if (!load) throw new Error(`there is no budget ${process.argv[2]}`);
const { measure } = await load();
process.send?.(await measure());
process.disconnect();
