export { EVENT_TYPES, OWNER_EVENT_TYPES, payloadOf, SPONSOR_EVENT_TYPES } from "./events.ts";
export type { EventType } from "./events.ts";
