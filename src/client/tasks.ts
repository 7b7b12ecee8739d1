import type { Consent, DataType, Task, TaskData } from "./types.ts";

/** A task to be completed before its sponsor pays. Answers and consent are the person's. */
export interface TaskRequest {
  /** The service that is waiting for it. */
  service: string;
  /** All of it: sponsor, description, required and optional fields. */
  task: Task;
  /** JSON Schema (2020-12) of the answers. */
  schema: Task["task_input_schema"];
  /** What the sponsor uses the answers for: show it with the question of consent. */
  purpose: string;
  /** Personal data that the answers can hold. */
  dataTypes: DataType[];
  /** The run's, if it has one: aborted when nobody waits for the answers any more. */
  signal: AbortSignal | undefined;
}

export interface TaskAnswer {
  taskData: TaskData;
  /** The person's act for this sponsor; without it, personal data goes nowhere. */
  consent: Consent;
}

/** Gets a person's answers; undefined where they'd rather not. */
export type OnTask = (request: TaskRequest) => Promise<TaskAnswer | undefined> | TaskAnswer | undefined;
