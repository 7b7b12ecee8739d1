/** Values that several examples of the OpenAPI document use. */
export const USER_ID = "9d1f0a5c-2f0e-4c39-b9b5-7a2b8c7d1e20";
export const AGENT_ID = "0c6f3a52-8c5e-4a44-9f3d-0b6f8f2f6f10";
export const SESSION_ID = "1f6d5a0e-7a51-4a39-9a0e-2f4f5d0b8c11";
export const CAMPAIGN_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
export const PAYMENT_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
export const WEBHOOK_ID = "2b9f6c1d-5e0a-4d3b-8f7a-6c5d4e3f2a1b";
export const SCOPES = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["region"],
  allowed_categories: ["weather"],
};
export const ANSWER_ID = "b1d9a5c3-37c0-4b3e-a0d5-0a5f5a5c7d21";
