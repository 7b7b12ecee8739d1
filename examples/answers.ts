/** The part of JSON Schema that this looks at. */
interface Schema {
  properties?: Record<string, { examples?: unknown[] }>;
  required?: string[];
}

/**
 * Answers to a task. An application would ask its person, and show them the purpose with it; the sandbox's tasks
 * come with examples, which do here.
 */
export function exampleAnswers(schema: object): Record<string, unknown> {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.fromEntries(required.map((name) => [name, properties[name]?.examples?.[0]]));
}

/** What the person agrees to when they answer. */
export const CONSENT = { data_sharing_agreed: true, purpose_acknowledged: true, contact_permission: false };
