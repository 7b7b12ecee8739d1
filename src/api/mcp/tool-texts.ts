/** What models read of a tool besides its arguments' names and types. */
export interface ToolTexts {
  title: string;
  /** When to call it, and what comes next. */
  description: string;
  /** Of arguments whose name doesn't say it all. Those of an object within are joined by dots. */
  inputs?: Readonly<Record<string, string>>;
  /** Arguments that a model does without. They are taken, and not listed. */
  unlisted?: readonly string[];
  /** Of the full answer a model can use something more. All tools take `detail`; only these list it. */
  listsDetail?: true;
}

/**
 * Shorter than what the OpenAPI document says of the operations: a host puts all tools before its model with every request
 * (docs/llm.md).
 */
export const TOOL_TEXTS: Readonly<Record<string, ToolTexts>> = {
  search_services: {
    title: "Search services",
    description:
      "Start here: services a sponsor pays for, best first. already_completed: run_service, else get_task.",
    inputs: { q: "Keywords", intent: "A sentence", allowed_data_types: "No tasks that need others" },
    // The user's preferences and grant have these already.
    unlisted: ["preferred_task_types", "max_task_duration_seconds", "explain"],
    listsDetail: true,
  },
  get_task: {
    title: "Read a task",
    description: "What the sponsor asks the user for. Then complete_task.",
  },
  complete_task: {
    title: "Complete a task",
    description: "Sends the user's answers to the sponsor, if the user agrees. Then run_service.",
    inputs: {
      task_data: '{"$vault": "<data type>"} stands for a stored value',
      "consent.data_sharing_agreed": "The sponsor may have the answers",
      "consent.purpose_acknowledged": "The user knows what for",
      "consent.contact_permission": "The sponsor may contact the user",
    },
    unlisted: ["dry_run"],
  },
  plan_service: {
    title: "Plan a run",
    description: "Cost, payer and all that run_service would lack. Does nothing.",
    unlisted: ["campaign_id"],
  },
  run_service: {
    title: "Run a service",
    description: "Gets a service's output; a sponsor pays. Its task comes first.",
    inputs: {
      campaign_id: "Who pays. Default: the first that can",
      idempotency_key: "The same key never pays twice",
    },
  },
  get_payment: {
    title: "Get a payment",
    description: "A payment and its output. Poll while pending.",
  },
  get_approval: {
    title: "Get an approval",
    description: "Whether the user has decided. Show them link and code first. If approved, repeat the call.",
  },
  flow_status: {
    title: "See status",
    description: "Budget, ready services, what is pending. When unsure what is next.",
  },
  audit_history: {
    title: "List calls",
    description: "All calls, newest first.",
  },
  usage_record: {
    title: "List payments",
    description: "What sponsors paid for the user, newest first.",
    inputs: { payment_id: "Only this one" },
    listsDetail: true,
  },
  get_preferences: { title: "Get preferences", description: "Tasks that the user likes or avoids." },
  set_preferences: {
    title: "Set preferences",
    description: "When the user says which tasks they like or avoid.",
  },
};
