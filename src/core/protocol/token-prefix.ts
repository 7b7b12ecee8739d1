/** What each kind of credential starts with. People and secret scanners recognise a credential by this prefix. */
export const TOKEN_PREFIX = {
  agent_key: "tf_ak_",
  agent_session: "tf_as_",
  gpt_session: "tf_gs_",
  sponsor_key: "tf_sk_",
  sponsor_invitation: "tf_si_",
  oauth_access: "tf_oa_",
  oauth_refresh: "tf_or_",
  oauth_client_secret: "tf_oc_",
} as const;

export type TokenKind = keyof typeof TOKEN_PREFIX;

/** What all of them start with. */
export const ANY_TOKEN_PREFIX = "tf_";

const KINDS = Object.keys(TOKEN_PREFIX) as TokenKind[];

/** The kind of credential that a text's prefix names, if any. Says nothing about whether it is valid. */
export const tokenKindOf = (text: string): TokenKind | undefined =>
  KINDS.find((kind) => text.startsWith(TOKEN_PREFIX[kind]));
