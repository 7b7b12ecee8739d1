/**
 * The typed client of Tollfree for agents in TypeScript. Runs in Node, in browsers, and in any runtime with
 * `fetch`.
 * @module
 */
/** The router's type, for tRPC's own client and its `inferRouterInputs` and `inferRouterOutputs`. */
export type { AppRouter } from "../api/router.ts";
export type { ApprovalRequest, OnApproval } from "./approvals.ts";
export type { Agent } from "./agent.ts";
export {
  connect,
  type ConnectOptions,
  createApi,
  type Hooks,
  resume,
  type ResumeOptions,
} from "./connect.ts";
export type { DirectResult, PaidFetch } from "./direct.ts";
export { type ErrorCode, type ErrorDetails, TollfreeError, type TollfreeErrorCode } from "./errors.ts";
export type { Followed } from "./follow.ts";
export type { TollfreeApi } from "./procedures.ts";
export type { OnProgress, ProgressEvent } from "./progress.ts";
export type { RetryPolicy } from "./retry.ts";
export type { RunOptions, RunResult } from "./run.ts";
export type { SavedSession } from "./session.ts";
export type { OnTask, TaskAnswer, TaskRequest } from "./tasks.ts";
export { type ServiceTool, type ToolCallOptions, tools, toOpenAiTool } from "./tools.ts";
export type { TransportOptions } from "./transport.ts";
export type {
  Approval,
  Consent,
  DataType,
  ExecutionMetadata,
  FieldError,
  FlowStatus,
  NextAction,
  Payment,
  PaymentState,
  Plan,
  RequestedScopes,
  Scopes,
  SearchFilters,
  SearchResult,
  Service,
  ServiceInput,
  Task,
  TaskData,
} from "./types.ts";
