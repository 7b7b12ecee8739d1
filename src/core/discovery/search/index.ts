/** Search: the services that a session could use, best first. */
export { SearchInput, SearchOutput, ServiceView } from "./schema.ts";
export { listAvailableCategories, listReadyServices, searchServices } from "./search-services.ts";
