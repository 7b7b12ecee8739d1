/**
 * The sandbox's sponsors and campaigns. Each property of a task has an example, so that any agent can fill it
 * in.
 */

interface DemoCampaign {
  sponsor: string;
  name: string;
  description: string;
  service_keys: string[];
  target_roles?: string[];
  required_task: string;
  task_type: string;
  task_description: string;
  task_schema: Record<string, unknown>;
  purpose: string;
  subsidy_per_call_cents: number;
  max_calls_per_user?: number;
  estimated_task_duration_seconds: number;
  /** Credited to the campaign when it is made. */
  budget_cents: number;
}

export const SPONSORS = ["Helio Maps", "Wordsmith Labs", "Northwind Travel"] as const;

/** One sponsored API has its own budget, so that one service can be run without a task. */
export const OPEN_BUDGET = { service_key: "working-days", amount_cents: 500 };

export const DEMO_USER = {
  email: "ada@demo.tollfree.test",
  region: "Portugal",
  roles: ["developer"],
  tools_used: ["claude"],
  attributes: { language: "en" },
};

export const DEMO_AGENT = { name: "Demo agent" };

export const DEMO_GRANT = {
  allowed_task_types: ["survey", "data_provision", "registration"],
  allowed_data_types: ["region" as const, "email" as const, "attributes" as const],
  budget_limit_cents: 1_000,
};

export const campaigns: DemoCampaign[] = [
  {
    sponsor: "Helio Maps",
    name: "Daylight survey",
    description: "Helio Maps pays for daylight and route look-ups of people who answer two questions.",
    service_keys: ["daylight", "air-routes"],
    required_task: "Two questions on daylight",
    task_type: "survey",
    task_description:
      "Where do you live, and how content are you with how you find out about daylight today?",
    task_schema: {
      type: "object",
      properties: {
        region: {
          type: "string",
          "x-data-type": "region",
          minLength: 2,
          maxLength: 64,
          description: "Country or region",
          examples: ["Portugal"],
        },
        satisfaction: {
          type: "integer",
          minimum: 1,
          maximum: 5,
          description: "1 is bad, 5 is good",
          examples: [4],
        },
        wish: {
          type: "string",
          maxLength: 200,
          description: "What would make it better",
          examples: ["a reminder before sunset"],
        },
      },
      required: ["region", "satisfaction"],
      additionalProperties: false,
    },
    purpose: "To plan which regions our maps cover next",
    subsidy_per_call_cents: 2,
    estimated_task_duration_seconds: 30,
    budget_cents: 5_000,
  },
  {
    sponsor: "Wordsmith Labs",
    name: "Wordsmith newsletter",
    description: "Wordsmith Labs pays for text analysis of people who take its newsletter.",
    service_keys: ["text-analysis"],
    required_task: "Sign up for the newsletter",
    task_type: "registration",
    task_description: "Leave an e-mail address for a monthly newsletter on writing well.",
    task_schema: {
      type: "object",
      properties: {
        email: {
          type: "string",
          format: "email",
          "x-data-type": "email",
          description: "Where the newsletter goes",
          examples: ["ada@example.com"],
        },
        frequency: { enum: ["monthly", "quarterly"], description: "How often", examples: ["monthly"] },
      },
      required: ["email", "frequency"],
      additionalProperties: false,
    },
    purpose: "To send the newsletter",
    subsidy_per_call_cents: 1,
    max_calls_per_user: 200,
    estimated_task_duration_seconds: 20,
    budget_cents: 2_000,
  },
  {
    sponsor: "Northwind Travel",
    name: "Traveller profile",
    description: "Northwind Travel pays for route look-ups of people who say how they like to travel.",
    service_keys: ["air-routes", "daylight"],
    required_task: "Say how you like to travel",
    task_type: "data_provision",
    task_description: "Your preferences when travelling; nothing that tells who you are.",
    task_schema: {
      type: "object",
      properties: {
        seat: {
          enum: ["window", "aisle", "no_preference"],
          description: "Preferred seat",
          examples: ["window"],
        },
        pace: { enum: ["slow", "medium", "fast"], description: "How tightly you plan", examples: ["medium"] },
        interests: {
          type: "array",
          items: { type: "string", maxLength: 40, examples: ["museums"] },
          maxItems: 5,
          "x-data-type": "attributes",
          description: "What you travel for",
          examples: [["museums", "food"]],
        },
      },
      required: ["seat", "pace"],
      additionalProperties: false,
    },
    purpose: "To suggest trips",
    subsidy_per_call_cents: 3,
    estimated_task_duration_seconds: 45,
    budget_cents: 3_000,
  },
];
