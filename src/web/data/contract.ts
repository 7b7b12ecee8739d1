import type {
  TRPCBuiltRouter,
  TRPCDecorateCreateRouterOptions,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
} from "@trpc/server";
import type { TRPC_ERROR_CODE_NUMBER } from "@trpc/server";
import type { ErrorCode } from "./error-code.ts";

/** The procedures that the console calls. */
interface Success<Data> {
  status: "success";
  data: Data;
  next_actions: never[];
}
type Query<Input, Data> = TRPCQueryProcedure<{ input: Input; output: Success<Data>; meta: unknown }>;
type Mutation<Input, Data> = TRPCMutationProcedure<{ input: Input; output: Success<Data>; meta: unknown }>;

type DataType =
  | "email"
  | "phone"
  | "name"
  | "address"
  | "region"
  | "birthdate"
  | "ip_address"
  | "wallet"
  | "identifier"
  | "attributes";

type Outcome = "ok" | ErrorCode;

interface Scopes {
  allowed_task_types: string[];
  allowed_data_types: DataType[];
  allowed_categories: string[];
}

interface Question {
  approval_id: string;
  kind: "grant" | "data" | "budget" | "gpt_sign_in";
  asked_at: string;
  expires_at: string;
  agent: { name: string };
  asked_from: { address: string | null };
  asks: {
    task_types: { name: string; held: boolean }[];
    data_types: { type: DataType; held: boolean; value: string | null }[];
    categories: { name: string; held: boolean }[];
    budget_limit_cents: number | null;
    expires_in_seconds: number | null;
  };
  present: { scopes: Scopes; budget_limit_cents: number; spent_cents: number; expires_at: string } | null;
  service: { service_key: string; name: string; sponsor: string } | null;
  campaign: { name: string; purpose: string; sponsor: string; retention_days: number } | null;
}

type ApprovalPage =
  | { state: "code_needed"; approval_id: string; tries_left: number; expires_at: string }
  | { state: "open"; question: Question }
  | {
      state: "decided";
      status: "approved" | "denied";
      question: Question;
      granted: { scopes: Scopes; budget_limit_cents: number; expires_at: string } | null;
    }
  | { state: "ended" };

interface AgentRow {
  grant_id: string;
  agent: { name: string };
  state: "active" | "suspended" | "stopped" | "expired";
  suspended_reason: string | null;
  undo_until: string | null;
  scopes: Scopes;
  budget: { limit_cents: number; spent_cents: number; reserved_cents: number; remaining_cents: number };
  expires_at: string;
  allowed_at: string;
  last_call: {
    at: string;
    operation: string;
    service_or_campaign: string | null;
    outcome: Outcome;
  } | null;
  calls_last_hour: number;
}

interface PaymentRow {
  payment_id: string;
  at: string;
  service_key: string;
  agent: { name: string } | null;
  sponsor: string;
  campaign: string | null;
  amount_cents: number;
  status: "pending" | "settled" | "expired" | "void" | "free";
  waits_until: string | null;
  delivered: boolean;
  tx_hash: string | null;
  network: string;
}

interface CallRow {
  at: string;
  agent: { name: string } | null;
  operation: string;
  outcome: Outcome;
  service_key: string | null;
}

interface Decision {
  approval_id: string;
  decision: "approve" | "deny";
  scopes?: Scopes | undefined;
  budget_limit_cents?: number | undefined;
  expires_at?: string | undefined;
}

interface Procedures {
  user: {
    session: {
      me: Query<
        undefined,
        {
          person: { email: string; user_id: string } | null;
          can_sign_up: boolean;
          is_sandbox: boolean;
        }
      >;
    };
    approvals: {
      get: Query<{ approval_id: string }, ApprovalPage>;
      list: Query<undefined, { questions: Question[] }>;
      enter_code: Mutation<{ approval_id: string; code: string }, ApprovalPage>;
      decide: Mutation<Decision, ApprovalPage>;
    };
    agents: {
      list: Query<undefined, { agents: AgentRow[] }>;
      stop: Mutation<{ grant_id: string }, { undo_until: string }>;
      undo_stop: Mutation<{ grant_id: string }, { grant_id: string }>;
      stop_all: Mutation<undefined, { grant_ids: string[]; undo_until: string }>;
      resume: Mutation<{ grant_id: string }, { grant_id: string }>;
    };
    payments: {
      list: Query<
        { cursor?: string | undefined; limit?: number | undefined },
        { payments: PaymentRow[]; next_cursor: string | null }
      >;
    };
    activity: {
      list: Query<
        { cursor?: string | undefined; limit?: number | undefined; grant_id?: string | undefined },
        { calls: CallRow[]; next_cursor: string | null }
      >;
    };
  };
}

interface Root {
  ctx: object;
  meta: object;
  errorShape: {
    code: TRPC_ERROR_CODE_NUMBER;
    message: string;
    data: {
      error_code: ErrorCode;
      message: string;
      field_errors?: { path: string; message: string }[];
      retry_after_seconds?: number;
    };
  };
  transformer: false;
}

export type ConsoleRouter = TRPCBuiltRouter<
  Root,
  TRPCDecorateCreateRouterOptions<Procedures & Record<string, never>>
>;
