/** Answers made for models: without what no next step needs. All transports come by here, so no operation has to think of it. */
export { conciseAnswer, conciseRefusal } from "./concise-answer.ts";
export { askedDetail, Detail, readDetail } from "./detail.ts";
