/** Tasks: what a campaign asks for, and accepting the answers. */
export { answerOwnTask, readOwnTask } from "./own-task.ts";
export { completeTask } from "./complete-task.ts";
export { getTask } from "./get-task.ts";
export { previewTask } from "./preview-task.ts";
export { decryptAnswers, encryptAnswers } from "./rules.ts";
export {
  AnswerOwnTaskInput,
  AnswerOwnTaskOutput,
  CompleteTaskInput,
  CompleteTaskOutput,
  GetTaskInput,
  GetTaskOutput,
  OwnTaskOutput,
} from "./schema.ts";
export { takeVerdictsDue } from "./ask-store.ts";
export { acceptCompletion, confirmDeletion, rejectCompletion } from "./verdict-store.ts";
export { eraseExpiredAnswers } from "./store.ts";
export { exportCompletions } from "./export-store.ts";
export { eraseAnswersOfUser } from "./erase-store.ts";
