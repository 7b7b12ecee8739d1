export { askQuote } from "./ask-quote.ts";
