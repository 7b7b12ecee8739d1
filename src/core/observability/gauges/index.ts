export { readVitals, type Vitals } from "./store.ts";
