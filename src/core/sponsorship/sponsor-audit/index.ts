/** What members and keys did for a sponsor, for its members to read. */
export { listSponsorEntries, writeEntry } from "./entries.ts";
export { ListEntriesInput, ListEntriesOutput } from "./schema.ts";
export { exportSponsorCalls } from "./store.ts";
