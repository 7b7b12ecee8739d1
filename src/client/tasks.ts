import type { Consent, DataType, Task, TaskData } from "./types.ts";

/** A task that must be completed before its sponsor pays. The person gives answers and consent. */
export interface TaskRequest {
  /** The `service_key` of the service that the task pays for. */
  service: string;
  /** The whole task: sponsor, description, required and optional fields. */
  task: Task;
  /** JSON Schema (2020-12) of the answers. */
  schema: Task["task_input_schema"];
  /** What the sponsor uses the answers for. Show it when you ask for consent. Null in quiet mode: `task.task_url` leads to it. */
  purpose: string | null;
  /** The types of personal data that the answers can hold. */
  dataTypes: DataType[];
  /** The signal of the run, if it has one. After it aborts, the answers are no longer used. */
  signal: AbortSignal | undefined;
}

export interface TaskAnswer {
  taskData: TaskData;
  /** The person's consent for this sponsor. Without it, no personal data is sent. */
  consent: Consent;
}

/** Gets the person's answers. Returns undefined if the person doesn't want to do the task. */
export type OnTask = (request: TaskRequest) => Promise<TaskAnswer | undefined> | TaskAnswer | undefined;
