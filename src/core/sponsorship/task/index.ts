/** Tasks: what a campaign asks for, and accepting the answers. */
export { completeTask } from "./complete-task.ts";
export { getTask } from "./get-task.ts";
export { decryptAnswers, encryptAnswers } from "./rules.ts";
export { CompleteTaskInput, CompleteTaskOutput, GetTaskInput, GetTaskOutput } from "./schema.ts";
export { eraseExpiredAnswers } from "./store.ts";
export { exportCompletions } from "./export-store.ts";
export { eraseAnswersOfUser } from "./erase-store.ts";
