import { z } from "zod";

/** The variables of mail: both, or none. */
export const MailVariables = {
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.email().optional(),
};

export interface MailSettings {
  smtpUrl: string;
  from: string;
}

/** Undefined where mail isn't set up. */
export const readMail = ({
  SMTP_URL: smtpUrl,
  MAIL_FROM: from,
}: {
  SMTP_URL?: string | undefined;
  MAIL_FROM?: string | undefined;
}): MailSettings | undefined => (smtpUrl === undefined || from === undefined ? undefined : { smtpUrl, from });

/** One without the other sends nothing. */
export function checkMail(given: Partial<Record<string, string>>): string[] {
  const names = ["SMTP_URL", "MAIL_FROM"];
  const missing = names.filter((name) => given[name] === undefined);
  return missing.length === 1
    ? missing.map((name) => `${name}: is required with ${names.filter((other) => other !== name).join("")}`)
    : [];
}
