/**
 * Answers: a sponsor's data inbox. Users' answers to tasks are read, judged, exported, and deleted after their
 * retention.
 */
export { VerdictAsker } from "./ask-verdicts.ts";
export { exportAnswers } from "./export-answers.ts";
export { getAnswer } from "./get-answer.ts";
export { acceptAnswer, rejectAnswer } from "./judge-answer.ts";
export { listAnswers } from "./list-answers.ts";
export { purgeExpiredAnswers } from "./purge-expired-answers.ts";
export {
  AcceptAnswerInput,
  AnswerOfCampaign,
  ConfirmDeletionInput,
  ConfirmDeletionOutput,
  ExportAnswersInput,
  ExportFoundAnswersInput,
  GetAnswerInput,
  JudgedAnswer,
  ListAnswersInput,
  ListAnswersOutput,
  ListWithdrawnInput,
  ListWithdrawnOutput,
  RejectAnswerInput,
  SearchAnswersInput,
  SearchAnswersOutput,
} from "./schema.ts";
export { searchAnswers } from "./search-answers.ts";
export { confirmCopiesDeleted, listWithdrawn } from "./withdrawn-answers.ts";
