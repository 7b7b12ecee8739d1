/** The part of JSON Schema that `exampleAnswers` reads. */
interface Schema {
  properties?: Record<string, { examples?: unknown[] }>;
  required?: string[];
}

/**
 * Returns answers to a task: the examples in its schema, which the sandbox's tasks have. A real application
 * asks its person, and shows them the task's purpose.
 */
export function exampleAnswers(schema: object): Record<string, unknown> {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.fromEntries(required.map((name) => [name, properties[name]?.examples?.[0]]));
}

/** The person's consent. A real application asks the person for it. */
export const CONSENT = { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false };
