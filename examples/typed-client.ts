/**
 * Uses the typed client. While `npm start` runs:
 *
 *   node --import tsx examples/typed-client.ts
 */
import { connect, TollfreeError } from "tollfree/client";
import { CONSENT, exampleAnswers } from "./answers.ts";
import { LISBON, readArguments } from "./arguments.ts";

const agent = await connect({
  ...(await readArguments()),
  hooks: {
    onApproval({ approvalUrl, userCode }) {
      console.log(`Please open ${approvalUrl} and enter ${userCode}.`);
    },
    onTask({ task, schema, purpose }) {
      console.log(`${task.sponsor} asks: ${task.task_description} (${purpose})`);
      return { taskData: exampleAnswers(schema), consent: CONSENT };
    },
  },
});

try {
  const { output, payment, metadata } = await agent.run("daylight", LISBON, { maxCostCents: 5 });
  console.log(output);
  console.log(`${payment.amount_cents} cents, ${payment.status}, paid by ${payment.sponsored_by}`);
  console.log(`${metadata.budget_remaining_cents} cents of the budget are left`);
} catch (error) {
  if (!(error instanceof TollfreeError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
