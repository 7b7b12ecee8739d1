/** Search: the services that a session could use, best first. */
export { catalogueChoices } from "./catalogue-choices.ts";
export { previewSearch } from "./preview-search.ts";
export { PreviewSearchInput, PreviewSearchOutput, SearchInput, SearchOutput, ServiceView } from "./schema.ts";
export { listAvailableCategories, listReadyServices, searchServices } from "./search-services.ts";
