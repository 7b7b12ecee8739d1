export { readGauges, type Gauges } from "./store.ts";
