/** Search: the services that a session could use, best first. */
export { previewSearch } from "./preview-search.ts";
export { PreviewSearchInput, PreviewSearchOutput, SearchInput, SearchOutput, ServiceView } from "./schema.ts";
export { listAvailableCategories, listReadyServices, searchServices } from "./search-services.ts";
