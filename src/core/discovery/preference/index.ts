/** Which task types a user prefers or avoids. */
export { getPreferences, setPreferences } from "./preferences.ts";
export { PreferencesOutput, SetPreferencesInput } from "./schema.ts";
export { listPreferences } from "./store.ts";
export { erasePreferencesOfUser } from "./erase-store.ts";
