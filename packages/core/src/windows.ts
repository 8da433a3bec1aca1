/**
 * When stages may begin: windows of time in a time zone, recurrences of RFC 5545, freezes.
 * @packageDocumentation
 */
export { windows } from "./windows/windows.ts";
export type {
  DateWindow,
  RecurringWindow,
  WallTime,
  Weekday,
  WeeklyWindow,
  Window,
  WindowsOptions,
} from "./windows/window.ts";
