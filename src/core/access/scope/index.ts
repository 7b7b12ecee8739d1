/** Rules of scopes: three sets (task types, data types, categories) that only ever narrow. Nothing is stored here. */
export {
  fromWire,
  isWithinRequest,
  missingFrom,
  narrow,
  resolveEverything,
  toWire,
  widened,
  type WireRequestedScopes,
} from "./rules.ts";
