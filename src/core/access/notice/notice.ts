export type NoticeKind =
  "grant" | "suspended" | "budget_used_up" | "password_changed" | "passkey_added" | "passkey_removed";

/** What a mail is about, as it was when it happened. */
export interface Notice {
  kind: NoticeKind;
  /** In the words of who registered it. Null: it isn't about an agent. */
  agent: string | null;
  createdAt: Date;
  detail: {
    task_types?: string[];
    data_types?: string[];
    categories?: string[];
    budget_micros?: string;
    spent_micros?: string;
    expires_at?: string;
    reason?: string;
  };
}
