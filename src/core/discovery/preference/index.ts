export { getPreferences, setPreferences } from "./preferences.ts";
export { PreferencesOutput, SetPreferencesInput } from "./schema.ts";
