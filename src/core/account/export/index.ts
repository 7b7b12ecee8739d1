/** All that is stored of a person, as one file. */
export { exportAccount } from "./export-account.ts";
export { EXPORT_PARTS } from "./parts.ts";
