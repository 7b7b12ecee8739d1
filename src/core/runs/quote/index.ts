/** Asking an upstream what a call costs. */
export { askQuote } from "./ask-quote.ts";
