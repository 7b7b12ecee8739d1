export { authenticateSponsor } from "./authenticate-sponsor.ts";
export { bookCredit, BookCreditOutput } from "./book-credit.ts";
export { createSponsor } from "./create-sponsor.ts";
export { BookCreditInput, CreateSponsorInput, CreateSponsorOutput } from "./schema.ts";
