export { authenticateSponsor } from "./authenticate-sponsor.ts";
export { bookCredit, BookCreditOutput } from "../funding/book-credit.ts";
export { createSponsor } from "./create-sponsor.ts";
export { rotateSponsorKey } from "./rotate-key.ts";
export { BookCreditInput, CreateSponsorInput, CreateSponsorOutput, RotateSponsorKeyInput } from "./schema.ts";
