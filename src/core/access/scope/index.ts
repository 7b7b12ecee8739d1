/** Rules for scopes. Scopes are three lists: task types, data types and categories. Nothing is stored here. */
export {
  fromWire,
  isEmpty,
  isWithinRequest,
  lackingFrom,
  missingFrom,
  narrow,
  resolveEverything,
  toWire,
  widened,
  type WireRequestedScopes,
} from "./rules.ts";
