export { decideOwnQuestion, listOwnQuestions, readOwnQuestion } from "./own-questions.ts";
export { ListOwnQuestionsOutput, OwnApprovalPage } from "./schema.ts";
