export { completeTask } from "./complete-task.ts";
export { getTask } from "./get-task.ts";
export { CompleteTaskInput, CompleteTaskOutput, GetTaskInput, GetTaskOutput } from "./schema.ts";
