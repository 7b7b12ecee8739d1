export { SearchInput, SearchOutput, ServiceView } from "./schema.ts";
export { listAvailableCategories, listReadyServices, searchServices } from "./search-services.ts";
