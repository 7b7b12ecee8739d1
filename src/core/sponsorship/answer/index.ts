/**
 * Answers: a sponsor's data inbox. Users' answers to tasks are read, exported, and deleted after their
 * retention.
 */
export { exportAnswers } from "./export-answers.ts";
export { listAnswers } from "./list-answers.ts";
export { purgeExpiredAnswers } from "./purge-expired-answers.ts";
export { ExportAnswersInput, ListAnswersInput, ListAnswersOutput } from "./schema.ts";
