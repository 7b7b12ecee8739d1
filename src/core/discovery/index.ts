export { SearchInput, SearchOutput, ServiceView } from "./schema.ts";
export { listReadyServices, searchServices } from "./search-services.ts";
