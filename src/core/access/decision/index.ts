/** What the user decides on an approval: carried out on the grant and the session that it is about. */
export type { SetLimit } from "./carry-out.ts";
export { decideApproval } from "./decide-approval.ts";
export { decideQuestion } from "./decide-question.ts";
export { enterCode } from "./enter-code.ts";
export { listQuestions, readQuestion } from "./read-question.ts";
export {
  approvalPageOf,
  DecideApprovalInput,
  DecideApprovalOutput,
  DecideQuestionInput,
  EnterCodeInput,
  Question,
  ReadQuestionInput,
} from "./schema.ts";
