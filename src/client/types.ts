import type { AppRouter } from "../api/router.ts";

/**
 * The types of the API, derived from the router. Objects of the API keep the API's field names
 * (`payment_id`). Objects of this client use camel case.
 */

/** The router's own record of its procedures. */
export type Procedures = AppRouter["_def"]["record"];

/** The input and the answer of a procedure, as its type says. */
export interface ProcedureTypes<Type extends string, Input, Answer> {
  _def: { type: Type; $types: { input: Input; output: Answer } };
}

type AgentProcedures = Procedures["agent"];
type Inputs = {
  [Name in keyof AgentProcedures]: AgentProcedures[Name] extends ProcedureTypes<string, infer Input, unknown>
    ? Input
    : never;
};
/** The `data` in a procedure's envelope. */
type Data<Name extends keyof AgentProcedures> =
  AgentProcedures[Name] extends ProcedureTypes<string, unknown, { data: infer Answer }> ? Answer : never;

/** The body of an error response. `error_code` is the discriminator. */
export type ErrorBody = AppRouter["_def"]["_config"]["$types"]["errorShape"]["data"];
export type FieldError = NonNullable<ErrorBody["field_errors"]>[number];
export type NextAction = ErrorBody["next_actions"][number];

export type SessionRequest = Inputs["auth"];
export type OpenedSession = Data<"auth">;
/** What a session may do. `["*"]` means all that the person's grant allows. */
export type RequestedScopes = SessionRequest["scopes"];
export type Scopes = OpenedSession["scopes"];
export type DataType = Scopes["allowed_data_types"][number];

export type Approval = Data<"getApproval">;
export type SearchFilters = NonNullable<Inputs["searchServices"]>;
export type SearchResult = Data<"searchServices">;
export type Service = SearchResult["services"][number];
export type Plan = Data<"planService">;
export type Task = Data<"getTask">;
export type TaskData = Inputs["completeTask"]["task_data"];
export type Consent = Inputs["completeTask"]["consent"];
export type RunRequest = Inputs["runService"];
export type RunAnswer = Data<"runService">;
export type ServiceInput = NonNullable<RunRequest["input"]>;
export type Payment = RunAnswer["payment"];
export type ExecutionMetadata = RunAnswer["execution_metadata"];
export type PaymentState = Data<"getPayment">;
export type FlowStatus = Data<"flowStatus">;
