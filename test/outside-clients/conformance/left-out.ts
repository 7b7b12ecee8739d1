/** All that is left out of the conformance suite, and why. What stands here and isn't in the suite fails a test. */

const AFFINITY =
  "it wants a request from the server to the host, in 2025 over a stream that only one replica has; no such request is ever sent";
const TASKS = "the tasks extension, which isn't offered: a payment is polled with get_payment";
const SKILLS = "the skills extension, which isn't offered";
const UNTESTABLE = "it calls a tool of the suite's own, which our tools aren't";
const NO_LIST_CHANGES = "the list of tools never changes while a server runs, so it is not announced";

/** Scenarios that aren't run, by name. */
export const LEFT_OUT_SCENARIOS: Record<string, string> = {
  "tools-call-sampling": AFFINITY,
  "tools-call-elicitation": AFFINITY,
  "elicitation-sep1034-defaults": AFFINITY,
  "elicitation-sep1330-enums": AFFINITY,
  "tasks-lifecycle": TASKS,
  "tasks-capability-negotiation": TASKS,
  "tasks-wire-fields": TASKS,
  "tasks-request-state-removal": TASKS,
  "tasks-mrtr-input": TASKS,
  "tasks-request-headers": TASKS,
  "tasks-dispatch-and-envelope": TASKS,
  "tasks-status-notifications": TASKS,
  "tasks-required-task-error": TASKS,
  "tasks-mrtr-composition": TASKS,
  "sep-2640-skills-directory": SKILLS,
  "sep-2640-skills-enumeration": SKILLS,
  "sep-2640-skills-manifest": SKILLS,
};

/** Checks of scenarios that are run, by id. */
export const LEFT_OUT_CHECKS: Record<string, string> = {
  "sep-2575-server-sends-tools-list-changed-on-subscription": NO_LIST_CHANGES,
  "sep-2575-server-sends-prompts-list-changed-on-subscription": NO_LIST_CHANGES,
  "server-sse-priming-event":
    "recommended, for streams that can be resumed; ours can't: the call is repeated",
  "server-sse-retry-field": "as above",
};

/** The same for scenarios that are run against our own tools. */
export const LEFT_OUT_CHECKS_OF_OUR_TOOLS: Record<string, string> = {
  ...LEFT_OUT_CHECKS,
  "sep-2575-server-rejects-undeclared-capability": UNTESTABLE,
  "sep-2575-missing-capability-http-400": UNTESTABLE,
  "sep-2575-http-server-no-independent-requests-on-stream": UNTESTABLE,
  "sep-2575-server-no-log-without-loglevel": UNTESTABLE,
  "server-session-delete-accepted":
    "there are no sessions to end: DELETE answers 405, which the protocol allows",
  "server-session-terminated-returns-404": "as above",
};
